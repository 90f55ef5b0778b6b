"""One writer and three reader processes, for as many reads as the time allows."""

from __future__ import annotations

import json
import os
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.shm import FactorReader, FactorWriter
from tests.proof.figures import Figure
from tests.proof.region.loops import Loops
from tests.proof.region.records import is_whole, write_one
from tests.proof.region.victims import Fork, forked
from tests.support.transports.regions import factor_names, new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.proof.figures import Form

SECOND_NS: Final = 1_000_000_000
WANTED: Final = 1_000_000_000
"""Reads in the long form."""


class _Setting(NamedTuple):
    what: str
    factors: int
    capacity: int
    interval_ns: int


SETTINGS: Final = (
    _Setting("a writer of 1 million records of 85 factors a second", 85, 4096, 1000),
    _Setting("a writer flat out in a ring of 8 records of 85 factors", 85, 8, 0),
    _Setting("a writer flat out in a ring of 2 records of 8 factors", 8, 2, 0),
)


def prove(form: Form) -> Iterator[Figure]:
    """Yield the torn and wrong records of each setting."""
    loops = Loops(form)
    for i, setting in enumerate(SETTINGS):
        wanted = form.count(3_000_000, WANTED if i == 0 else WANTED // 10)
        yield _read(form, loops, setting, wanted)


def _read(form: Form, loops: Loops, setting: _Setting, wanted: int) -> Figure:
    path = new_region_path()
    begin = time.monotonic()
    reads = wrong = contradictions = rounds = written = first = by_python = 0
    try:
        writer = FactorWriter(path, factor_names(setting.factors), capacity=setting.capacity)
        write_one(writer)
        writer.abandon()
        while reads < wanted:
            rounds += 1
            found = _round(loops, setting, path, form.count(1, 10) * SECOND_NS)
            for counts in found:
                reads += counts[0]
                wrong += counts[1]
                contradictions += counts[3]
                first = first or counts[4]
            by_python += found[-1][0]
            if wrong or contradictions:
                break
            if rounds % 6 == 0:
                form.progress(f"{reads:,} reads of {setting.what}")
        with FactorReader(path) as reader:
            written = reader.status().published
    finally:
        remove_all_of(path)
    return Figure(
        id="R2",
        what=f"torn or wrong records in reads by 3 processes (newest, next, and {by_python:,} in "
        f"Python) of {setting.what}",
        value=f"{wrong} in {reads:,}"
        + (f", the first at record {first}" if first else "")
        + f" ({contradictions} contradictions; {written:,} records written; "
        f"{time.monotonic() - begin:.0f} s)",
        reach=f"0 in {wanted:,}",
        is_met=not wrong and not contradictions and reads >= wanted,
    )


def _round(loops: Loops, setting: _Setting, path: Path, duration_ns: int) -> list[list[int]]:
    """Let the writer write and three processes read for some time; return their counts."""

    def write() -> None:
        names = factor_names(setting.factors)
        writer = FactorWriter(path, names, capacity=setting.capacity)
        loops.write(writer, 1 << 60, setting.interval_ns)

    def by_c(function: str, *, again: bool) -> Callable[[], list[int]]:
        def read() -> list[int]:
            with FactorReader(path) as reader:
                return list(loops.read(reader, function, duration_ns, again=again))

        return read

    with ExitStack() as running:
        running.enter_context(forked(write))
        answers = [
            _answering(running, read)
            for read in (
                by_c("region_read_latest", again=True),
                by_c("region_read_next", again=False),
                lambda: _read_in_python(path, duration_ns),
            )
        ]
        found = []
        for process, answer in answers:
            with os.fdopen(answer) as said:
                found.append(json.loads(said.read() or "[0, 1, 0, 0, 0]"))
            process.wait()
        return found


def _answering(running: ExitStack, read: Callable[[], list[int]]) -> tuple[Fork, int]:
    answer, tell = os.pipe()

    def act() -> None:
        os.write(tell, json.dumps(read()).encode())

    process = running.enter_context(forked(act))
    os.close(tell)
    return process, answer


def _read_in_python(path: Path, duration_ns: int) -> list[int]:
    records = wrong = calls = first = 0
    end = time.monotonic_ns() + duration_ns
    with FactorReader(path) as reader:
        while time.monotonic_ns() < end:
            f = reader.read_latest() if calls % 2 else reader.read_next()
            calls += 1
            if f is None:
                continue
            records += 1
            if not is_whole(f):
                wrong += 1
                first = first or f.sequence
        return [records, wrong, calls, reader.rejected, first]
