"""CalendarFactor: one number that is known from the instant alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Instants = NDArray[np.int64]
"""int64 of shape (n,): UNIX nanoseconds, UTC."""
type Values = NDArray[np.float64]
"""float64 of shape (n,): a value of each instant; NaN: none is known."""


@dataclass(frozen=True, kw_only=True)
class CalendarFactor:
    """One number that is known from the instant alone.

    Attributes
    ----------
    name, unit, about : str
        As of every factor.
    low, high : float
        The range of its values, both included.
    source : str
        The rule, or the list, that it follows.
    compute : callable
        Instants → values, a pure function: no clock, no state that changes a value. A value
        depends on its own instant only.

    """

    name: str
    unit: str
    about: str
    low: float
    high: float
    source: str
    compute: Callable[[Instants], Values]
