"""DelaySensitivity: the effect on a result of delaying a factor by its own update interval."""

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
"""A factor that changes less often than this is usually published with a delay."""
_SIGNIFICANT: Final = 2.0
_COLLAPSE: Final = 0.5
"""The largest share of the profit that remains when a result has collapsed."""


@dataclass(frozen=True, kw_only=True)
class DelaySensitivity:
    """The effect on the result of delaying one factor by its own update interval.

    Attributes
    ----------
    factor : str
        Its name.
    interval_ns : int
        Its typical update interval, nanoseconds.
    gross, delayed_gross : float
        PnL before fees without and with the delay, in the currency of the positions.
    has_collapsed : bool
        Whether a significant profit is reduced by half or more.

    """

    factor: str
    interval_ns: int
    gross: float
    delayed_gross: float
    has_collapsed: bool

    @property
    def is_suspicious(self) -> bool:
        """Whether a missing publication delay is likely; a fast factor may really be worth it."""
        return self.has_collapsed and self.interval_ns >= _SLOW_NS


def has_collapsed(gross: Sequence[float], delayed: Sequence[float]) -> bool:
    """Return whether a significant profit is reduced by half or more.

    Significant: more than twice the standard deviation of the profit with random signs.

    Parameters
    ----------
    gross, delayed : sequence of float
        The profit of each position before fees, without and with the delay.

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
        Its start and its exclusive end, UNIX nanoseconds.

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
