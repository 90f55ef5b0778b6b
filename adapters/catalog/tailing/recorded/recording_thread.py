"""RecordingThread: reads a recording on a thread of its own, a chunk whenever it is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.catalog.tailing.recorded.recorded_streams import DAMAGE, StreamLister
from adapters.catalog.tailing.recorded.stream_records import (
    first_place,
    records_after,
    skipped_before,
)
from dolphin_strategies.errors import describe_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from adapters.catalog.tailing.recorded.recorded_streams import Listing
    from adapters.catalog.tailing.recorded.stream_records import End, Place
    from adapters.catalog.tailing.recorded.tail_start import TailStart
    from dolphin_strategies.factors.batch import FactorBatch

BATCHES_PER_CHUNK: Final = 4
MOST_TOLD: Final = 3
"""Of the files and recordings that a look leaves out, so many are named."""


class Pass(NamedTuple):
    """One look through a recording.

    Attributes
    ----------
    start : TailStart or None
        Where the first look begins; None for the others.
    given : dict of int to int
        For each stream the last sequence given.
    current : int
        The stream of the last record given.
    until : End or None
        The record before which to end.

    """

    start: TailStart | None
    given: dict[int, int]
    current: int
    until: End | None


class Chunk(NamedTuple):
    """What one job of the thread has read.

    Attributes
    ----------
    batches : list of FactorBatch
        Records in order; ``ts_init`` is not theirs, see ``records_after``.
    is_last : bool
        The look is over.
    is_settled : bool
        And what it did not find before its end will never be recorded.
    first : Place or None
        The first record of a first look.
    problem : str
        Why something could not be read; empty if all could.

    """

    batches: list[FactorBatch]
    is_last: bool
    is_settled: bool
    first: Place | None
    problem: str


class Skipped(NamedTuple):
    """What a tail has not given that began live.

    Attributes
    ----------
    records : int
        How many records; 0 if the recording could not be read.
    problem : str
        Why it could not; empty if it could.

    """

    records: int
    problem: str


class RecordingThread:
    """Reads what recorders wrote of one source.

    Parameters
    ----------
    start : TailStart
        Has the catalog.
    source : str
        The recorded source: the path of its region.

    Notes
    -----
    Each job reads at most ``BATCHES_PER_CHUNK`` batches, so that memory is bounded; no job waits
    for anything but the disk.

    """

    def __init__(self, start: TailStart, source: str) -> None:
        self._thread: Final = ThreadPoolExecutor(1, "tail")
        self._lister: Final = StreamLister(start.catalog, source, self._tell)
        self._batches: Iterator[FactorBatch] = iter(())
        self._is_settled = False
        self._problems: dict[str, None] = {}
        """Why something is left out of this look, each once."""

    def begin(self, look: Pass, on_end: Callable[[], None]) -> Future[Chunk]:
        """Begin a look, in place of the one before, and read its first chunk.

        Parameters
        ----------
        look : Pass
            What to read.
        on_end : callable
            Called when the chunk is there, on the thread.

        """
        return self._submit(lambda: self._first(look), on_end)

    def next(self, on_end: Callable[[], None]) -> Future[Chunk]:
        """Read the next chunk of the look; ``on_end`` as for ``begin``."""
        return self._submit(lambda: self._chunk(None), on_end)

    def count_skipped(
        self, start: TailStart, until: End, on_end: Callable[[], None]
    ) -> Future[Skipped]:
        """Count the records between a start and the live record that a tail began with instead."""

        def count() -> Skipped:
            kept = self._problems
            self._problems = {}
            try:
                return Skipped(skipped_before(self._lister.listing(), start, until), "")
            except DAMAGE as error:
                return Skipped(0, _unreadable(error))
            finally:
                self._problems = {**kept, **self._problems}

        job = self._thread.submit(count)
        job.add_done_callback(lambda _: on_end())
        return job

    def close(self) -> None:
        """End the thread after its present job."""
        self._thread.submit(self._leave)
        self._thread.shutdown(wait=False)

    def _submit(self, read: Callable[[], Chunk], on_end: Callable[[], None]) -> Future[Chunk]:
        job = self._thread.submit(self._guarded, read)
        job.add_done_callback(lambda _: on_end())
        return job

    def _guarded(self, read: Callable[[], Chunk]) -> Chunk:
        try:
            return read()
        except DAMAGE as error:
            self._leave()
            problem = _unreadable(error)
            return Chunk([], is_last=True, is_settled=False, first=None, problem=problem)

    def _first(self, look: Pass) -> Chunk:
        self._problems = {}
        listing = self._lister.listing()
        first = None
        given, current = look.given, look.current
        if look.start is not None:
            first = first_place(listing, look.start)
            if first is None:
                return Chunk([], is_last=True, is_settled=True, first=None, problem=self._told())
            given, current = {first.stream_id: first.sequence - 1}, first.stream_id
        self._batches = records_after(listing, given, current, look.until, self._tell)
        self._is_settled = _is_settled(listing, look.until)
        return self._chunk(first)

    def _chunk(self, first: Place | None) -> Chunk:
        batches = list(islice(self._batches, BATCHES_PER_CHUNK))
        is_last = len(batches) < BATCHES_PER_CHUNK
        return Chunk(batches, is_last, self._is_settled, first, self._told())

    def _leave(self) -> None:
        self._batches = iter(())

    def _tell(self, problem: str) -> None:
        self._problems[problem] = None

    def _told(self) -> str:
        more = len(self._problems) - MOST_TOLD
        told = [*islice(self._problems, MOST_TOLD), *([f"{more} more"] if more > 0 else [])]
        return "; ".join(told)


def _unreadable(error: BaseException) -> str:
    return f"the recording cannot be read: {describe_error(error)}"


def _is_settled(listing: Listing, until: End | None) -> bool:
    """Return whether no recorder can still write a record before a place."""
    if until is None or listing.is_settled:
        return listing.is_settled
    return bool(listing.reached) and all(
        reached.get(until.stream_id, 0) >= until.sequence - 1 for reached in listing.reached
    )
