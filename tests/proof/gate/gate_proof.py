"""R8: no order on factors older than the limit, nor while the gate is shut, under every fault."""

from __future__ import annotations

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adapters.session.recorded_session import RecordedSession
from tests.proof.figures import Figure
from tests.proof.gate.failing_producer import FAULTS, produce
from tests.proof.gate.order_check import Checked, check
from tests.support.nodes.node_process import node
from tests.support.nodes.processes import Child
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form
    from tests.support.nodes.node_process import NodeProcess

STRATEGY: Final = "tests.proof.gate.always_trades:AlwaysTrades"
FROM_OUTSIDE: Final = ("killed", "stopped")
FAULT_S: Final = (0.2, 0.9)
"""The least and the most time of a fault; the limit of the factors' age is 0.3 s."""
NORMAL_S: Final = (0.1, 0.6)
AT_ONCE: Final = 4


@dataclass(frozen=True)
class Run:
    """One session: what was injected, and what the node's own recording says about its orders."""

    seed: int
    faults: int
    checked: Checked
    code: int
    shut: int
    """How often the strategy was told that its factors were stale."""


def prove(form: Form) -> Iterator[Figure]:
    """Run a session a seed, each with every fault in an order of its own."""
    seeds = range(form.seed, form.seed + form.count(3, 20))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(lambda seed: run(seed, form.folder / str(seed)), seeds))
    for one in runs:
        for wrong in one.checked.wrongs:
            form.progress(f"seed {one.seed}: {wrong}")
        form.progress(f"seed {one.seed}: {one.checked.orders} orders, shut {one.shut} times")
    wrongs = sum(len(one.checked.wrongs) for one in runs)
    orders = sum(one.checked.orders for one in runs)
    faults = sum(one.faults for one in runs)
    yield Figure(
        id="R8",
        what="orders on old factors or with the gate shut",
        value=f"{wrongs} of {orders:,} orders, {faults} faults in {len(runs)} sessions",
        reach="0",
        is_met=wrongs == 0 and all(one.checked.orders > 0 and one.shut > 0 for one in runs),
    )
    failed = [one.seed for one in runs if one.code != 0]
    yield Figure(
        id="",
        what="of these sessions, ended by the fault of a producer",
        value=f"{len(failed)}",
        reach="0",
        is_met=not failed,
    )


def run(seed: int, folder: Path) -> Run:
    """Run one session and check its recording."""
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    faults = [*FAULTS, *FROM_OUTSIDE]
    draw.shuffle(faults)
    region = new_region_path()
    outside = ("--producer", "outside", "--region", region)
    producer = _Producer(region)
    try:
        with node(*outside, "--strategy", STRATEGY, "--record", folder) as process:
            process.wait_for("TRADING")
            for fault in faults:
                producer.inject(fault, draw.uniform(*FAULT_S))
                time.sleep(draw.uniform(*NORMAL_S))
                if process.has_ended():
                    break
            code, shut = _end(process)
    finally:
        producer.end()
        remove_all_of(region)
    return Run(seed, len(faults), check(RecordedSession(folder)), code, shut)


def _end(process: NodeProcess) -> tuple[int, int]:
    process.signal(signal.SIGTERM)
    code = process.exit_code()
    return code, process.lines.count("SHUT")


class _Producer:
    """The producer's process, which can also be killed and stopped."""

    def __init__(self, region: Path) -> None:
        self._region: Final = region
        self._child = self._start()

    def _start(self) -> Child:
        child = Child(produce, self._region)
        while child.line() != "READY":
            pass
        return child

    def inject(self, fault: str, seconds: float) -> None:
        """Let it fail for some time, and then go on as before."""
        if fault == "killed":
            self._child.close()
            time.sleep(seconds)
            self._child = self._start()
            return
        if fault == "stopped":
            self._child.signal(signal.SIGSTOP)
            time.sleep(seconds)
            self._child.signal(signal.SIGCONT)
            return
        self._child.ask(fault)
        time.sleep(seconds)
        self._child.ask("normal")

    def end(self) -> None:
        """End it."""
        with suppress(OSError):
            self._child.signal(signal.SIGCONT)
        self._child.close()
