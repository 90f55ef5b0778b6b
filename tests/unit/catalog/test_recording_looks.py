"""How long a tail waits for what a recorder may still write."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from adapters.catalog.tailing import recording_looks
from adapters.catalog.tailing.given_places import GivenPlaces
from adapters.catalog.tailing.recorded.recording_thread import Chunk
from adapters.catalog.tailing.recorded.stream_records import Place
from adapters.catalog.tailing.recorded.tail_start import TailStart
from adapters.catalog.tailing.recorded_queue import RecordedQueue
from adapters.catalog.tailing.recording_looks import HOLE_WAIT_S, RecordingLooks

if TYPE_CHECKING:
    import pytest

PLACE = Place(7, 200)


class EmptyThread:
    """A thread whose looks find nothing, and a recorder runs."""

    looks = 0

    def __init__(self, *_: object) -> None:
        pass

    def begin(self, *_: object) -> Future[Chunk]:
        """Return the end of a look."""
        EmptyThread.looks += 1
        found: Future[Chunk] = Future()
        found.set_result(Chunk([], is_last=True, is_settled=False, first=None, problem=""))
        return found

    def close(self) -> None:
        """Do nothing."""


def test_the_last_look_for_a_hole_begins_when_the_wait_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What an earlier look found may have taken longer to be handed out than the wait is: what was
    recorded meanwhile is looked for before it counts as lost.
    """
    now_s = time.monotonic()

    async def wait() -> None:
        nonlocal now_s
        clock: Any = SimpleNamespace(monotonic=lambda: now_s)
        monkeypatch.setattr(recording_looks, "time", clock)
        monkeypatch.setattr(recording_looks, "RecordingThread", EmptyThread)
        given = GivenPlaces()
        given.give(7, 100)
        start = TailStart(catalog=Path("nowhere"), is_newest=True)
        looks = RecordingLooks(start, "region", given, RecordedQueue(), lambda: None)
        looks.open(asyncio.get_running_loop())
        assert not looks.is_looked_into(PLACE, 0)
        now_s += 2 * HOLE_WAIT_S
        looks.pump()
        now_s += 1
        assert not looks.is_hopeless(PLACE, 0)
        looks.pump()
        assert looks.is_hopeless(PLACE, 0)
        assert EmptyThread.looks == 2
        looks.close()

    asyncio.run(wait())
