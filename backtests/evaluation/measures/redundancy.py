"""Redundancy: which factors say the same, by clusters of their rank correlation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAME: Final = 0.7
"""Mean absolute rank correlation from which on factors are in one cluster."""
_ROWS: Final = 16_384
"""Rows at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Redundancy:
    """Clusters of factors.

    Attributes
    ----------
    correlations : float64 array of shape (factors, factors)
        Rank correlations over the instants at which both have a value; NaN: none.
    clusters : int64 array of shape (factors,)
        The number of each factor's cluster, from 1.
    order : int64 array of shape (factors,)
        The factors so that those of a cluster are side by side.

    """

    correlations: NDArray[np.float64]
    clusters: NDArray[np.int64]
    order: NDArray[np.int64]


def pairwise_correlations(ranks: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return Pearson's correlation of each two columns over the rows in which both have a value.

    Parameters
    ----------
    ranks : float32 array of shape (rows, factors)
        Ranks scaled to -1 to 1; NaN: no value.

    Returns
    -------
    float64 array of shape (factors, factors)

    """
    count = ranks.shape[1]
    n, x, xx, xy = (np.zeros((count, count)) for _ in range(4))
    for first in range(0, len(ranks), _ROWS):
        piece = ranks[first : first + _ROWS]
        has_value = ~np.isnan(piece)
        mask = has_value.astype(np.float32)
        values = np.where(has_value, piece, np.float32(0))
        n += mask.T @ mask
        x += values.T @ mask
        xx += (values * values).T @ mask
        xy += values.T @ values
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = xx - x * x / n
        found = (xy - x * x.T / n) / np.sqrt(spread * spread.T)
    found[~np.isfinite(found)] = np.nan
    return np.clip(found, -1.0, 1.0)


def redundancy(ranks: NDArray[np.float32]) -> Redundancy:
    """Return the clusters of some factors.

    Parameters
    ----------
    ranks : float32 array of shape (rows, factors)
        As for :func:`pairwise_correlations`.

    Notes
    -----
    Average linkage of one minus the absolute correlation (``scipy.cluster.hierarchy``), cut at
    0.3; without a correlation the distance is 1.

    """
    found = pairwise_correlations(ranks)
    count = len(found)
    if count < 2:
        return Redundancy(
            correlations=found, clusters=np.ones(count, np.int64), order=np.arange(count)
        )
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage  # noqa: PLC0415
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    distance = 1.0 - np.nan_to_num(np.abs(found))
    distance = (distance + distance.T) / 2
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average")
    return Redundancy(
        correlations=found,
        clusters=fcluster(tree, 1.0 - SAME, criterion="distance").astype(np.int64),
        order=leaves_list(tree).astype(np.int64),
    )
