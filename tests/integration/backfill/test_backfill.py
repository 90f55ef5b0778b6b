"""Archives of Binance into a catalog: what is in it, instant by instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from tests.support.catalogs import archives
from tests.support.catalogs.archives import DAY, MINUTE, S, run_backfill, start_ns

if TYPE_CHECKING:
    from pathlib import Path

PERPETUAL = "BTCUSDT-PERP.BINANCE"


def value_at(catalog: Path, factor: str, at_ns: int) -> float:
    """Return a factor's value in the last record at or before an instant."""
    ts, values = FactorCatalog(catalog).arrays([factor])
    found = np.searchsorted(ts, at_ns, side="right") - 1
    return float(values[found, 0]) if found >= 0 else float("nan")


def query(catalog: Path, kind: Any, *names: str) -> list[Any]:
    """Return what Nautilus reads."""
    return list(ParquetDataCatalog(str(catalog)).query(kind, list(names) or None))


def test_trades_are_what_nautilus_reads(tmp_path: Path) -> None:
    """Prices, sizes, sides, ids and stamps of a day; the instrument is made of the decimals."""
    archives.trades(tmp_path / "data", DAY, range(5_000, 15_000))
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 0, done.stderr
    assert "prices of 1 decimals, sizes of 3" in done.stdout
    trades = query(tmp_path / "c", NautilusDataType.TradeTick)
    assert len(trades) == 10_000
    assert [str(t.trade_id) for t in trades[:2]] == ["5000", "5001"]
    one = trades[7]
    assert (str(one.price), str(one.size)) == ("42000.7", "0.008")
    assert one.aggressor_side.name == "SELL"
    assert one.ts_event == one.ts_init == start_ns(DAY) + 7 * S
    (instrument,) = ParquetDataCatalog(str(tmp_path / "c")).instruments()
    assert (str(instrument.id), str(instrument.price_increment)) == (PERPETUAL, "0.1")
    assert FactorCatalog(tmp_path / "c").verify() == []


def test_a_snapshot_is_known_at_its_instant_plus_the_period_of_the_live_source(
    tmp_path: Path,
) -> None:
    """Open interest is polled each second; ratios are served a minute after, polled each 30 s."""
    archives.metrics(tmp_path / "data", DAY)
    assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    first = start_ns(DAY) + 5 * MINUTE
    name = "open_interest_btc_binance"
    assert np.isnan(value_at(tmp_path / "c", name, first + S - 1))
    assert value_at(tmp_path / "c", name, first + S) == 1_000.0
    assert value_at(tmp_path / "c", name, first + 5 * MINUTE) == 1_000.0
    assert value_at(tmp_path / "c", name, first + 5 * MINUTE + S) == 1_001.0
    ratio = "taker_buy_sell_btc_binance"
    assert np.isnan(value_at(tmp_path / "c", ratio, first + 90 * S - 1))
    assert value_at(tmp_path / "c", ratio, first + 90 * S) == 0.9
    # After the last value was due for replacement there is none.
    end = start_ns(DAY + timedelta(days=1))
    assert value_at(tmp_path / "c", name, end + 5 * MINUTE + S - 1) == 1_287.0
    assert np.isnan(value_at(tmp_path / "c", name, end + 5 * MINUTE + S))


def test_the_basis_is_made_of_mark_and_index_as_live(tmp_path: Path) -> None:
    """Closes are known at the end of their minute, half a second later."""
    archives.klines(tmp_path / "data", "markPriceKlines", DAY, [42_021.0] * 10)
    archives.klines(tmp_path / "data", "indexPriceKlines", DAY, [42_000.0] * 10)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 0, done.stderr
    known = start_ns(DAY) + MINUTE + S // 2
    for name, value in (("mark", 42_021.0), ("index", 42_000.0)):
        factor = f"{name}_btc_binance"
        assert np.isnan(value_at(tmp_path / "c", factor, known - 1))
        assert value_at(tmp_path / "c", factor, known) == value
    assert value_at(tmp_path / "c", "basis_bps_btc_binance", known) == pytest.approx(5.0)


def test_bars_have_the_stamp_of_their_end(tmp_path: Path) -> None:
    """A minute after the opening; bars of trades only, not those of the mark."""
    archives.klines(tmp_path / "data", "klines", DAY, [42_000.0, 42_010.25])
    archives.klines(tmp_path / "data", "markPriceKlines", DAY, [42_021.0] * 3)
    assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    bars = query(tmp_path / "c", NautilusDataType.Bar)
    assert [b.ts_init for b in bars] == [start_ns(DAY) + MINUTE, start_ns(DAY) + 2 * MINUTE]
    assert (str(bars[1].close), str(bars[1].volume)) == ("42010.25", "1.5")
    assert str(bars[0].bar_type) == f"{PERPETUAL}-1-MINUTE-LAST-EXTERNAL"


def test_funding_is_a_factor_per_8_hours_and_nautilus_own_type(tmp_path: Path) -> None:
    """A rate of 4 hours counts twice; the interval and the exact rate are in the update."""
    archives.funding(tmp_path / "data", DAY, ["0.00010000", "-0.00023457"], hours=4)
    assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    updates = query(tmp_path / "c", NautilusDataType.FundingRateUpdate, PERPETUAL)
    assert [(str(u.rate), u.interval) for u in updates] == [
        ("0.00010000", 240),
        ("-0.00023457", 240),
    ]
    # The archive's stamp is a millisecond late; the engine books at the very hour.
    assert updates[1].ts_event == updates[1].ts_init == start_ns(DAY) + 4 * 3_600 * S
    at = updates[1].ts_event + 1_000_000 + 60 * S
    assert value_at(tmp_path / "c", "funding_btc_binance_8h", at) == 2 * -0.00023457
    assert value_at(tmp_path / "c", "funding_interval_btc_binance_h", at) == 4.0


def test_quotes_are_known_when_the_exchange_sent_them(tmp_path: Path) -> None:
    """ts_event is the transaction, ts_init the event; crossed quotes are left out."""
    at = archives.start_ms(DAY)
    lines = [
        f"1,42000.0,1.5,42000.1,2,{at},{at + 5}",
        f"2,42000.3,1.5,42000.1,2,{at + 1},{at + 6}",
        f"3,42000.1,1.25,42000.2,3,{at + 2},{at + 7}",
    ]
    name = f"{archives.USDM}/bookTicker/BTCUSDT/BTCUSDT-bookTicker-{DAY}.zip"
    archives.zipped(tmp_path / "data" / name, lines, archives.QUOTES)
    assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    quotes = query(tmp_path / "c", NautilusDataType.QuoteTick)
    assert [(q.ts_event - start_ns(DAY), q.ts_init - start_ns(DAY)) for q in quotes] == [
        (0, 5_000_000),
        (2_000_000, 7_000_000),
    ]
    assert (str(quotes[1].bid_price), str(quotes[1].bid_size)) == ("42000.1", "1.25")


def test_liquidations_and_depth(tmp_path: Path) -> None:
    """Nautilus's own type once, though the file has a row twice; notionals by percent."""
    at = archives.start_ms(DAY)
    row = f"{at},BUY,LIMIT,IOC,0.5,42000.1,42010.1234,FILLED,0.2,0.5"
    header = (
        "time,side,order_type,time_in_force,original_quantity,price,average_price,order_status,"
        "last_fill_quantity,accumulated_fill_quantity"
    )
    name = f"{archives.USDM}/liquidationSnapshot/BTCUSDT/BTCUSDT-liquidationSnapshot-{DAY}.zip"
    archives.zipped(tmp_path / "data" / name, [row, row], header)
    lines = [f"{DAY} 00:00:07,{p},{abs(p) * 10},{abs(p) * 4e6}" for p in (-1, 1)]
    lines.append(f"{DAY} 00:00:07,0.20,5,123456.5")
    name = f"{archives.USDM}/bookDepth/BTCUSDT/BTCUSDT-bookDepth-{DAY}.zip"
    archives.zipped(tmp_path / "data" / name, lines, "timestamp,percentage,depth,notional")
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 0, done.stderr
    found = query(tmp_path / "c", NautilusDataType.Custom("BinanceFuturesLiquidation"))
    (one,) = [custom.data for custom in found]
    assert (str(one.average_price), str(one.accumulated_qty)) == ("42010.1234", "0.5")
    known = start_ns(DAY) + 12 * S
    assert value_at(tmp_path / "c", "bid_depth_100bps_btc_binance_usd", known) == 4e6
    assert value_at(tmp_path / "c", "ask_depth_20bps_btc_binance_usd", known) == 123456.5
    assert np.isnan(value_at(tmp_path / "c", "ask_depth_20bps_btc_binance_usd", known - 1))


def test_spot_stamps_are_milliseconds_or_microseconds(tmp_path: Path) -> None:
    """Spot has no header; from 2025 on its stamps are a thousand times larger."""
    for day, unit in ((DAY, 1), (DAY.replace(year=2025), 1_000)):
        at = archives.start_ms(day) * unit
        line = f"7,42000.10000000,0.00100000,7,7,{at + unit},True,True"
        name = f"spot/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-{day}.zip"
        archives.zipped(tmp_path / "data" / name, [line])
    assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    trades = query(tmp_path / "c", NautilusDataType.TradeTick, "BTCUSDT.BINANCE")
    assert [t.ts_init for t in trades] == [
        start_ns(DAY) + 1_000_000,
        start_ns(DAY.replace(year=2025)) + 1_000_000,
    ]
    assert str(trades[0].price) == "42000.1"


def test_other_assets_get_names_by_the_same_patterns(tmp_path: Path) -> None:
    """SOL is in no table of polled factors."""
    labels = [datetime(2024, 1, 1, 0, 5 * i, tzinfo=UTC) for i in (1, 2, 3)]
    lines = [archives.metrics_line(at, 5e6).replace("BTCUSDT", "SOLUSDT") for at in labels]
    name = f"{archives.USDM}/metrics/SOLUSDT/SOLUSDT-metrics-{DAY}.zip"
    archives.zipped(tmp_path / "data" / name, lines, archives.METRICS)
    assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    names = FactorCatalog(tmp_path / "c").schema()
    assert "open_interest_sol_binance" in names
    assert "long_short_top_accounts_sol_binance" in names
