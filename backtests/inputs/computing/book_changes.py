"""Changes of a book at one instant as one datum, where the order of delivery is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from nautilus_trader.model import OrderBookDeltas

from backtests.engine.merged_chunks import StreamPiece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.catalog.reading.market.market_tables import MarketTable


def with_whole_changes(table: MarketTable, pieces: Iterator[StreamPiece]) -> Iterator[StreamPiece]:
    """Return the pieces of a table; changes of a book at one instant are one datum, as live."""
    return map(_whole, pieces) if table.kind == "order_book_deltas" else pieces


def _whole(piece: StreamPiece) -> StreamPiece:
    firsts = np.flatnonzero(np.diff(piece.ts, prepend=-1))
    ends = [*firsts[1:].tolist(), len(piece.ts)]
    deltas = piece.items(0, len(piece.ts))
    whole = [
        OrderBookDeltas(deltas[first].instrument_id, deltas[first:end])
        for first, end in zip(firsts.tolist(), ends, strict=True)
    ]
    return StreamPiece(piece.ts[firsts], lambda i, j: whole[i:j])
