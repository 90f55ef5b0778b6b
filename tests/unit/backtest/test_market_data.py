"""What a backtest reads of a catalog's market data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nautilus_trader.model import InstrumentId, Price, Quantity, QuoteTick

from adapters.catalog import RecordingWriter
from adapters.catalog.files.market_tables import quotes_folder, quotes_to_arrow
from adapters.catalog.files.spool_conversion import ROW_GROUP_ROWS
from backtests.inputs.market_data import MarketData

if TYPE_CHECKING:
    from pathlib import Path

BTCUSDT = InstrumentId.from_str("BTCUSDT.BINANCE")


def test_quotes_of_one_instant_keep_their_order(tmp_path: Path) -> None:
    """Also where a row group ends between them, and at any size of the pieces."""
    size, count = Quantity(1, 3), 3 * ROW_GROUP_ROWS
    quotes = [
        # Ten quotes an instant: 8,192 is no multiple of ten.
        QuoteTick(BTCUSDT, Price(i, 1), Price(i + 1, 1), size, size, i, 10**18 + i // 10)
        for i in range(count)
    ]
    with RecordingWriter(tmp_path, source="test") as recording:
        recording.write_table(quotes_folder(BTCUSDT), quotes_to_arrow(quotes))
    data = MarketData(tmp_path)
    (table,) = data.tables()
    for max_rows in (1_000, 100_000):
        read = [
            row
            for piece in data.pieces(table, table.first_ns, table.last_ns + 1, max_rows)
            for row in piece.items(0, len(piece.ts))
        ]
        assert [q.ts_event for q in read] == list(range(count))
