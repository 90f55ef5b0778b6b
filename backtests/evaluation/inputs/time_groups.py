"""Groups of instants: by month, by hour of the day, and by volatility as it was known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adapters.command.durations import DAY_NS
from backtests.evaluation.measures.past_quantiles import past_quantiles

_LEAST_STEPS: Final = 20
_MOST_GROUPS: Final = 250


@dataclass(frozen=True, kw_only=True, eq=False)
class TimeGroups:
    """A division of the instants; each is only equal to itself.

    Attributes
    ----------
    labels : tuple of str
        The groups in their order.
    groups : uint8 array of shape (instants,)
        The group of each instant; 255: none.

    """

    labels: tuple[str, ...]
    groups: NDArray[np.uint8]


def months(instants: NDArray[np.int64]) -> TimeGroups:
    """Return the calendar months in UTC; of more than 250 the years."""
    stamps = instants.astype("datetime64[ns]")
    unit = "M" if len(np.unique(stamps.astype("datetime64[M]"))) <= _MOST_GROUPS else "Y"
    found, groups = np.unique(stamps.astype(f"datetime64[{unit}]"), return_inverse=True)
    return TimeGroups(labels=tuple(map(str, found)), groups=groups.astype(np.uint8))


def hours(instants: NDArray[np.int64]) -> TimeGroups:
    """Return the hours of the day in UTC."""
    groups = (instants % DAY_NS // (DAY_NS // 24)).astype(np.uint8)
    return TimeGroups(labels=tuple(f"{hour:02d}" for hour in range(24)), groups=groups)


def regimes(known: NDArray[np.float64], step_ns: int) -> TimeGroups:
    """Return terciles of the volatility, each by what was known at its instant.

    Parameters
    ----------
    known : float64 array of shape (instants,)
        The last price known at each instant; NaN: none.
    step_ns : int
        The distance of two instants.

    Notes
    -----
    The volatility is the root mean square of the steps' log returns over the last day, or a
    twentieth of the instants where that is shorter, at least 20; its terciles have the bounds of
    the volatilities before, see ``past_quantiles``.

    """
    steps = max(min(DAY_NS // step_ns, len(known) // 20), _LEAST_STEPS)
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.diff(np.log(known), prepend=np.nan) ** 2
    has_value = np.isfinite(squares)
    total = np.concatenate([[0.0], np.cumsum(np.where(has_value, squares, 0.0))])
    count = np.concatenate([[0], np.cumsum(has_value)])
    volatility = np.full(len(known), np.nan)
    n = count[steps:] - count[:-steps]
    is_known = n >= steps // 2
    mean = np.maximum(total[steps:] - total[:-steps], 0.0) / np.maximum(n, 1)
    volatility[steps - 1 :] = np.where(is_known, np.sqrt(mean), np.nan)
    groups = past_quantiles(volatility, 3)
    return TimeGroups(labels=("calm", "usual", "wild"), groups=groups)
