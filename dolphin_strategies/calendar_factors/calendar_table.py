"""CALENDAR_FACTORS: every calendar factor by its name, and their values at instants."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.calendar_factors.families import (
    cycles,
    fixed_instants,
    moon,
    releases,
    sessions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from dolphin_strategies.calendar_factors.calendar_factor import CalendarFactor

CALENDAR_FACTORS: Final[Mapping[str, CalendarFactor]] = {
    factor.name: factor
    for family in (cycles, sessions, fixed_instants, releases, moon)
    for factor in family.FACTORS
}
"""Name → factor, in the order of the schema."""


def calendar_factor(name: str) -> CalendarFactor:
    """Return a factor by its name.

    Raises
    ------
    ValueError
        If there is none, with the nearest.

    """
    if name not in CALENDAR_FACTORS:
        near = get_close_matches(name, CALENDAR_FACTORS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        msg = f"no calendar factor {name!r}{hint}"
        raise ValueError(msg)
    return CALENDAR_FACTORS[name]


def calendar_columns(
    instants_ns: NDArray[np.int64], names: Iterable[str] | None = None
) -> NDArray[np.float64]:
    """Return the values of calendar factors.

    Parameters
    ----------
    instants_ns : int64 array of shape (n,)
        UNIX nanoseconds, in any order.
    names : iterable of str, optional
        Which factors (default: all).

    Returns
    -------
    float64 array of shape (n, factors)
        C-contiguous; NaN where a value is not known. A row depends on its own instant only.

    Raises
    ------
    ValueError
        If a name is none.

    """
    at = np.asarray(instants_ns, np.int64)
    found = [calendar_factor(n) for n in (CALENDAR_FACTORS if names is None else names)]
    columns = np.empty((len(at), len(found)))
    for place, factor in enumerate(found):
        columns[:, place] = factor.compute(at)
    return columns


def calendar_values(instant_ns: int) -> dict[str, float]:
    """Return all calendar factors at an instant, UNIX nanoseconds."""
    row = calendar_columns(np.array([instant_ns], np.int64))[0]
    return dict(zip(CALENDAR_FACTORS, row.tolist(), strict=True))
