"""Where settlements are missing in a window, and rates that are hardly fractions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from numpy.typing import NDArray

_LATE: Final = 1.5
"""A settlement is missing where the next one is more than 1.5 intervals away."""
USUAL_RATE: Final = 0.005
"""Rates of which half are above it are likely in percent."""


def holes(
    instants: NDArray[np.int64], intervals_ns: NDArray[np.int64], span: tuple[int, int]
) -> list[tuple[int, int]]:
    """Return the parts of a span in which settlements are missing.

    Parameters
    ----------
    instants : int64 array of shape (settlements,)
        Those of the span and, as far as they are known, around it, UNIX nanoseconds, rising.
    intervals_ns : int64 array of shape (settlements,)
        The interval that each ended, nanoseconds; 0 where it is not known: there a distance is a
        hole if it is much longer than those before and after it.
    span : tuple of int
        Settlements later than the first and before the second are due, UNIX nanoseconds.

    Returns
    -------
    list of tuple of int
        Each from the last settlement before to the first after it, within the span.

    """
    start_ns, end_ns = span
    if start_ns >= end_ns:
        return []
    if not len(instants):
        return [span]
    distances = np.diff(instants)
    steps = intervals_ns.copy()
    around = np.concatenate([[0], distances, [0]])
    for i in np.flatnonzero(steps == 0).tolist():
        # Of the second one nothing tells whether its distance is usual.
        before, after = int(around[max(i - 1, 1)]) if i else 0, int(around[i + 1])
        steps[i] = max(before, after)
    # What is stated of a settlement or of the one after it: at a change either may be meant.
    known = steps > 0
    are_stated = (intervals_ns[1:] > 0) & (intervals_ns[:-1] > 0)
    longer = np.where(are_stated, np.maximum(steps[1:], steps[:-1]), steps[1:])
    is_late = (longer > 0) & (distances > _LATE * longer)
    found = [(int(instants[i]), int(instants[i + 1])) for i in np.flatnonzero(is_late)]
    if known[0] and instants[0] - steps[0] > start_ns:
        found.insert(0, (start_ns, int(instants[0])))
    if known[-1] and instants[-1] + steps[-1] < end_ns - 1:
        found.append((int(instants[-1]), end_ns - 1))
    cut = [(max(a, start_ns), min(b, end_ns - 1)) for a, b in found]
    return [(a, b) for a, b in cut if a < b]


def are_hardly_fractions(rates: Sequence[Decimal]) -> bool:
    """Return whether half of the rates are so high that they are likely in percent."""
    return bool(rates) and float(np.median([abs(float(r)) for r in rates])) > USUAL_RATE
