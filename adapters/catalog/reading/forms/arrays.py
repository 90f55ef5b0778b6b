"""Recorded factors as arrays and as a pandas DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from dolphin_strategies.factors.batch import FactorBatch


def to_arrays(
    batches: Sequence[FactorBatch], names: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return ``ts_init`` (int64, shape (records,)) and values (float64, (records, names)).

    Parameters
    ----------
    batches : sequence of FactorBatch
        All with these factors in this order.
    names : sequence of str
        The factors.

    """
    ts_init = [b.ts_init for b in batches] or [np.empty(0, np.int64)]
    values = [b.values for b in batches] or [np.empty((0, len(names)))]  # noqa: PD011
    return np.concatenate(ts_init), np.concatenate(values)


def to_frame(batches: Sequence[FactorBatch], names: Sequence[str]) -> pd.DataFrame:
    """Return records as a DataFrame: ``ts_init`` in UTC as index, ``ts_event``, ``sequence``
    and the factors as columns.

    Parameters
    ----------
    batches : sequence of FactorBatch
        All with these factors in this order.
    names : sequence of str
        The factors.

    """
    import pandas as pd  # noqa: PLC0415 - not needed for anything else

    empty = np.empty(0, np.int64)
    stamps = {
        name: np.concatenate([getattr(b, name) for b in batches] or [empty])
        for name in ("ts_event", "sequence")
    }
    ts_init, values = to_arrays(batches, names)
    frame = pd.DataFrame(values, columns=list(names), copy=False)
    frame.insert(0, "ts_event", pd.to_datetime(stamps["ts_event"], utc=True))
    frame.insert(1, "sequence", stamps["sequence"])
    return frame.set_index(pd.to_datetime(ts_init, utc=True).rename("ts_init"))
