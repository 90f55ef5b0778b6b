"""How an import is cut into pieces for the catalog."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from backtests.importing.catalog_import import _slices
from backtests.importing.content.states import ROWS_AT_ONCE


def test_pieces_have_every_row_once_and_no_stamp_is_in_two() -> None:
    """Files of one folder that shared a stamp would overlap, and Nautilus refuses those."""
    stamps = np.repeat(np.arange(ROWS_AT_ONCE, dtype=np.int64), 3)
    stamps[ROWS_AT_ONCE - 5 : ROWS_AT_ONCE + 9] = stamps[ROWS_AT_ONCE - 5]
    stamps = np.sort(stamps)
    pieces = list(_slices(stamps))
    assert len(pieces) >= 3
    assert np.concatenate([stamps[p] for p in pieces]).tolist() == stamps.tolist()
    for one, other in pairwise(pieces):
        assert stamps[one.stop - 1] < stamps[other.start]


def test_many_rows_of_one_stamp_are_one_piece() -> None:
    """There is no place to cut."""
    stamps = np.full(ROWS_AT_ONCE + 1, 7, np.int64)
    assert list(_slices(stamps)) == [slice(0, ROWS_AT_ONCE + 1)]
    assert list(_slices(stamps[:0])) == []
