"""Two processes that wake each other through their FIFOs, and nothing else."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from adapters.shm import FactorReader, FactorWriter
from tests.proof.bounds.timing import TimingCode
from tests.proof.figures import Figure
from tests.proof.region.victims import forked
from tests.support.eventually import eventually
from tests.support.transports.regions import factor_names, new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form


def prove(form: Form) -> Iterator[Figure]:
    """Yield the wake-ups lost in as many rounds."""
    code = TimingCode(form)
    rounds = form.count(20_000, 10_000_000)
    ping, pong = new_region_path(), new_region_path()
    answer, tell = os.pipe()

    def other() -> None:
        os.write(tell, json.dumps(_play(code, pong, ping, rounds, serves=False)).encode())

    begin = time.monotonic()
    try:
        with forked(other) as process:
            os.close(tell)
            done, lost = _play(code, ping, pong, rounds, serves=True)
            with os.fdopen(answer) as said:
                other_done, other_lost = json.loads(said.read() or "[0, 1]")
            process.wait()
    finally:
        remove_all_of(ping)
        remove_all_of(pong)
    took = time.monotonic() - begin
    yield Figure(
        id="R7",
        what="wake-ups lost between two processes that sleep after each record (C04)",
        value=f"{lost + other_lost} in {done + other_done:,} "
        f"({took / rounds * 1e6:.1f} µs a round)",
        reach=f"0 in {2 * rounds:,}",
        is_met=lost + other_lost == 0 and done == other_done == rounds,
    )


def _play(
    code: TimingCode, own: Path, other: Path, rounds: int, *, serves: bool
) -> tuple[int, int]:
    """Write one region and read the other; return the rounds and the lost wake-ups."""
    names = factor_names(8)
    with FactorWriter(own, names) as writer:
        eventually(lambda: other.exists() and _has_writer(other), "the other side")
        with FactorReader(other) as reader:
            # Every record comes after it.
            reader.position = reader.first_sequence - 1
            return code.ping_pong(reader, writer, rounds, serves=serves)


def _has_writer(path: Path) -> bool:
    with FactorReader(path) as reader:
        return reader.status().alive
