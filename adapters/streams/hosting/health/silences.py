"""Silences: when the connections of a silent venue are renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST: Final = 20
"""Times the first limit: the longest distance between two renewals."""


class Silences:
    """Tell how long a venue has been silent, once it is time to renew its connections.

    The first time after ``first_s``, then after twice as long each time, up to ``LONGEST`` times
    ``first_s``, until it speaks again. All instants are of the monotonic clock, seconds.

    Parameters
    ----------
    names : iterable of str
        The venues.
    first_s : float
        The limit, seconds.

    """

    def __init__(self, names: Iterable[str], first_s: float) -> None:
        self._first_s: Final = first_s
        self._limit_s: Final = dict.fromkeys(names, first_s)
        self._renewed_s: Final = dict.fromkeys(self._limit_s, 0.0)

    def begin(self, name: str, now_s: float) -> None:
        """Take note that a venue gets its connections now."""
        self._renewed_s[name] = now_s

    def speaks(self, name: str, silent_s: float) -> bool:
        """Return whether a venue has spoken within the limit."""
        if silent_s >= self._first_s:
            return False
        self._limit_s[name] = self._first_s
        return True

    def is_due(self, name: str, silent_s: float, now_s: float) -> bool:
        """Return whether the connections of a venue should be renewed; the next time is later."""
        if min(silent_s, now_s - self._renewed_s[name]) < self._limit_s[name]:
            return False
        self._limit_s[name] = min(self._limit_s[name] * 2, self._first_s * LONGEST)
        self._renewed_s[name] = now_s
        return True
