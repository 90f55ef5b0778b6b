"""InstantTable: instants that are known from a list, and the minutes to and from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MINUTE_NS = 60_000_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class InstantTable:
    """Instants of one kind, all of them within a range of validity.

    Attributes
    ----------
    instants : int64 array of shape (n,)
        Ascending, UNIX nanoseconds.
    first_ns, end_ns : int
        From where on the list is complete, and up to where; outside nothing is known.

    """

    instants: NDArray[np.int64]
    first_ns: int
    end_ns: int

    def minutes_to(self, at: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the minutes to the next instant after each; NaN where none is known."""
        place = np.searchsorted(self.instants, at, side="right")
        found = np.append(self.instants, 0)[place]
        is_known = self._is_valid(at) & (place < len(self.instants))
        return np.where(is_known, (found - at) / MINUTE_NS, np.nan)

    def minutes_from(self, at: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the minutes since the last instant, which may be now; NaN where none is known."""
        place = np.searchsorted(self.instants, at, side="right")
        found = np.insert(self.instants, 0, 0)[place]
        is_known = self._is_valid(at) & (place > 0)
        return np.where(is_known, (at - found) / MINUTE_NS, np.nan)

    def _is_valid(self, at: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (at >= self.first_ns) & (at < self.end_ns)
