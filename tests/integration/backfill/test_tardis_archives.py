"""Tardis's files in a catalog: what Nautilus's own loaders make of them, and live factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nautilus_trader.adapters.tardis import (
    load_tardis_funding_rates,
    load_tardis_quotes,
    load_tardis_trades,
)
from nautilus_trader.model import InstrumentId

from tests.integration.backfill.backfilled import changes, folders, market, run
from tests.support.catalogs.venue_archives import (
    DAY,
    HOUR_MS,
    TARDIS_QUOTES_HEADER,
    TARDIS_TICKER_HEADER,
    TARDIS_TRADES_HEADER,
    lines,
    write_gz,
)

if TYPE_CHECKING:
    from pathlib import Path

PERP = "BTCUSDT-PERP.BINANCE"
US = DAY * 1_000
KEY = ("binance-futures", "BTCUSDT")


def _row(at_us: int, *cells: object) -> list[object]:
    return [*KEY, US + at_us, US + at_us + 9_345, *cells]


def test_trades_are_those_of_nautilus_own_loader(tmp_path: Path) -> None:
    """Every field, with the exchange's time and the time of receipt; small numbers too."""
    rows = [
        _row(3_000, 11, "buy", "0.0765", "0.010"),
        _row(4_000, 12, "sell", "0.07", "150"),
        _row(5_000, 13, "unknown", "7.64e-2", "1.5"),
    ]
    name = "binance-futures_trades_2026-09-22_BTCUSDT.csv.gz"
    path = write_gz(tmp_path / "in" / name, lines(TARDIS_TRADES_HEADER, rows))
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    trades = market(tmp_path / "catalog", "trades", PERP)
    loaded = load_tardis_trades(str(path), 4, 2, InstrumentId.from_str(PERP))
    assert trades == loaded
    assert [t.ts_init - t.ts_event for t in trades] == [9_345_000] * 3


def test_quotes_are_exact_where_the_loader_would_round(tmp_path: Path) -> None:
    """The loader alone takes the bids' precision for the asks and makes 0 of an empty side."""
    rows = [
        _row(3_000, "1.5", "87600.1", "87600", "0.010"),
        _row(4_000, "", "", "87600", "0.010"),
        _row(5_000, "1.0", "87600.2", "87600.2", "1"),
        _row(6_000, "1.0", "87600.3", "87600.2", "1"),
    ]
    name = "binance-futures_book_ticker_2026-09-22_BTCUSDT.csv.gz"
    path = write_gz(tmp_path / "in" / name, lines(TARDIS_QUOTES_HEADER, rows))
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    quotes = market(tmp_path / "catalog", "quotes", PERP)
    assert [(str(q.bid_price), str(q.ask_price)) for q in quotes] == [
        ("87600.0", "87600.1"),
        ("87600.2", "87600.3"),
    ]
    loaded = load_tardis_quotes(str(path), 1, 2, InstrumentId.from_str(PERP))
    assert quotes == [loaded[0], loaded[3]]


@pytest.mark.long
def test_many_blocks_are_as_one(tmp_path: Path) -> None:
    """A file of more text than is read at once gives each row, in order."""
    count = 90_000
    rows = (_row(i, i, "buy" if i % 2 else "sell", f"{100 + i % 7}.5", "1") for i in range(count))
    name = "binance-futures_trades_2026-09-22_BTCUSDT.csv.gz"
    write_gz(tmp_path / "in" / name, lines(TARDIS_TRADES_HEADER, rows))
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    trades = market(tmp_path / "catalog", "trades", PERP)
    assert [int(t.trade_id.value) for t in trades] == list(range(count))


@pytest.mark.parametrize(
    ("exchange", "symbol", "instrument"),
    [
        ("binance", "BTCUSDT", "BTCUSDT.BINANCE"),
        ("binance-futures", "BTCUSDT_261225", "BTCUSDT_261225.BINANCE"),
        ("bybit", "BTCUSDT", "BTCUSDT-LINEAR.BYBIT"),
        ("bybit", "BTCUSD", "BTCUSD-INVERSE.BYBIT"),
        ("bybit-spot", "BTCUSDT", "BTCUSDT-SPOT.BYBIT"),
        ("okex-swap", "BTC-USDT-SWAP", "BTC-USDT-SWAP.OKX"),
        ("deribit", "BTC-PERPETUAL", "BTC-PERPETUAL.DERIBIT"),
    ],
)
def test_instruments_have_the_names_of_nautilus_clients(
    tmp_path: Path, exchange: str, symbol: str, instrument: str
) -> None:
    """The name that the venue's live data have, which other archives give too."""
    row = [exchange, symbol, US, US + 5, "1", "buy", "100.5", "2"]
    name = f"{exchange}_trades_2026-09-22_X.csv.gz"
    write_gz(tmp_path / "in" / name, lines(TARDIS_TRADES_HEADER, [row]))
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    assert folders(tmp_path / "catalog", "trades") == [instrument]


def test_what_is_left_open_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Liquidations look like trades, and not every venue's have a type; an unknown exchange."""
    row = _row(1, "1", "buy", "100", "1")
    text = lines(TARDIS_TRADES_HEADER, [row])
    write_gz(tmp_path / "in/a/data.csv.gz", text)
    deribit = lines(TARDIS_TRADES_HEADER, [["deribit", "BTC-PERPETUAL", *row[2:]]])
    write_gz(tmp_path / "in/b/deribit_liquidations_2026-09-22_BTC-PERPETUAL.csv.gz", deribit)
    other = lines(TARDIS_TRADES_HEADER, [["moon", *row[1:]]])
    write_gz(tmp_path / "in/c/moon_trades_2026-09-22_BTCUSDT.csv.gz", other)
    two = lines(TARDIS_TRADES_HEADER, [row, [row[0], "ETHUSDT", *row[2:]]])
    write_gz(tmp_path / "in/d/binance-futures_trades_2026-09-22_FUTURES.csv.gz", two)
    assert run(tmp_path / "in", tmp_path / "catalog") == 1
    told = capsys.readouterr().err
    assert all(f"{folder}/" in told for folder in "abcd")
    assert not folders(tmp_path / "catalog", "trades")


def test_liquidations_have_the_types_of_the_live_clients(tmp_path: Path) -> None:
    """Binance's are orders, Bybit's positions: what is sold was a long one."""
    rows = [
        _row(1, "1", "sell", "60000.5", "0.25"),
        _row(2, "2", "buy", "60001", "1"),
        _row(3, "3", "unknown", "60001", "1"),
    ]
    of_bybit = [["bybit", *row[1:]] for row in rows]
    for exchange, own in (("binance-futures", rows), ("bybit", of_bybit)):
        name = f"in/{exchange}_liquidations_2026-09-22_BTCUSDT.csv.gz"
        write_gz(tmp_path / name, lines(TARDIS_TRADES_HEADER, own))
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    orders = market(catalog, "custom/BinanceFuturesLiquidation", PERP)
    assert [(o.side.name, str(o.average_price), str(o.accumulated_qty)) for o in orders] == [
        ("SELL", "60000.5", "0.25"),
        ("BUY", "60001.0", "1.00"),
    ]
    assert [o.ts_init - o.ts_event for o in orders] == [9_345_000] * 2
    positions = market(catalog, "custom/BybitLiquidation", "BTCUSDT-LINEAR.BYBIT")
    assert [(p.position_side.name, str(p.quantity)) for p in positions] == [
        ("LONG", "0.25"),
        ("SHORT", "1.00"),
    ]


def _ticker(at_ms: float, due_ms: int, rate: str, interest: str, *prices: str) -> list[object]:
    """Return a row: its time in the day, the funding time, and index and mark price."""
    return _row(round(at_ms * 1_000), due_ms * 1_000, rate, "", interest, "", *prices)


def test_the_derivative_ticker_is_factors_and_funding(tmp_path: Path) -> None:
    """The last values of each minute, seen at its end; an empty cell is the value before."""
    due = DAY + 8 * HOUR_MS
    rows = [
        _ticker(10_000, due, "0.0001", "100", "60000", "60006"),
        _ticker(50_000, due, "0.0002", "", "", "60012"),
        _ticker(70_000, due, "0.0002", "101", "60000", "60003"),
        # Stamped before its time, received after it: the engine would stop with an error.
        _ticker(8 * HOUR_MS, due, "0.0009", "102", "60000", "60000"),
    ]
    name = "binance-futures_derivative_ticker_2026-09-22_BTCUSDT.csv.gz"
    path = write_gz(tmp_path / "in" / name, lines(TARDIS_TICKER_HEADER, rows))
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    minute = 60_000
    period_ms = 500
    assert changes(catalog, "mark_btc_binance")[:2] == [
        (DAY + minute + period_ms, 60012.0),
        (DAY + 2 * minute + period_ms, 60003.0),
    ]
    basis = changes(catalog, "basis_bps_btc_binance")
    assert [round(k.value, 6) for k in basis[:2]] == [2.0, 0.5]
    assert [k.value for k in changes(catalog, "open_interest_btc_binance")[:2]] == [100.0, 101.0]
    updates = market(catalog, "funding_rates", PERP)
    loaded = load_tardis_funding_rates(str(path), InstrumentId.from_str(PERP))
    assert updates == [loaded[1]]
    assert updates[0].next_funding_ns == due * 1_000_000


def test_the_engine_books_the_derivative_tickers_funding(tmp_path: Path) -> None:
    """The last rate before each funding time is what is paid."""
    from tests.integration.backfill.funding_engine import paid

    rows = []
    for i, rate in ((1, "0.001"), (2, "0.0005")):
        due = DAY + i * 8 * HOUR_MS
        rows += [
            _ticker(due - DAY - 90_000, due, "0.9", "1", "100", "100"),
            _ticker(due - DAY - 30_000, due, rate, "1", "100", "100"),
            _ticker(due - DAY + 50, due, "0.8", "1", "100", "100"),
        ]
    name = "binance-futures_derivative_ticker_2026-09-22_BTCUSDT.csv.gz"
    write_gz(tmp_path / "in" / name, lines(TARDIS_TICKER_HEADER, rows))
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    assert paid(market(catalog, "funding_rates", PERP), start_ms=DAY) == "0.15000000"


def test_bybits_open_interest_is_of_one_side(tmp_path: Path) -> None:
    """Half of what the exchange counts, in dollars at the mark price; funding as 8 hours'."""
    due = [DAY + 4 * HOUR_MS, DAY + 8 * HOUR_MS]
    rows = [
        ["bybit", "BTCUSDT", *_ticker(ms, at, "0.0002", "50", "100", "100")[2:]]
        for ms, at in ((1_000, due[0]), (4 * HOUR_MS + 1_000, due[1]))
    ]
    name = "bybit_derivative_ticker_2026-09-22_BTCUSDT.csv.gz"
    write_gz(tmp_path / "in" / name, lines(TARDIS_TICKER_HEADER, rows))
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    assert changes(catalog, "open_interest_btc_bybit_usd")[0].value == 2_500.0
    assert changes(catalog, "funding_btc_bybit_8h")[0].value == pytest.approx(0.0004)
