"""OrderRateLimit: a maximum number of orders in any second."""

from __future__ import annotations

from collections import deque
from typing import Final

_SECOND_NS: Final = 1_000_000_000


class OrderRateLimit:
    """Allow at most ``max_per_second`` orders in any second.

    Parameters
    ----------
    max_per_second : int
        The largest number of orders in any second, at least 1.

    Raises
    ------
    ValueError
        If ``max_per_second`` is less than 1.

    """

    def __init__(self, max_per_second: int) -> None:
        if max_per_second < 1:
            msg = f"max_per_second: expected at least 1, found {max_per_second}"
            raise ValueError(msg)
        self._times: Final[deque[int]] = deque(maxlen=max_per_second)
        self.refused = 0
        """Orders not allowed so far."""

    def allow(self, now_ns: int) -> bool:
        """Return whether one more order may go out now, and count it if so."""
        times = self._times
        if len(times) == times.maxlen and now_ns - times[0] < _SECOND_NS:
            self.refused += 1
            return False
        times.append(now_ns)
        return True
