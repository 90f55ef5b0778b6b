"""Rows of spans in the order of time, each instant once, and cells that are empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray


def present(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return text of which empty cells are none."""
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def once_each(
    table: pa.Table, at_ns: NDArray[np.int64]
) -> tuple[pa.Table, NDArray[np.int64], dict[str, int]]:
    """Return rows in the order of time, of each instant the first.

    Parameters
    ----------
    table : pyarrow.Table
        The rows.
    at_ns : int64 array of shape (rows,)
        UNIX nanoseconds.

    Returns
    -------
    tuple
        Rows, their instants, and how many rows were not so, by reason.

    """
    order = np.argsort(at_ns, kind="stable")
    is_new = np.diff(at_ns[order], prepend=-1) > 0
    notes = {
        "not in order": int((np.diff(at_ns) < 0).sum()),
        "repeated": int((~is_new).sum()),
    }
    notes = {why: count for why, count in notes.items() if count}
    if notes:
        kept = order[is_new]
        table, at_ns = table.take(pa.array(kept)), at_ns[kept]
    return table, at_ns, notes
