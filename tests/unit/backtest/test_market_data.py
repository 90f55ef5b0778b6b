"""What a backtest reads of a catalog's market data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from nautilus_trader.model import (
    AggressorSide,
    Bar,
    BarType,
    BookAction,
    BookOrder,
    InstrumentId,
    OrderBookDelta,
    OrderSide,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import RecordingWriter
from adapters.catalog.files.market_tables import quotes_folder, quotes_to_arrow
from adapters.catalog.files.spool_conversion import ROW_GROUP_ROWS
from backtests.inputs.market_data import MarketData

if TYPE_CHECKING:
    from collections.abc import Callable
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


def test_an_empty_row_group_is_no_damage(tmp_path: Path) -> None:
    """Other writers leave one behind, between others or alone."""
    size = Quantity(1, 3)
    quotes = [QuoteTick(BTCUSDT, Price(1, 1), Price(2, 1), size, size, i, i) for i in range(10)]
    rows = quotes_to_arrow(quotes)
    folder = tmp_path / "data" / quotes_folder(BTCUSDT)
    folder.mkdir(parents=True)
    with pq.ParquetWriter(folder / "quotes.parquet", rows.schema) as file:
        for part in (rows[:4], rows[:0], rows[4:]):
            file.write_batch(part)
    data = MarketData(tmp_path)
    (table,) = data.tables()
    read = [
        row
        for piece in data.pieces(table, table.first_ns, table.last_ns + 1, 100)
        for row in piece.items(0, len(piece.ts))
    ]
    assert read == quotes


def price(i: int) -> Price:
    """Return a price that needs all of its digits."""
    return Price.from_str(f"{60_000 + i}.{i % 100:02d}")


def size(i: int) -> Quantity:
    """Return a size that needs all of its digits."""
    return Quantity.from_str(f"{i + 1}.00000001")


def quote(i: int) -> QuoteTick:
    """Return a quote."""
    return QuoteTick(BTCUSDT, price(i), price(i + 1), size(i), size(i + 2), i, 10**18 + i)


def trade(i: int) -> TradeTick:
    """Return a trade of either side, or of none that is known."""
    side = (AggressorSide.BUY, AggressorSide.SELL, AggressorSide.NO_AGGRESSOR)[i % 3]
    return TradeTick(BTCUSDT, price(i), size(i), side, TradeId(f"t{i}"), i, 10**18 + i)


def bar(i: int) -> Bar:
    """Return a bar."""
    kind = BarType.from_str(f"{BTCUSDT}-1-MINUTE-LAST-EXTERNAL")
    return Bar(kind, price(i), price(i + 2), price(i), price(i + 1), size(i), i, 10**18 + i)


def delta(i: int) -> OrderBookDelta:
    """Return a change of a book; every tenth clears it."""
    ts = i, 10**18 + i
    if i % 10 == 0:
        return OrderBookDelta.clear(BTCUSDT, i, *ts)
    order = BookOrder((OrderSide.BUY, OrderSide.SELL)[i % 2], price(i), size(i), i)
    return OrderBookDelta(BTCUSDT, BookAction.UPDATE, order, i % 4, i, *ts)


@pytest.mark.parametrize(
    ("kind", "make"),
    [("quotes", quote), ("trades", trade), ("bars", bar), ("order_book_deltas", delta)],
)
def test_rows_are_those_that_were_written(
    tmp_path: Path, kind: Any, make: Callable[[int], Any]
) -> None:
    """Over several files and row groups, in windows that cut both, to the last digit."""
    catalog = ParquetDataCatalog(str(tmp_path), max_row_group_size=64)
    write: Any = {
        "quotes": catalog.write_quote_ticks,
        "trades": catalog.write_trade_ticks,
        "bars": catalog.write_bars,
        "order_book_deltas": catalog.write_order_book_deltas,
    }[kind]
    rows = [make(i) for i in range(1, 1_001)]
    for first in range(0, 1_000, 250):
        write(rows[first : first + 250])
    data = MarketData(tmp_path)
    (table,) = data.tables((kind,))
    for first, end in ((1, 1_001), (100, 900), (251, 252), (300, 300)):
        pieces = list(data.pieces(table, 10**18 + first, 10**18 + end, 50))
        read = [row for piece in pieces for row in piece.items(0, len(piece.ts))]
        assert read == rows[first - 1 : end - 1]
        assert [ts for piece in pieces for ts in piece.ts.tolist()] == [r.ts_init for r in read]


def test_files_that_overlap_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    """Rows of one instant in the order of the files."""
    for name, ids in (("one", range(0, 100, 2)), ("two", range(1, 100, 2))):
        with RecordingWriter(tmp_path, source="test", name=name) as recording:
            recording.write_table(quotes_folder(BTCUSDT), quotes_to_arrow([*map(quote, ids)]))
    data = MarketData(tmp_path)
    (table,) = data.tables()
    for max_rows in (7, 1_000):
        pieces = data.pieces(table, table.first_ns, table.last_ns + 1, max_rows)
        read = [row for piece in pieces for row in piece.items(0, len(piece.ts))]
        assert read == [quote(i) for i in range(100)]
