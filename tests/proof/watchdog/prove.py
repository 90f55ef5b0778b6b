"""Real nodes and a real watchdog: the distribution of the time to the alarm, fault by fault."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from tests.proof.figures import Figure
from tests.proof.watchdog.injection import FAULTS, noticed, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form
    from tests.proof.watchdog.injection import Noticed

REACH_S: Final = 2.0
EACH: Final = 10
"""Stops and hangs of one node, which goes on after each."""


def prove(form: Form) -> Iterator[Figure]:
    """Inject each fault many times, at random instants, and measure until the alarm."""
    count = form.count(3, 100)
    with ThreadPoolExecutor(len(FAULTS)) as pool:
        running = {name: pool.submit(_inject, form, name, count) for name in FAULTS}
        results = {name: future.result() for name, future in running.items()}
    for name, found in results.items():
        yield _figure(name, sorted(one.after_s for one in found), count)
    alarms = [one for found in results.values() for one in found]
    right = sum(one.names_what_is_open for one in alarms)
    for one in alarms:
        if not one.names_what_is_open:
            form.progress(f"does not name it: {one.text}")
    total = count * len(FAULTS)
    yield Figure(
        id="D02",
        what="alarms that named the position, the resting order and their quantities",
        value=f"{right} of {total}",
        reach="all",
        is_met=right == total,
    )


def _inject(form: Form, name: str, count: int) -> list[Noticed]:
    """Inject a fault so many times, and return what was noticed of it."""
    fault = FAULTS[name]
    draw = random.Random(f"{form.seed} {name}")  # noqa: S311 - instants, not secrets
    found: list[Noticed] = []
    tried = 0
    while tried < count:
        times = min(EACH if fault.is_repeated else 1, count - tried)
        with start(form.folder / f"{name}_{tried}", fault) as pair:
            for _ in range(times):
                tried += 1
                one = noticed(pair, fault, delay_s=draw.uniform(0.3, 0.8))
                if one is None:
                    break
                found.append(one)
        form.progress(f"{fault.what}: {len(found)} of {tried} noticed")
    return found


def _figure(name: str, found_s: list[float], count: int) -> Figure:
    if found_s:
        middle, late, most = (
            found_s[len(found_s) // 2],
            found_s[len(found_s) * 9 // 10],
            found_s[-1],
        )
        value = (
            f"p50 {middle:.2f} s, p90 {late:.2f} s, longest {most:.2f} s, "
            f"{len(found_s)} of {count} noticed"
        )
    else:
        most, value = REACH_S, f"0 of {count} noticed"
    return Figure(
        id=FAULTS[name].fault_id,
        what=f"from {FAULTS[name].what} to the alarm",
        value=value,
        reach=f"all within {REACH_S:g} s",
        is_time=len(found_s) == count,
        is_met=len(found_s) == count and most < REACH_S,
    )
