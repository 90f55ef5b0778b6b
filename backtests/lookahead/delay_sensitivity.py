"""DelaySensitivity: what a factor's own update interval more of delay does to a result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adapters.catalog import FactorCatalog

_SLOW_NS: Final = 60_000_000_000
"""A factor that changes less often than this is published by somebody, with a delay."""
_SIGNIFICANT: Final = 2.0
_COLLAPSE: Final = 0.5
"""Part of the profit that is left at most when a result has collapsed."""


@dataclass(frozen=True, kw_only=True)
class DelaySensitivity:
    """What one factor's own update interval more of delay does to the result.

    Attributes
    ----------
    factor : str
        Its name.
    interval_ns : int
        Its typical update interval, nanoseconds.
    gross, delayed_gross : float
        PnL before fees as it is, and with the delay; in the currency of the positions.
    has_collapsed : bool
        Whether a profit that was no accident is gone, by half or more.

    """

    factor: str
    interval_ns: int
    gross: float
    delayed_gross: float
    has_collapsed: bool

    @property
    def is_suspicious(self) -> bool:
        """Whether it may well be a missing publication delay; a fast factor may be worth it."""
        return self.has_collapsed and self.interval_ns >= _SLOW_NS


def has_collapsed(gross: Sequence[float], delayed: Sequence[float]) -> bool:
    """Return whether a profit that was no accident is gone, by half or more.

    No accident: twice what the same results with signs at random would come to.

    Parameters
    ----------
    gross, delayed : sequence of float
        What each position earned before fees, as it is and with the delay.

    """
    profit, noise = sum(gross), math.sqrt(sum(g * g for g in gross))
    return profit > _SIGNIFICANT * noise and sum(delayed) <= _COLLAPSE * profit


def typical_interval_ns(factors: FactorCatalog, name: str, window: tuple[int, int]) -> int | None:
    """Return the median time between two changes of a factor's value.

    Parameters
    ----------
    factors : FactorCatalog
        The catalog.
    name : str
        The factor.
    window : tuple of int
        Its start and its end, which is not in it, UNIX nanoseconds.

    Returns
    -------
    int or None
        Nanoseconds; None if it changes less than twice.

    """
    changes: list[NDArray[np.int64]] = []
    last = np.nan
    for batch in factors.batches(*window, names=[name]):
        values = batch.values[:, 0]
        known = np.flatnonzero(~np.isnan(values))
        if len(known):
            changed = np.diff(values[known], prepend=last) != 0
            changes.append(batch.ts_init[known[changed]])
            last = values[known[-1]]
    gaps = np.diff(np.concatenate(changes)) if changes else np.empty(0)
    return int(np.median(gaps)) if len(gaps) else None
