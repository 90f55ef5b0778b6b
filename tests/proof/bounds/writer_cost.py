"""What 64 sleeping readers cost the writer, half of which are killed in their sleep."""

from __future__ import annotations

import os
import select
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from adapters.shm._region import lib

from adapters.shm import FactorReader, FactorWriter, RegionError
from adapters.shm.region.region_files import folder_of
from tests.proof.bounds.timing import TimingCode
from tests.proof.figures import Figure
from tests.proof.region.stepped_calls import write_between_stops
from tests.proof.region.stepping import Stepper, Victim
from tests.proof.region.victims import Fork, forked
from tests.support.eventually import TIMEOUT_S
from tests.support.transports.regions import (
    factor_names,
    new_region_path,
    remove_all_of,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form

FACTORS: Final = 85
CAPACITY: Final = 64
READERS: Final = int(lib.REGION_MAX_WAITERS)
WRITES: Final = 20_000
_VALUES: Final = values_of(1, FACTORS)


def prove(form: Form) -> Iterator[Figure]:
    """Yield the cost of a write before, with, and after them, and what the 65th is told."""
    code, stepper = TimingCode(form), Stepper(form)
    path = new_region_path()
    try:
        with FactorWriter(path, factor_names(FACTORS), capacity=CAPACITY) as writer:
            base_ns = code.time_writes(writer, WRITES)
        base = _instructions(path, stepper)
        with ExitStack() as running:
            readers = [_sleeping_reader(path, running) for _ in range(READERS)]
            yield _65th(path)
            for reader in readers[::2]:
                reader.kill()
            asleep = _sleepers(path)
            with FactorWriter(path, factor_names(FACTORS), capacity=CAPACITY) as writer:
                # A writer that starts wakes everyone.
                sent = -writer.counters["sent_wakeups"]
                first_ns = code.time_writes(writer, 1)
                sent += writer.counters["sent_wakeups"]
                left, all_sent = _sleepers(path), writer.counters["sent_wakeups"]
                after_ns = code.time_writes(writer, WRITES)
                more = writer.counters["sent_wakeups"] - all_sent
            after = _instructions(path, stepper)
        yield Figure(
            id="R7",
            what=f"the writer's cost with {READERS} readers of which {len(readers[::2])} were "
            "killed in their sleep, from the second write on (C03)",
            value=f"{after} instructions against {base} without readers, {after_ns:.0f} ns "
            f"against {base_ns:.0f} ns; the first write woke {sent} of {asleep} "
            f"({first_ns / 1000:.0f} µs) and left {left} requests, {WRITES} more sent {more}",
            reach="the same instructions (reading the clock varies by 16); 0 requests left",
            is_met=abs(after - base) <= 16 and left == 0 and more == 0 and asleep == READERS,
        )
        yield _killed_one_by_one(path, form)
        yield _requests_of_readers_awake(path)
    finally:
        remove_all_of(path)


def _killed_one_by_one(path: Path, form: Form) -> Figure:
    kills = form.count(60, 10_000)
    left = failed = 0
    with FactorWriter(path, factor_names(FACTORS), capacity=CAPACITY) as writer:
        for _ in range(kills):
            with ExitStack() as running:
                _sleeping_reader(path, running).kill()
            writer.write_values(_VALUES)
            left += _sleepers(path)
        with FactorReader(path) as reader:
            # A place is to be had, and wakes.
            reader.latest()
            failed += not reader.sleep()
            writer.write_values(_VALUES)
            failed += not reader.wait(60)
    return Figure(
        id="R7",
        what=f"{kills} readers killed in their sleep, one after another (C03): requests left "
        "after the next write, and later readers that were not woken",
        value=f"{left} and {failed}",
        reach="0 and 0",
        is_met=left == failed == 0,
    )


def _requests_of_readers_awake(path: Path) -> Figure:
    """Count the requests of readers that found a record instead, woke by themselves, or left."""
    left = {}
    with FactorWriter(path, factor_names(FACTORS), capacity=CAPACITY) as writer:
        with FactorReader(path) as reader:
            reader.sleep()
            left["found a record"] = _sleepers(path)
            reader.latest()
            reader.sleep()
        left["left in its sleep"] = _sleepers(path)
        with FactorReader(path) as reader:
            reader.latest()
            reader.wait(0.001)
            writer.write_values(_VALUES)
            left["came to its limit"] = _sleepers(path)
    found = ", ".join(f"{why}: {n}" for why, n in left.items())
    return Figure(
        id="R7",
        what="requests left by a reader that does not sleep",
        value=found,
        reach="0 each",
        is_met=not any(left.values()),
    )


def _sleeping_reader(path: Path, running: ExitStack) -> Fork:
    """Start a process that has asked for a wake-up, and asks for no other."""
    heard, tell = os.pipe()

    def sleep() -> None:
        with FactorReader(path) as reader:
            reader.latest()
            reader.sleep()
            os.write(tell, b"!")
            signal.pause()

    try:
        process = running.enter_context(forked(sleep))
    finally:
        os.close(tell)
    with os.fdopen(heard, "rb") as asked:
        # From the reader itself: its place may keep the request of a dead one, under a fault.
        if not select.select([asked], [], [], TIMEOUT_S)[0] or not asked.read(1):
            msg = f"process {process.pid} has not asked for a wake-up"
            raise ChildProcessError(msg)
    return process


def _sleepers(path: Path) -> int:
    """Return how many requests the waiters page has."""
    page = (folder_of(path) / "waiters").read_bytes()
    return int.from_bytes(page[:8], "little").bit_count()


def _instructions(path: Path, stepper: Stepper) -> int:
    """Return the instructions of a write, the least of some: reading the clock varies."""
    found = []
    for _ in range(5):
        with Victim(
            stepper, lambda: write_between_stops(path, stepper, FACTORS, CAPACITY)
        ) as victim:
            found.append(victim.step().instructions)
    return min(found)


def _65th(path: Path) -> Figure:
    try:
        with FactorReader(path) as reader:
            latest = reader.latest()
            reader.sleep()
        said = "was given a place"
    except RegionError as error:
        said = str(error)
    is_clear = f"all {READERS} places" in said and latest is not None
    return Figure(
        id="R7",
        what="the 65th reader that wants to sleep (C07)",
        value=f"reads, and is told: {said.partition(': ')[2]}",
        reach="reads, and a clear error",
        is_met=is_clear,
    )
