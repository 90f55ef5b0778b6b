"""Walk-forward folds: each learns from the past of what it is judged on, and not its edge."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Fold:
    """One step of a walk forward.

    Attributes
    ----------
    train, test : int64 array
        Numbers of positions.

    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]


def walk_forward(
    entry_ns: NDArray[np.int64], horizon_ns: int, folds: int, embargo_ns: int
) -> list[Fold]:
    """Divide positions into folds of about equally many, in the order of time.

    The first part is learned from only. Each later one is judged by what was learned from all
    positions whose paths had ended, and another embargo had passed, before its first entry: a
    path that reaches into a fold would tell of it (M. López de Prado, *Advances in Financial
    Machine Learning*, 2018, 7.4).

    Parameters
    ----------
    entry_ns : int64 array of shape (n,)
        Entries, not falling, UNIX nanoseconds.
    horizon_ns : int
        The length of a path, nanoseconds.
    folds : int
        The number of folds.
    embargo_ns : int
        What must pass beyond, nanoseconds.

    """
    found = []
    edges = np.linspace(0, len(entry_ns), folds + 2).astype(int)
    for low, high in pairwise(edges[1:]):
        if high > low:
            last_ns = entry_ns[low] - horizon_ns - embargo_ns
            train = np.flatnonzero(entry_ns < last_ns)
            found.append(Fold(train, np.arange(low, high)))
    return found
