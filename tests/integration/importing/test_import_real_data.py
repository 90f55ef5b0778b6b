"""The example specs over real recordings: no value is visible before it could be known."""

from __future__ import annotations

import csv
import json
import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import pytest
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from tests.support.catalogs.imports import EXAMPLES, data_folder, run_import

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

S = 1_000_000_000
MIN = 60 * S
START = int(datetime(2026, 4, 28, 21, 30, tzinfo=UTC).timestamp()) * S
END = int(datetime(2026, 5, 27, 23, 45, 30, tzinfo=UTC).timestamp()) * S
NEW_YORK = ZoneInfo("America/New_York")


class Imported:
    """The example's catalog, and what could be seen of it at any instant."""

    def __init__(self, data: Path, catalog: Path) -> None:
        self.folder = data / "btcusdt_15m"
        self.catalog = catalog
        done = run_import(
            "--spec", EXAMPLES / "import_btcusdt_15m.toml", "--data", data, "--catalog", catalog
        )
        assert done.returncode == 0, done.stderr
        found = FactorCatalog(catalog)
        self.names = found.schema().names
        self.ts, self.values = found.arrays(list(self.names), START, END)

    def seen(self, name: str, instant_ns: int) -> float:
        """Return what a strategy has of a factor at an instant."""
        at = int(np.searchsorted(self.ts, instant_ns, side="right")) - 1
        return float(self.values[at, self.names.index(name)])

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a file of the data."""
        return list(pq.read_table(self.folder / name).to_pylist())

    def column(self, name: str) -> NDArray[np.float64]:
        """Return all values of a factor."""
        return np.asarray(self.values[:, self.names.index(name)])


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """Import the month once."""
    data = data_folder("btcusdt_15m")
    return Imported(data, tmp_path_factory.mktemp("real") / "catalog")


def same(one: float, other: float) -> bool:
    """Return whether two values are the same; NaN is like NaN."""
    return one == other or (math.isnan(one) and math.isnan(other))


def check_known(
    imported: Imported, name: str, known_ns: int, value: float, before: float | None = None
) -> None:
    """Assert that a value is there at its instant, and not a nanosecond earlier."""
    if not START < known_ns < END:
        return
    assert imported.seen(name, known_ns) == value
    if before is not None:
        assert same(imported.seen(name, known_ns - 1), before)


def test_one_taker_bar_by_hand(imported: Imported) -> None:
    """The bar stamped 2026-04-28 21:15 ends at 21:30 and is seen 30 s later."""
    stamp = 1_777_410_900_000
    (row,) = (r for r in imported.rows("taker_ratio_15m.parquet") if r["open_time"] == stamp)
    assert row["taker_buy_vol"] == 162.462
    known = (stamp // 1000 + 900 + 30) * S
    assert imported.seen("taker_buy_vol", known) == 162.462
    assert imported.seen("taker_buy_vol", known - 1) == 251.064
    assert imported.seen("taker_buy_vol", stamp // 1000 * S + 30 * S) != 162.462


def test_every_taker_bar_is_seen_at_its_end_and_its_delay(imported: Imported) -> None:
    """All 2,789 of them, and NaN for the quarter hour after each of the five holes."""
    rows = imported.rows("taker_ratio_15m.parquet")
    holes = 0
    for last, row in pairwise(rows):
        known = (row["open_time"] // 1000 + 900 + 30) * S
        is_hole = row["open_time"] - last["open_time"] == 1_800_000
        before = math.nan if is_hole else last["taker_buy_vol"]
        check_known(imported, "taker_buy_vol", known, row["taker_buy_vol"], before)
        if is_hole:
            holes += 1
            missing = known - 15 * MIN
            assert same(imported.seen("taker_buy_vol", missing), math.nan)
            assert imported.seen("taker_buy_vol", missing - 1) == last["taker_buy_vol"]
    assert holes == 5


def test_instants_are_seen_after_their_delay(imported: Imported) -> None:
    """Open interest and long/short ratios, 30 s after their stamps."""
    for file, column in (
        ("oi_15m.parquet", "oi"),
        ("long_short_15m.parquet", "global_ls_ratio"),
    ):
        rows = imported.rows(file)
        for last, row in pairwise(rows):
            known = (row["open_time"] // 1000 + 30) * S
            check_known(imported, column, known, row[column], last[column])


def test_funding_keeps_its_jitter(imported: Imported) -> None:
    """Settled at its stamp to the millisecond, seen 5 s later, without a gap in between."""
    rows = imported.rows("funding.parquet")
    jitters = set()
    for last, row in pairwise(rows):
        stamp = row["funding_time"]
        check_known(
            imported,
            "funding",
            (stamp + 5000) * 1_000_000,
            row["funding_rate"],
            last["funding_rate"],
        )
        if START < stamp * 1_000_000 < END:
            jitters.add(stamp % 1000)
    assert len(jitters) > 3
    assert not np.isnan(imported.column("funding")).any()


def test_daily_values_are_seen_only_after_their_day(imported: Imported) -> None:
    """Fear & greed after UTC's day, macro after New York's, which ends at 4:00 UTC in summer."""
    midnight = {"fear_greed": (UTC, timedelta(minutes=15)), "dxy": (NEW_YORK, timedelta(hours=1))}
    for file, column, name in (
        ("fg_daily.parquet", "fg_value", "fear_greed"),
        ("macro_daily.parquet", "dxy", "dxy"),
    ):
        zone, delay = midnight[name]
        rows = [r for r in imported.rows(file) if r[column] is not None]
        assert {type(r["date"]) for r in rows} == {date}
        for last, row in pairwise(rows):
            day: date = row["date"]
            end = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)
            known = int((end + delay).timestamp()) * S
            check_known(imported, name, known, row[column], last[column])
            assert (
                known >= (int(datetime(*day.timetuple()[:3], tzinfo=UTC).timestamp()) + 86400) * S
            )


def test_friday_stands_over_the_week_end(imported: Imported) -> None:
    """2026-05-15 was a Friday: its close is seen from Saturday 05:00 to Tuesday 05:00 UTC."""
    (friday,) = (r for r in imported.rows("macro_daily.parquet") if r["date"] == date(2026, 5, 15))
    (monday,) = (r for r in imported.rows("macro_daily.parquet") if r["date"] == date(2026, 5, 18))
    known = int(datetime(2026, 5, 16, 5, tzinfo=UTC).timestamp()) * S
    next_known = int(datetime(2026, 5, 19, 5, tzinfo=UTC).timestamp()) * S
    assert imported.seen("spx", known - 1) != friday["spx"]
    assert imported.seen("spx", known) == imported.seen("spx", next_known - 1) == friday["spx"]
    assert imported.seen("spx", next_known) == monday["spx"]


def test_dvol_is_seen_after_its_day(imported: Imported) -> None:
    """An array inside a JSON object, stamped with the start of the day."""
    series = json.loads((imported.folder / "dvol_daily.json").read_text())["series"]["dvol"]
    checked = 0
    for last, row in pairwise(series):
        known = (row["t"] // 1000 + 86_400 + 60) * S
        is_next = row["t"] - last["t"] == 86_400_000
        check_known(imported, "dvol", known, row["v"], last["v"] if is_next else None)
        checked += START < known < END
    assert checked > 25


def test_bars_are_seen_at_their_end(imported: Imported) -> None:
    """By Nautilus itself: prices to the cent, stamps at the end, volume as a factor after it."""
    with (imported.folder / "bars_spot.csv").open() as file:
        rows = {r["ts"]: r for r in csv.DictReader(file)}
    bars = ParquetDataCatalog(str(imported.catalog)).query(NautilusDataType.Bar)
    assert len(bars) == 2794
    assert bars[0].ts_init == START
    for bar in bars:
        start = datetime.fromtimestamp(bar.ts_event // S - 900, UTC)
        row = rows[f"{start:%Y-%m-%d %H:%M:%S}+00:00"]
        assert bar.ts_init == bar.ts_event
        prices = (bar.open, bar.high, bar.low, bar.close)
        names = ("open", "high", "low", "close")
        assert [str(p) for p in prices] == [f"{float(row[n]):.2f}" for n in names]
        assert str(bar.volume) == f"{float(row['volume']):.5f}"
        check_known(imported, "spot_volume", bar.ts_event + S, float(row["volume"]))


def test_nothing_is_nan_but_the_holes(imported: Imported) -> None:
    """Five quarter hours of taker volume; every other factor is there from the first record."""
    nan = {n: int(np.isnan(imported.column(n)).sum()) for n in imported.names}
    assert {n for n, count in nan.items() if count} == {
        "taker_buy_vol",
        "taker_sell_vol",
        "taker_ratio",
    }
    assert 5 <= nan["taker_buy_vol"] <= 20
    assert np.all(np.diff(imported.ts) > 0)


def test_bars_of_the_other_exchange_are_left_out(tmp_path: Path) -> None:
    """From 2026-08-05 03:30 on: without a window in [import], the factor ends there."""
    data = data_folder("btcusdt_15m")
    text = (EXAMPLES / "import_btcusdt_15m.toml").read_text()
    spec = tmp_path / "all.toml"
    spec.write_text(
        "\n".join(x for x in text.split("\n") if not x.startswith(("start =", "end = 2026-05")))
    )
    done = run_import("--spec", spec, "--data", data, "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    ts, values = FactorCatalog(tmp_path / "catalog").arrays(["spot_trades"], 0, 2**62)
    last = int(datetime(2026, 8, 5, 3, 30, 1, tzinfo=UTC).timestamp()) * S
    known = ts[~np.isnan(values[:, 0])]
    assert known[-1] < last + 15 * MIN
    assert values[np.searchsorted(ts, last), 0] > 0
    assert np.nanmin(values) > 0


@pytest.mark.long
def test_recorded_ticks_become_quotes_and_trades(tmp_path: Path) -> None:
    """All of them, in the receiver's order, exact."""
    data = data_folder("ticks_20240808")
    catalog = tmp_path / "catalog"
    spec = EXAMPLES / "import_ticks.toml"
    done = run_import("--spec", spec, "--data", data, "--catalog", catalog)
    assert done.returncode == 0, done.stderr
    nautilus = ParquetDataCatalog(str(catalog))
    perp = ["BTCUSDT-PERP.BINANCE"]
    rows = pq.read_table(data / "ticks_20240808" / "usdm_bookticker.parquet").to_pylist()
    quotes = nautilus.query(NautilusDataType.QuoteTick, perp)
    assert [(q.ts_init, str(q.bid_price), str(q.ask_size)) for q in quotes] == [
        (r["local_ts_ns"], f"{r['bid_px']:.1f}", f"{r['ask_qty']:.3f}") for r in rows
    ]
    rows = pq.read_table(data / "ticks_20240808" / "usdm_trades.parquet").to_pylist()
    trades = nautilus.query(NautilusDataType.TradeTick, perp)
    assert [(t.ts_init, str(t.trade_id), t.aggressor_side.name) for t in trades] == [
        (r["local_ts_ns"], str(r["trade_id"]), "SELL" if r["buyer_is_maker"] else "BUY")
        for r in rows
    ]
    assert len(nautilus.instruments()) == 2
