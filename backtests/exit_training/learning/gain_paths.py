"""GainPaths: what each position had gained at each step after its entry."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from typing import Self

type Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GainPaths:
    """Positions in the order of their entries, each followed over the same number of steps.

    Gains are fractions of the entry price, before costs. After a position's own end, which is the
    end of its path, everything stands still.

    Attributes
    ----------
    entry_ns : int64 array of shape (n,)
        When they were opened, UNIX nanoseconds.
    asset : int64 array of shape (n,)
        The number of the instrument.
    side : int64 array of shape (n,)
        1 if long, -1 if short.
    gain : float64 array of shape (n, steps + 1)
        The gain at the end of each step; the first one is at the entry.
    best, worst : float64 array of shape (n, steps + 1)
        The largest gain and the largest loss until then, 0 or more.
    ranges : float64 array of shape (n, steps + 1)
        The average true range of an interval then, as a fraction of the price.
    unit : float64 array of shape (n,)
        The standard deviation of the return over all steps, as known at the entry.
    factors : float64 array of shape (n, steps + 1, k)
        Values of factors then.

    """

    entry_ns: NDArray[np.int64]
    asset: NDArray[np.int64]
    side: NDArray[np.int64]
    gain: Floats
    best: Floats
    worst: Floats
    ranges: Floats
    unit: Floats
    factors: Floats

    @property
    def steps(self) -> int:
        """The number of steps."""
        return int(self.gain.shape[1]) - 1

    def __len__(self) -> int:
        return len(self.entry_ns)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return some of the positions, by their numbers or a mask."""
        return type(self)(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})
