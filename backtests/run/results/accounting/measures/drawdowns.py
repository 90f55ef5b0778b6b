"""Drawdowns: the falls of a series from its highest value so far, with their dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Drawdown:
    """One fall from a peak, until the peak is reached again.

    Attributes
    ----------
    start_ns, trough_ns : int
        The instants of the peak and of the lowest value, UNIX nanoseconds.
    recovery_ns : int, optional
        The first instant at which the peak was reached again; None if it was not.
    amount : float
        The lowest value minus the peak: below 0, in the unit of the series.
    fraction : float, optional
        The same, divided by the peak; None if the peak is not above 0.

    """

    start_ns: int
    trough_ns: int
    recovery_ns: int | None
    amount: float
    fraction: float | None


def underwater(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each value is below the highest one so far: at most 0."""
    return values - np.maximum.accumulate(values)


def drawdowns(ts: NDArray[np.int64], values: NDArray[np.float64], most: int) -> list[Drawdown]:
    """Return the deepest drawdowns, the deepest one first.

    Parameters
    ----------
    ts : int64 array of shape (instants,)
        UNIX nanoseconds, rising.
    values : float64 array of shape (instants,)
        The series, without NaN.
    most : int
        How many at most.

    """
    if not len(values):
        return []
    below = underwater(values)
    is_below = below < 0
    edges = np.flatnonzero(np.diff(is_below, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    depths = np.minimum.reduceat(np.append(below, 0.0), edges)[::2] if len(edges) else below[:0]
    found = []
    for i in np.argsort(depths, kind="stable")[:most]:
        start, end = int(starts[i]), int(ends[i])
        trough = start + int(np.argmin(below[start:end]))
        peak = float(values[start - 1])
        found.append(
            Drawdown(
                start_ns=int(ts[start - 1]),
                trough_ns=int(ts[trough]),
                recovery_ns=int(ts[end]) if end < len(ts) else None,
                amount=float(below[trough]),
                fraction=float(below[trough]) / peak if peak > 0 else None,
            )
        )
    return found
