"""Chunks: bounded, in order, and never through the middle of an instant."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from adapters.catalog.reading.market.row_windows import RowSpan, windows
from backtests.engine.merged_chunks import StreamPiece, chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def stream(name: str, ts: NDArray[np.int64], size: int) -> Iterator[StreamPiece]:
    """Yield a stream in pieces; an item is the stream's name, its row and its instant."""
    rows = [(name, i, int(t)) for i, t in enumerate(ts)]
    for at in range(0, len(ts), size):
        part = rows[at : at + size]
        yield StreamPiece(ts[at : at + size], lambda i, j, part=part: part[i:j])  # type: ignore[misc]


@pytest.mark.parametrize("limit", [1, 2, 7, 50, 10_000])
@pytest.mark.parametrize("seed", range(5))
def test_rows_come_in_order_and_ties_in_the_order_of_the_streams(seed: int, limit: int) -> None:
    """All rows once, sorted by instant, then by stream, then as they were."""
    random = np.random.default_rng(seed)
    all_ts = [np.sort(random.integers(0, 60, n)) for n in (100, 0, 37, 250)]
    streams = [stream(str(k), ts, int(random.integers(1, 40))) for k, ts in enumerate(all_ts)]
    got = []
    last_ns = -1
    for chunk in chunks(streams, lambda: limit):
        rows = [row for items in chunk.items for row in items]
        stamps = [row[2] for row in rows]
        assert chunk.rows == len(rows)
        assert min(stamps) > last_ns, "an instant is in one chunk only"
        assert chunk.last_ns == max(stamps)
        assert len(rows) <= limit or len(set(stamps)) == 1
        last_ns = chunk.last_ns
        got += sorted(rows, key=lambda row: (row[2], row[0], row[1]))
    expected = sorted(
        ((str(k), i, int(t)) for k, ts in enumerate(all_ts) for i, t in enumerate(ts)),
        key=lambda row: (row[2], row[0], row[1]),
    )
    assert got == expected


def test_no_more_is_read_than_a_chunk_needs() -> None:
    """A stream is read a piece ahead at most: memory does not grow with its length."""
    read = 0

    def counted() -> Iterator[StreamPiece]:
        nonlocal read
        for piece in stream("a", np.arange(10_000), 10):
            read += len(piece.ts)
            yield piece

    found = chunks([counted()], lambda: 100)
    for n in range(1, 20):
        next(found)
        assert read <= 100 * n + 20


def test_a_piece_may_be_cut_as_often_as_it_has_rows() -> None:
    """Small chunks of a large piece, as a slow strategy makes them."""
    found = chunks([stream("a", np.arange(5_000), 5_000)], lambda: 1)
    assert [chunk.last_ns for chunk in found] == list(range(5_000))


def test_rows_of_the_first_stream_at_an_instant_of_another_are_counted() -> None:
    """They are the ties that the first stream wins."""
    first, second = np.array([1, 2, 2, 5]), np.array([2, 4, 5, 6])
    found = chunks([stream("a", first, 3), stream("b", second, 3)], lambda: 2)
    assert sum(chunk.ties for chunk in found) == 3


@pytest.mark.parametrize("max_rows", [1, 10, 64, 5_000])
def test_windows_cover_the_window_once(max_rows: int) -> None:
    """No instant twice, none left out where there are rows, about as many rows as asked for."""
    spans = [RowSpan(100 * i, 100 * i + 99, 100) for i in range(20) if i not in {7, 8}]
    found = windows(spans, 150, 1_850, max_rows)
    assert found[0][0] == 150
    assert found[-1][1] == 1_849
    assert all(a[1] < b[0] for a, b in pairwise(found))
    covered = {t for a, b in found for t in range(a, b + 1)}
    assert {
        t for s in spans for t in range(s.first_ns, s.last_ns + 1) if 150 <= t < 1_850
    } <= covered
    if max_rows < 5_000:
        assert max(b - a for a, b in found) <= 200 + 2 * max_rows


def test_a_window_without_rows_has_no_windows() -> None:
    """Nothing is asked of the files."""
    assert windows([RowSpan(0, 99, 100)], 200, 300, 10) == []
