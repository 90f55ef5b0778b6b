"""A window of time divided into closed windows of about equally many rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class RowSpan:
    """Consecutive rows of a file.

    Attributes
    ----------
    first_ns, last_ns : int
        ``ts_init`` of the first and of the last of them, UNIX nanoseconds.
    rows : int
        The number of rows.

    """

    first_ns: int
    last_ns: int
    rows: int


def windows(
    spans: Sequence[RowSpan], start_ns: int, end_ns: int, max_rows: int
) -> list[tuple[int, int]]:
    """Divide a half-open window into closed windows of about ``max_rows`` rows each.

    Parameters
    ----------
    spans : sequence of RowSpan
        The spans of the rows; one with more than ``max_rows`` is divided evenly in time.
    start_ns, end_ns : int
        The window, half-open, UNIX nanoseconds.
    max_rows : int
        The approximate number of rows of a window.

    Returns
    -------
    list of tuple of int
        The first and the last instant of each window, both included; windows without rows are
        left out.

    """
    edges: list[tuple[int, int]] = []
    for span in spans:
        parts = -(-span.rows // max_rows)
        width_ns = (span.last_ns - span.first_ns) // parts
        edges += [(span.first_ns + width_ns * i, span.rows // parts) for i in range(1, parts)]
        edges.append((span.last_ns, span.rows // parts))
    edges = sorted(edge for edge in edges if start_ns <= edge[0] < end_ns)
    # The last edge of each run of about max_rows rows ends a window.
    runs = (np.cumsum([rows for _, rows in edges]) - 1) // max_rows
    is_last = np.append(np.diff(runs) > 0, True)
    ends = [at for (at, _), last in zip(edges, is_last, strict=False) if last]
    starts = [start_ns, *(at + 1 for at in ends)]
    cut = [*zip(starts, [*ends, end_ns - 1], strict=True)]
    return [
        (first, last)
        for first, last in cut
        if first <= last and any(s.first_ns <= last and s.last_ns >= first for s in spans)
    ]
