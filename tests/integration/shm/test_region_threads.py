"""A reader that is closed by one thread while another is inside a call of it."""

from __future__ import annotations

import gc
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from adapters.shm import FactorReader, FactorWriter, RegionError
from tests.support.lengths import counts
from tests.support.nodes.processes import child
from tests.support.transports.regions import write_records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LONGER_THAN_A_TEST_S = 600.0
CALLS: dict[str, Callable[[FactorReader], object]] = {
    "spin": lambda r: r.spin(int(LONGER_THAN_A_TEST_S * 1e9)),
    "wait": lambda r: r.wait(LONGER_THAN_A_TEST_S),
    "read_next": lambda r: r.read_next(1_000_000),
    "read_latest": lambda r: r.read_latest(1_000_000),
    "read_batch": lambda r: r.read_batch(64),
    "status": lambda r: r.status(),
    "sleep": lambda r: r.sleep(),
    "is_current": lambda r: r.is_current(),
    "latest": lambda r: r.latest(),
    "since": lambda r: r.since(0),
}


def close_while_called(path: str, how: str, times: int) -> None:
    """Close readers, each at another moment of a call that another thread makes all the time."""
    ends: list[str] = []
    # Or the thread that calls would keep the interpreter for 5 ms at a time.
    sys.setswitchinterval(1e-5)

    def call(reader: FactorReader, inside: threading.Event) -> None:
        try:
            while True:
                inside.set()
                CALLS[how](reader)
        except RegionError as error:
            ends.append("closed" if "is closed" in str(error) else str(error))

    with FactorWriter(path, ["a", "b"], capacity=64) as writer:
        write_records(writer, 100)
        for number in range(times):
            reader, inside = FactorReader(path), threading.Event()
            if how in {"spin", "wait", "read_next", "read_latest"}:
                reader.read_latest()
            thread = threading.Thread(target=call, args=(reader, inside))
            thread.start()
            inside.wait()
            for _ in range(number % 50):
                threading.Event().wait(0.00005)
            reader.close()
            reader.close()
            thread.join()
    print(*sorted(set(ends)), len(ends), flush=True)


@counts("times", 20, long=500)
@pytest.mark.parametrize("how", CALLS)
def test_closing_under_another_threads_call_is_an_error_there_and_no_crash(
    region_path: Path, how: str, times: int
) -> None:
    """Fault C10: the memory that a call reads is not unmapped before it has ended."""
    with child(close_while_called, region_path, how, times) as threads:
        assert threads.line(timeout_s=240) == f"closed {times}"
        assert threads.wait() == 0


def test_what_a_reader_gave_outlives_it(region_path: Path) -> None:
    """Fault C10: records, arrays and batches of a reader that was closed and collected."""
    kept: list[Any] = []
    with FactorWriter(region_path, ["a", "b"], capacity=64) as writer:
        write_records(writer, 10)
        reader = FactorReader(region_path)
        into = np.zeros(2)
        reader.latest_into(into)
        reader.position = 0
        batch = reader.read_batch(10)
        reader.position = 0
        f = reader.read_next()
        assert batch is not None
        assert f is not None
        kept += [into, batch.values, batch.sequence, f.array, memoryview(f.payload)]
        before = [bytes(each) for each in kept]
        with suppress(RegionError):
            reader.close()
        del reader, batch, f
        gc.collect()
        write_records(writer, 200)
    assert [bytes(each) for each in kept] == before


def test_a_spinning_read_lets_other_threads_run(region_path: Path) -> None:
    """Fault C09: NautilusTrader's own threads need the interpreter while a reader watches."""
    ran = threading.Event()
    with FactorWriter(region_path, ["a"], capacity=8), FactorReader(region_path) as reader:
        go = threading.Event()

        def run() -> None:
            go.wait()
            ran.set()

        thread = threading.Thread(target=run)
        thread.start()
        has_run = False
        interval = sys.getswitchinterval()
        # From here on only who gives the interpreter up lets the other one run.
        sys.setswitchinterval(1000)
        try:
            go.set()
            for _ in range(100):
                reader.read_next(10_000_000)
                has_run = has_run or ran.is_set()
        finally:
            sys.setswitchinterval(interval)
        thread.join()
        assert has_run
