"""UnreadStart: what a tail skips that cannot read the recording when it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from concurrent.futures import Future

    from adapters.catalog.tailing.recorded.recording_thread import Skipped
    from adapters.catalog.tailing.recorded.stream_records import End

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 5.0
"""Between two looks; doubled each time from the first."""


class UnreadStart:
    """Has it looked again until the recording can be read, and keeps what was skipped till then.

    Parameters
    ----------
    look_again : callable
        Looks for where to begin, if given None; else counts the records before a live one.

    Attributes
    ----------
    problem : str
        Why the recording could not be read; empty if it could.
    skipped : int
        Records since the start that were not given; known as soon as the recording can be read.

    Notes
    -----
    For the loop's thread.

    """

    def __init__(self, look_again: Callable[[End | None], Future[Skipped] | None]) -> None:
        self.problem = ""
        self.skipped = 0
        self._look_again: Final = look_again
        self._live_from: End | None = None
        """The live record with which the tail began instead."""
        self._job: Future[Skipped] | None = None
        self._pause_s = FIRST_PAUSE_S

    def has_looked(self, problem: str, loop: asyncio.AbstractEventLoop) -> None:
        """Note whether a look for where to begin could read; nothing is noted of later looks."""
        if self._live_from is None:
            self._note(problem, loop)

    def begin_live(self, first: End) -> None:
        """Note that the tail begins with a live record, and nothing recorded came before it."""
        if self.problem:
            self._live_from = first

    def pump(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take what was counted."""
        if self._job is not None and self._job.done():
            (records, problem), self._job = self._job.result(), None
            self.skipped += records
            self._note(problem, loop)

    def _note(self, problem: str, loop: asyncio.AbstractEventLoop) -> None:
        self.problem = problem
        if problem:
            loop.call_later(self._pause_s, self._look)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _look(self) -> None:
        # What comes after the first live record would be out of order: it is only counted then.
        self._job = self._look_again(self._live_from)
