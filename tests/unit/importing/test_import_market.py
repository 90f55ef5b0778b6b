"""Market data of an import: exact prices, stamps at the end of bars, rows nobody can trade on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from adapters.command.durations import Duration
from adapters.command.instants import OffsetInstant
from adapters.command.instruments.instrument_spec import InstrumentSpec
from adapters.command.instruments.make_instrument import make_instrument
from backtests.importing.content.market.market_columns import MarketRows, read_market
from backtests.importing.spec.import_spec import ImportSettings
from backtests.importing.spec.market_file_specs import (
    BarsFileSpec,
    MarketFileSpec,
    QuotesFileSpec,
    TradesFileSpec,
)
from dolphin_strategies import ConfigError
from tests.support.catalogs.imports import write_files

T0 = 1_777_410_000
S = 1_000_000_000
SPOT = InstrumentSpec(
    id="BTCUSDT.BINANCE",
    kind="spot",
    base="BTC",
    quote="USDT",
    price_increment="0.01",
    size_increment="0.001",
)


def read(
    folder: Path, kind: type[MarketFileSpec], text: str, window: Any = None, **spec: Any
) -> MarketRows:
    """Read CSV rows as market data of an instrument with prices of 2 and sizes of 3 decimals."""
    write_files(folder, {"m.csv": text})
    spec = {"stamp_column": "t", "unit": "s"} | spec
    made = kind(path=Path("m.csv"), **spec)
    return read_market(folder, made, make_instrument(SPOT), window or ImportSettings())


def texts(table: MarketRows, name: str) -> list[str]:
    """Return a column of exact decimals as text, without trailing zeros."""
    return [format(v.normalize(), "f") for v in table.batch.column(name).to_pylist()]


def bars(*rows: str) -> str:
    """Return a CSV of bars a minute apart."""
    lines = [f"{T0 + 60 * i},{row}" for i, row in enumerate(rows)]
    return "\n".join(["t,open,high,low,close,volume", *lines])


MINUTE = {"covers": Duration.from_str("1m")}


def test_bar_is_stamped_with_its_end(tmp_path: Path) -> None:
    """A file stamps starts by default, or ends if it says so; a delay comes on top."""
    text = bars("1,2,1,2,5")
    table = read(tmp_path, BarsFileSpec, text, **MINUTE)
    assert table.stamps.tolist() == [(T0 + 60) * S]
    assert table.folder == "bars/BTCUSDT.BINANCE-1-MINUTE-LAST-EXTERNAL"
    assert read(tmp_path, BarsFileSpec, text, stamp="end", **MINUTE).stamps.tolist() == [T0 * S]
    late = read(tmp_path, BarsFileSpec, text, delay=Duration.from_str("2s"), **MINUTE)
    assert late.stamps.tolist() == [(T0 + 62) * S]


def test_prices_and_sizes_are_exact(tmp_path: Path) -> None:
    """Binary fractions leave no trace: 0.29 * 100 is not 29 in float64."""
    table = read(tmp_path, BarsFileSpec, bars("0.29,64116.05,0.29,1.13,4503599627.001"), **MINUTE)
    assert texts(table, "open") == ["0.29"]
    assert texts(table, "high") == ["64116.05"]
    assert texts(table, "volume") == ["4503599627.001"]


def test_bars_nobody_can_trade_on_are_dropped_and_counted(tmp_path: Path) -> None:
    """No price, nothing below 0, no high below the close; no volume is no fault."""
    rows = [
        "1,2,1,2,0",
        "0,2,1,2,5",
        "1,,1,2,5",
        "1,2,1,2,-1",
        "1,2,1,3,5",
        "1,2,2,2,5",
        "1,2,1,2,",
    ]
    table = read(tmp_path, BarsFileSpec, bars(*rows), **MINUTE)
    assert len(table.stamps) == 1
    assert table.dropped == {"not positive": 4, "high or low inside": 2}


def test_missing_bars_are_counted(tmp_path: Path) -> None:
    """Two of five."""
    lines = bars(*["1,2,1,2,5"] * 5).split("\n")
    table = read(tmp_path, BarsFileSpec, "\n".join(lines[:2] + lines[4:]), **MINUTE)
    assert (len(table.stamps), table.missing) == (3, 2)


def test_duplicated_bars_are_refused(tmp_path: Path) -> None:
    """As in a series of factors."""
    text = bars("1,2,1,2,5") + f"\n{T0},1,2,1,2,5"
    with pytest.raises(ConfigError, match="1 duplicated"):
        read(tmp_path, BarsFileSpec, text, **MINUTE)


def test_price_with_more_decimals_is_refused_and_a_size_is_rounded(tmp_path: Path) -> None:
    """Such prices are another instrument's; sizes are counted."""
    with pytest.raises(ConfigError, match=r"column 'close', row 1: .*at most 2 decimals"):
        read(tmp_path, BarsFileSpec, bars("1,2,1,1.005,5"), **MINUTE)
    table = read(tmp_path, BarsFileSpec, bars("1,2,1,2,5.0004", "1,2,1,2,5.004"), **MINUTE)
    assert (texts(table, "volume"), table.rounded_sizes) == (["5", "5.004"], 1)


@pytest.mark.parametrize(
    ("covers", "name"),
    [("1h", "1-HOUR"), ("4h", "4-HOUR"), ("1d", "1-DAY"), ("30s", "30-SECOND"), ("1w", "1-WEEK")],
)
def test_bars_of_every_length_have_nautilus_names(tmp_path: Path, covers: str, name: str) -> None:
    """The largest unit that fits."""
    table = read(tmp_path, BarsFileSpec, bars("1,2,1,2,5"), covers=Duration.from_str(covers))
    assert table.folder == f"bars/BTCUSDT.BINANCE-{name}-LAST-EXTERNAL"


def test_bars_that_nautilus_does_not_have_are_refused(tmp_path: Path) -> None:
    """Not whole seconds."""
    with pytest.raises(ConfigError, match="whole seconds"):
        read(tmp_path, BarsFileSpec, bars("1,2,1,2,5"), covers=Duration.from_str("1500ms"))


def test_quotes_that_cross_are_dropped_and_equal_stamps_are_kept_in_order(tmp_path: Path) -> None:
    """Ticks of one stamp are no duplicates."""
    rows = ["1,2,3,4", "2,2,3,4", "3,2,3,4", "0,2,3,4", "1,2,0,4", "1,3,3,4"]
    text = "t,bid_price,ask_price,bid_size,ask_size\n" + "\n".join(f"{T0},{r}" for r in rows)
    table = read(tmp_path, QuotesFileSpec, text)
    assert texts(table, "ask_price") == ["2", "3"]
    assert table.dropped == {"not positive": 2, "crossed": 2}
    assert table.stamps.tolist() == [T0 * S] * 2


def test_sides_of_trades_are_the_takers(tmp_path: Path) -> None:
    """If the buyer was the maker, the taker sold."""
    text = f"t,price,size,maker,side,id\n{T0},1,2,true,sell,a7\n{T0 + 1},1,2,false,BUY,a8\n"
    by_maker = read(tmp_path, TradesFileSpec, text, buyer_is_maker="maker", trade_id="id")
    by_side = read(tmp_path, TradesFileSpec, text, side="side")
    neither = read(tmp_path, TradesFileSpec, text)
    assert by_maker.batch.column("aggressor_side").to_pylist() == ["SELL", "BUY"]
    assert by_side.batch.column("aggressor_side").to_pylist() == ["SELL", "BUY"]
    assert neither.batch.column("aggressor_side").to_pylist() == ["NO_AGGRESSOR"] * 2
    assert by_maker.batch.column("trade_id").to_pylist() == ["a7", "a8"]
    assert neither.batch.column("trade_id").to_pylist() == ["1", "2"]


def test_only_what_is_known_in_the_window_is_taken(tmp_path: Path) -> None:
    """A bar counts by its end; a window without rows is an error."""
    text = bars(*["1,2,1,2,5"] * 4)
    window = ImportSettings(start=OffsetInstant((T0 + 120) * S), end=OffsetInstant((T0 + 240) * S))
    table = read(tmp_path, BarsFileSpec, text, window, **MINUTE)
    assert table.stamps.tolist() == [(T0 + 120) * S, (T0 + 180) * S]
    with pytest.raises(ConfigError, match="no row is left"):
        read(tmp_path, BarsFileSpec, text, ImportSettings(end=OffsetInstant(T0 * S)), **MINUTE)


def test_columns_are_nautilus_own(tmp_path: Path) -> None:
    """Decimals of 16 digits, UTC stamps, metadata by which Nautilus decodes."""
    table = read(tmp_path, BarsFileSpec, bars("1,2,1,2,5"), **MINUTE)
    assert table.batch.schema.field("open").type == pa.decimal128(38, 16)
    assert table.batch.schema.field("ts_init").type == pa.timestamp("ns", "UTC")
    assert table.batch.schema.metadata[b"type_name"] == b"Bar"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"id": "BTCUSDT"}, "BTCUSDT"),
        ({"price_increment": "x"}, "Decimal"),
        ({"size_increment": "0"}, "more than 0"),
        ({"margin_init": "x"}, "instruments"),
    ],
)
def test_bad_instruments_are_refused(changed: dict[str, Any], message: str) -> None:
    """With the table that says them."""
    with pytest.raises(ConfigError, match=message):
        make_instrument(replace(SPOT, **changed))


def test_perpetual_settles_in_its_quote_currency_unless_it_says_another() -> None:
    """And its raw symbol is the exchange's."""
    perpetual = make_instrument(replace(SPOT, id="BTCUSDT-PERP.BINANCE", kind="perpetual"))
    assert str(perpetual.raw_symbol) == "BTCUSDT"
    assert str(perpetual.settlement_currency) == "USDT"  # type: ignore[union-attr]
    other = make_instrument(replace(SPOT, kind="perpetual", settlement="USDC"))
    assert str(other.settlement_currency) == "USDC"  # type: ignore[union-attr]
