"""WindowWalk: what is still to be asked of a span of time, by what was answered."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapters.exchanges.venues.histories.history import History, HistoryRow


class Window(NamedTuple):
    """A half-open span of stamps, UNIX milliseconds."""

    start_ms: int
    end_ms: int


class WindowWalk:
    """The windows of a span, each no longer than one answer can hold.

    Parameters
    ----------
    history : History
        What is asked for.
    start_ms, end_ms : int
        The half-open span of stamps, UNIX milliseconds.

    Attributes
    ----------
    repeated : int
        Rows that came again.
    outside : int
        Rows that were not asked for.

    Notes
    -----
    Whether an exchange sends its oldest or its newest rows first, and fewer of them than its
    documentation states, makes no difference: what an answer leaves out at either end of its
    window is asked for again, until an answer has nothing of it. Each such window is smaller
    than the one before, so that the walk ends.

    """

    def __init__(self, history: History, start_ms: int, end_ms: int) -> None:
        self.repeated = 0
        self.outside = 0
        self._history: Final = history
        self._seen: Final[set[int]] = set()
        self._open: Final[deque[Window]] = deque()
        self._end_ms: Final = end_ms
        self._next_ms = start_ms

    def next(self) -> Window | None:
        """Return the next window to ask for; None if there is none left."""
        if self._open:
            return self._open.popleft()
        if self._next_ms >= self._end_ms:
            return None
        end_ms = min(self._next_ms + self._history.window_ms, self._end_ms)
        window, self._next_ms = Window(self._next_ms, end_ms), end_ms
        return window

    @property
    def done_ms(self) -> int:
        """The stamp before which everything was asked for, UNIX milliseconds."""
        return min([self._next_ms, *(window.start_ms for window in self._open)])

    def take(self, window: Window, rows: Iterable[HistoryRow]) -> list[HistoryRow]:
        """Take the answer to a window.

        Parameters
        ----------
        window : Window
            What was asked for.
        rows : iterable of HistoryRow
            The answer, in any order.

        Returns
        -------
        list of HistoryRow
            The rows of the window that are new, by rising stamps.

        """
        new: dict[int, HistoryRow] = {}
        stamps: list[int] = []
        for row in rows:
            if not window.start_ms <= row.stamp_ms < window.end_ms:
                self.outside += 1
                continue
            stamps.append(row.stamp_ms)
            if row.stamp_ms in self._seen:
                self.repeated += 1
            else:
                self._seen.add(row.stamp_ms)
                new[row.stamp_ms] = row
        if stamps:
            self._look_into(window, min(stamps), max(stamps))
        return [new[stamp_ms] for stamp_ms in sorted(new)]

    def _look_into(self, window: Window, first_ms: int, last_ms: int) -> None:
        """Ask again for what the answer left out before its first and after its last row."""
        usual_ms = self._history.usual_ms
        if first_ms - window.start_ms >= usual_ms:
            self._open.append(Window(window.start_ms, first_ms))
        if window.end_ms - last_ms > usual_ms:
            self._open.append(Window(last_ms + 1, window.end_ms))
