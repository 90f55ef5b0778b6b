"""Ranks of chosen rows, from one sort of all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def value_order(values: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the positions of the values from the lowest to the highest, without those of NaN.

    Parameters
    ----------
    values : float64 array of shape (rows,)
        NaN: no value.

    Returns
    -------
    int32 array of shape (values that are not NaN,)
        Equal values in the order of their positions.

    """
    # NaN sorts last.
    order = np.argsort(values, kind="stable")[: np.count_nonzero(~np.isnan(values))]
    return order.astype(np.int32)


def ranks_of(
    values: NDArray[np.float64],
    order: NDArray[np.int32],
    keep: NDArray[np.bool_],
    groups: NDArray[np.uint8] | None = None,
) -> NDArray[np.float64]:
    """Return the ranks of the rows that are kept; equal values have their mean rank.

    Parameters
    ----------
    values : float64 array of shape (rows,)
        The values.
    order : int32 array
        Their order by :func:`value_order`.
    keep : bool array of shape (rows,)
        The rows to rank, none of them NaN.
    groups : uint8 array of shape (rows,), optional
        Ranks are then those within each group, up to one constant a group, which no correlation
        within groups contains.

    Returns
    -------
    float64 array of shape (rows kept,)
        From 1, in the order of the rows.

    """
    chosen = order[keep[order]]
    if groups is not None:
        # Of small integers a stable sort is a radix sort, which takes linear time.
        chosen = chosen[np.argsort(groups[chosen], kind="stable")]
    if not len(chosen):
        return np.empty(0)
    ordered = values[chosen]
    is_first = np.empty(len(chosen), np.bool_)
    is_first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    if groups is not None:
        own = groups[chosen]
        is_first[1:] |= own[1:] != own[:-1]
    ranks = np.empty(len(values))
    if is_first.all():
        ranks[chosen] = np.arange(1, len(chosen) + 1)
    else:
        firsts = np.flatnonzero(is_first)
        counts = np.diff(firsts, append=len(chosen))
        ranks[chosen] = np.repeat(firsts + (counts + 1) / 2, counts)
    return ranks[keep]
