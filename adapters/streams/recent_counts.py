"""RecentCounts: how much counters have grown within the last minute."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

RECENT_S: Final = 60.0


class RecentCounts:
    """Keep what counters were, as often as it is asked, for a minute.

    Notes
    -----
    Counters begin at 0 and never fall.

    """

    def __init__(self) -> None:
        self._seen: Final[deque[tuple[float, dict[str, int]]]] = deque()

    def grown(self, counts: Mapping[str, int], now_s: float) -> dict[str, int]:
        """Return by how much each counter is above what it was a minute ago.

        Parameters
        ----------
        counts : mapping of str to int
            The counters.
        now_s : float
            The time, seconds of the monotonic clock.

        """
        self._seen.append((now_s, dict(counts)))
        # The last one that is a minute old stays: it is what they were then.
        while len(self._seen) > 1 and self._seen[1][0] <= now_s - RECENT_S:
            self._seen.popleft()
        at_s, before = self._seen[0]
        if at_s > now_s - RECENT_S:
            before = {}
        return {name: count - before.get(name, 0) for name, count in counts.items()}
