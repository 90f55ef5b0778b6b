"""A writer that is slow: what waits is bounded, what is dropped is counted by kind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from adapters.computing.evaluation import Evaluation
from adapters.process.writer_child import RecordingError
from dolphin_strategies.computed.factor_set import ComputedFactors
from live.exf.work.market.market_recording import MarketRecording
from tests.support.computed.events import spec
from tests.support.computed.late_market import LateMarket
from tests.support.eventually import eventually_async

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

WAITING = 200
ROOM_BYTES = 100_000


async def _record(catalog: Path) -> tuple[MarketRecording, Counter[str]]:
    """Record while the writer stands still, and after it; return what was dropped by then."""
    recording = MarketRecording(catalog, WAITING, ROOM_BYTES)
    pid = recording.report()["writer_pid"]
    loop, market = asyncio.get_running_loop(), LateMarket(3)
    factors = ComputedFactors([spec("Mid")])
    evaluation = Evaluation(factors, lambda *_: None)
    keep = recording.tap.keeping(evaluation, factors)
    recording.start(loop)
    os.kill(pid, signal.SIGSTOP)
    try:
        # More than the pipe, the room and the data that may wait.
        while not recording.tap.dropped:
            for _ in range(50):
                for datum in market.burst():
                    keep(datum)
            await asyncio.sleep(0)
        assert recording.tap.waiting == WAITING
        dropped = recording.tap.dropped.copy()
    finally:
        os.kill(pid, signal.SIGCONT)
    await eventually_async(lambda: not recording.tap.waiting, "room")
    for datum in market.burst():
        keep(datum)
    recording.stop()
    return recording, dropped


def test_what_a_slow_writer_does_not_take_is_dropped_by_name(tmp_path: Path) -> None:
    """Every row is recorded or counted as dropped, and the recording goes on afterwards."""
    recording, dropped = asyncio.run(_record(tmp_path / "catalog"))
    counts = recording.report()
    assert counts["dropped"] == dropped
    assert "quotes" in dropped
    assert counts["problem"] == ""
    assert counts["unwritten"] == counts["lost"] == counts["waiting"] == 0
    assert counts["rows"] == counts["recorded"] + dropped.total()


def test_one_catalog_is_recorded_by_one_service(tmp_path: Path) -> None:
    """A second recording into it is refused at the start."""
    first = MarketRecording(tmp_path / "catalog")
    try:
        with pytest.raises(RecordingError, match="market"):
            MarketRecording(tmp_path / "catalog")
    finally:
        first.stop()


def test_a_service_that_does_not_record_loads_nothing_of_it() -> None:
    """No module of the recording, of its writer or of its frames."""
    code = """if True:
        import sys
        import live.exf.service_process, live.exf.work.streaming_work
        print([m for m in sys.modules if "computing.recording" in m or "work.market" in m])
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"
