"""Real nodes and a real watchdog: the distribution of the time to the alarm, fault by fault."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from tests.proof.figures import Figure
from tests.proof.watchdog.injection import FAULTS, noticed, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form

REACH_S: Final = 2.0


def prove(form: Form) -> Iterator[Figure]:
    """Inject each fault many times, at random instants, and measure until the alarm."""
    draw = random.Random(form.seed)  # noqa: S311 - instants, not secrets
    rounds = form.count(2, 50)
    times: dict[str, list[float]] = {name: [] for name in FAULTS}
    missed = wrong = 0
    for n in range(rounds):
        for name in FAULTS:
            with start(form.folder / f"{name}_{n}", FAULTS[name]) as pair:
                found = noticed(pair, FAULTS[name], delay_s=draw.uniform(0.3, 0.8))
            if found is None:
                missed += 1
                continue
            times[name].append(found.after_s)
            wrong += not found.names_what_is_open
        form.progress(f"round {n + 1} of {rounds}: {missed} missed, {wrong} with a wrong position")
    for name, found_s in times.items():
        yield _figure(name, sorted(found_s), rounds)
    total = rounds * len(FAULTS)
    yield Figure(
        id="D02",
        what="alarms that named position, order, quantities and prices as the strategy had them",
        value=f"{total - missed - wrong} of {total}",
        reach="all",
        is_met=not missed and not wrong,
    )


def _figure(name: str, found_s: list[float], rounds: int) -> Figure:
    if found_s:
        middle, most = found_s[len(found_s) // 2], found_s[-1]
        value = f"median {middle:.2f} s, longest {most:.2f} s, {len(found_s)} of {rounds} noticed"
    else:
        most, value = REACH_S, f"0 of {rounds} noticed"
    return Figure(
        id=FAULTS[name].fault_id,
        what=f"from {FAULTS[name].what} to the alarm",
        value=value,
        reach=f"all within {REACH_S:g} s",
        is_met=len(found_s) == rounds and most < REACH_S,
    )
