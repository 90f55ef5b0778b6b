"""A bridge does all it must while records come as fast as it copies them."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self

from dolphin_strategies import ExternalFactors, FactorSchema, SourceState
from dolphin_strategies.factors.source import SourceStatus
from live.bridging import bridge as bridges
from live.bridging.bridge import Bridge, Program
from tests.support.eventually import TIMEOUT_S

if TYPE_CHECKING:
    import pytest

RECORD = ExternalFactors(FactorSchema(["a"]), bytes(8), 1, 2, 1, 0, 1)


class EndlessSource:
    """Always has one more record."""

    def __init__(self) -> None:
        self.read = 0
        self.is_open = True

    def __getattr__(self, _: str) -> Any:
        return lambda *_: None

    def sleep(self) -> bool:
        """Never sleep."""
        return False

    def close(self) -> None:
        """Close it."""
        self.is_open = False

    def read_next(self) -> ExternalFactors:
        """Return the one more."""
        assert self.is_open
        self.read += 1
        return RECORD

    def status(self) -> SourceStatus:
        """Return that all is well."""
        return SourceStatus(SourceState.LIVE, "", self.read, self.read, 0, 0)


class CountingBridge(Bridge):
    """Writes nowhere; counts its heartbeats."""

    looks = written = 0

    def _write(self, f: ExternalFactors) -> None:
        self.written += 1

    def _look(self, status: SourceStatus) -> tuple[str, bool]:
        self.looks += 1
        return "well", True

    def _end(self) -> None:
        pass

    def _counters(self) -> dict[str, int]:
        return {}


class Nothing:
    """Stands for a heartbeat, figures and signals."""

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


def test_a_producer_without_pause_holds_up_neither_heartbeat_nor_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends when it is asked to, with more than one look in between."""
    asked: list[Any] = []

    class Signals(Nothing):
        def __init__(self, ask: Any, _: Any) -> None:
            asked.append(ask)

        def take_over(self) -> Self:
            return self

    monkeypatch.setattr(bridges, "StopSignals", Signals)
    source: Any = EndlessSource()
    program: Any = Program("bridge", Nothing(), Nothing())  # type: ignore[arg-type] # fakes
    bridge = CountingBridge(program, source, "nowhere")
    timer = threading.Timer(3 * bridges.LOOK_S, lambda: asked[0]("SIGTERM"))
    timer.start()
    asyncio.run(asyncio.wait_for(bridge.run(), TIMEOUT_S))
    timer.join()
    assert bridge.looks > 1
    assert bridge.written == source.read > 0
    assert not source.is_open
