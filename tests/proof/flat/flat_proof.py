"""R9: stop signals with an open position and resting orders leave nothing open, every time."""

from __future__ import annotations

import random
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adapters.process.stop_signals import COPY_S
from tests.proof.figures import Figure
from tests.support.nodes.node_process import node
from tests.support.nodes.signal_senders import UV_RUN, node_group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form

STRATEGY: Final = ("--strategy", "tests.proof.flat.churner:Churner")
CHURNING: Final = "CHURNING"
INSTANTS_S: Final = 1.5
"""Signals come within this time from the 30th record on."""
COPIES_S: Final = 0.9
"""A second signal comes within this time, as a copy of the first."""
WAYS: Final = ("once", "twice", "mixed", "spin", "group")
LIMIT_S: Final = 5.0
AT_ONCE: Final = 4


@dataclass(frozen=True)
class Stop:
    """One node that was stopped."""

    way: str
    name: str
    code: int
    seconds: float
    output: str

    @property
    def is_flat(self) -> bool:
        """Whether it ended as asked and left nothing open, and had something to close."""
        traded = re.search(r"\(([\d,]+) buys, ([\d,]+) sells\)", self.output)
        return self.code == 0 and "left open nothing" in self.output and bool(traded)


def prove(form: Form) -> Iterator[Figure]:
    """Stop many nodes, each in a way and at an instant drawn from the seed."""
    draw = random.Random(form.seed)  # noqa: S311 - not for secrets
    n = form.count(8, 200)
    plans = [
        (WAYS[i % len(WAYS)], draw.choice((signal.SIGTERM, signal.SIGINT)), draw.random())
        for i in range(n)
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        stops = list(pool.map(lambda plan: stop(*plan), plans))
    for one in stops:
        if not one.is_flat:
            form.progress(f"{one.name} {one.way}: exit code {one.code}\n{one.output[-3_000:]}")
    flat = sum(one.is_flat for one in stops)
    yield Figure(
        id="R9",
        what="SIGTERM and SIGINT with an open position and resting orders, flat",
        value=f"{flat} of {n}",
        reach="every time",
        is_met=flat == n,
    )
    longest = max(one.seconds for one in stops)
    yield Figure(
        id="R9",
        what="the longest from the signal to the process's end",
        value=f"{longest:.2f} s",
        reach=f"{LIMIT_S:g} s",
        is_time=True,
        is_met=longest <= LIMIT_S,
    )


def stop(way: str, number: signal.Signals, share: float) -> Stop:
    """Run a node until it trades, and stop it."""
    if way == "group":
        with node_group(UV_RUN, *STRATEGY) as group:
            group.wait_for(CHURNING)
            time.sleep(share * INSTANTS_S)
            begin = time.monotonic()
            group.signal_group(number)
            code = group.exit_code()
            return Stop(way, number.name, code, time.monotonic() - begin, group.output)
    wait = "spin" if way == "spin" else "event"
    with node(*STRATEGY, "--wait", wait) as process:
        process.wait_for(CHURNING)
        time.sleep(share * INSTANTS_S)
        begin = time.monotonic()
        process.signal(number)
        if way in {"twice", "mixed"}:
            time.sleep(share * COPIES_S)
            # On a busy machine this sleep may be longer; the signal would ask to leave at once.
            if time.monotonic() - begin < COPY_S:
                process.signal(number if way == "twice" else signal.SIGHUP)
        code = process.exit_code()
        return Stop(way, number.name, code, time.monotonic() - begin, process.output)
