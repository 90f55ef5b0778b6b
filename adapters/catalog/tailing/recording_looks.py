"""RecordingLooks: the looks into a recording that a tail needs, and what they mean."""

from __future__ import annotations

import time
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.catalog.tailing.recorded.recording_thread import Pass, RecordingThread
from adapters.catalog.tailing.recorded.stream_records import End
from adapters.catalog.tailing.unread_start import UnreadStart

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from adapters.catalog.tailing.given_places import GivenPlaces
    from adapters.catalog.tailing.recorded.recording_thread import Chunk, Skipped
    from adapters.catalog.tailing.recorded.stream_records import Place
    from adapters.catalog.tailing.recorded.tail_start import TailStart
    from adapters.catalog.tailing.recorded_queue import RecordedQueue

HOLE_WAIT_S: Final = 5.0
"""How long a running recorder is waited for that may still write what the ring has lost."""
RETRY_S: Final = 0.1
LOW_WATER_RECORDS: Final = 4_096
"""The thread reads ahead until so many records wait."""


class RecordingLooks:
    """Has the recording read from what was given on, and puts what comes into a queue.

    Parameters
    ----------
    start : TailStart
        The catalog, and where to begin.
    source : str
        The recorded source: the path of its region.
    given : GivenPlaces
        What was given already; told the first place.
    queue : RecordedQueue
        Where records go.
    wake : callable
        Called on the loop's thread when there is something new.

    Attributes
    ----------
    hole : Place or None
        The live record in front of which records are missing that are looked for.
    unread : UnreadStart
        What was skipped, because the recording could not be read when the tail began.

    Notes
    -----
    Owned by the loop's thread; no call waits for the thread that reads.

    """

    def __init__(
        self,
        start: TailStart,
        source: str,
        given: GivenPlaces,
        queue: RecordedQueue,
        wake: Callable[[], None],
    ) -> None:
        self.hole: Place | None = None
        self.unread: Final = UnreadStart(self._look_again)
        self._start: Final = start
        self._source: Final = source
        self._given: Final = given
        self._queue: Final = queue
        self._wake: Final = wake
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._thread: RecordingThread | None = None
        self._job: Future[Chunk] | None = None
        self._newest: Chunk | None = None
        """What came last."""
        self._looked_at_s = self._hole_since_s = 0.0
        self.is_looking = False

    @property
    def problem(self) -> str:
        """Why something could not be read; empty if all could."""
        newest = "" if self._newest is None else self._newest.problem
        return "; ".join(dict.fromkeys(filter(None, [self.unread.problem, newest])))

    @property
    def _last(self) -> Chunk | None:
        """The end of the newest look; None while there is none."""
        return None if self.is_looking else self._newest

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin with the first look, unless the start is the newest record."""
        self._loop = loop
        self._thread = RecordingThread(self._start, self._source)
        self._hole_since_s = time.monotonic()
        if not self._start.is_newest:
            self._begin()

    def close(self) -> None:
        """Give the catalog up; safe to call again."""
        if self._timer is not None:
            self._timer.cancel()
        if self._thread is not None:
            self._thread.close()
        self._loop = self._thread = self._job = None
        self.is_looking = False

    def pump(self) -> None:
        """Take what was read, and have more of it read."""
        if self._job is not None and self._job.done():
            chunk, self._job = self._job.result(), None
            self._take(chunk)
        if (
            self.is_looking
            and self._job is None
            and self._thread is not None
            and self._queue.records < LOW_WATER_RECORDS
        ):
            self._job = self._thread.next(self._on_chunk)
        if self._loop is not None:
            self.unread.pump(self._loop)

    def is_looked_into(self, place: Place, published_ns: int) -> bool:
        """Return whether the recording was looked into for what is in front of a place; look.

        Parameters
        ----------
        place : Place
            The live record.
        published_ns : int
            When it was published, UNIX nanoseconds.

        """
        if self.hole != place:
            self.hole, self._hole_since_s = place, time.monotonic()
        elif self._last is not None:
            return True
        self._look(Pass(None, self._given.all(), self._given.current, End(*place, published_ns)))
        return False

    def is_hopeless(self, place: Place, published_ns: int) -> bool:
        """Return whether no record in front of a place can come any more; look if need be.

        Parameters as for ``is_looked_into``.
        """
        if not self.is_looked_into(place, published_ns) or self._last is None:
            return False
        # By when the look began: what it found may have taken long to be handed out.
        if self._last.is_settled or self._has_waited:
            return True
        # The loop's clock is that one.
        if self._timer is None or time.monotonic() >= self._timer.when():
            self._look(
                Pass(None, self._given.all(), self._given.current, End(*place, published_ns))
            )
        return False

    @property
    def _has_waited(self) -> bool:
        """Whether the newest look began when it was the last one to wait for."""
        return self._looked_at_s >= self._hole_since_s + HOLE_WAIT_S

    def _begin(self) -> None:
        self._look(Pass(self._start, {}, 0, None))

    def _look(self, look: Pass) -> None:
        if self._thread is not None:
            self.is_looking, self._looked_at_s = True, time.monotonic()
            self._job = self._thread.begin(look, self._on_chunk)

    def _look_again(self, first: End | None) -> Future[Skipped] | None:
        if self._thread is None:
            return None
        if first is not None:
            return self._thread.count_skipped(self._start, first, self._on_chunk)
        if not self._given.current:
            self._begin()
        return None

    def _take(self, chunk: Chunk) -> None:
        self._newest = chunk
        if chunk.first is not None:
            self._given.begin(*chunk.first)
        self._queue.extend(chunk.batches)
        if not chunk.is_last:
            return
        is_unread = not self._given.current and not chunk.is_settled
        if is_unread and not self._has_waited and self._loop is not None:
            # Where to begin is not known: to go on live would skip the recording. A job without an
            # end stands for the pause.
            self._job = Future()
            self._timer = self._loop.call_later(RETRY_S, self._begin)
            return
        self.is_looking = False
        if self._loop is not None:
            self.unread.has_looked(chunk.problem if is_unread else "", self._loop)
        if is_unread:
            self._newest = chunk._replace(problem="")
        if self.hole is not None and not chunk.is_settled and self._loop is not None:
            self._timer = self._loop.call_later(RETRY_S, self._wake)

    def _on_chunk(self) -> None:
        """Have the loop's thread look at a chunk; called on the thread that reads."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(self._wake)
