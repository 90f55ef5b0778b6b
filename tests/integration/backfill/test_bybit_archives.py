"""Bybit's archives in a catalog: exact stamps, sides, sizes, and the factors of live names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nautilus_trader.model import AggressorSide

from tests.integration.backfill.backfilled import changes, folders, market, run
from tests.support.catalogs.venue_archives import (
    BYBIT_HEADER,
    DAY,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    bybit_funding_answer,
    bybit_trade,
    lines,
    write_gz,
    write_json,
)

if TYPE_CHECKING:
    from pathlib import Path

LINEAR = "BTCUSDT-LINEAR.BYBIT"


@pytest.mark.parametrize("has_rpi", [True, False])
@pytest.mark.parametrize("is_newest_first", [True, False])
def test_trades_of_a_day(tmp_path: Path, *, has_rpi: bool, is_newest_first: bool) -> None:
    """With and without the last column, in either order, exact to a tenth of a millisecond."""
    rows = [
        bybit_trade(DAY + 54.7, "Buy", "0.038", "65065.80", 1),
        bybit_trade(DAY + 54.7, "Sell", "0.002", "65065.70", 2),
        bybit_trade(DAY + 1_000.1, "Sell", "1.000", "65060.00", 3),
    ]
    rows = [[*row, "0"] for row in rows] if has_rpi else rows
    header = f"{BYBIT_HEADER},RPI" if has_rpi else BYBIT_HEADER
    if is_newest_first:
        rows = [rows[2], rows[0], rows[1]]
    write_gz(tmp_path / "in/trading/BTCUSDT/BTCUSDT2026-09-22.csv.gz", lines(header, rows))
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    assert folders(tmp_path / "catalog", "trades") == [LINEAR]
    trades = market(tmp_path / "catalog", "trades", LINEAR)
    assert [(t.ts_event, str(t.price), str(t.size), t.trade_id.value) for t in trades] == [
        (DAY * 1_000_000 + 54_700_000, "65065.8", "0.038", "id-1"),
        (DAY * 1_000_000 + 54_700_000, "65065.7", "0.002", "id-2"),
        (DAY * 1_000_000 + 1_000_100_000, "65060.0", "1.000", "id-3"),
    ]
    assert [t.aggressor_side for t in trades] == [
        AggressorSide.BUY,
        AggressorSide.SELL,
        AggressorSide.SELL,
    ]
    assert all(t.ts_init == t.ts_event for t in trades)


def test_trades_of_an_inverse_contract_have_another_name(tmp_path: Path) -> None:
    """BTCUSD is inverse: its sizes are dollars."""
    row = [cell.replace("BTCUSDT", "BTCUSD") for cell in bybit_trade(DAY, "Buy", "79", "65000", 1)]
    write_gz(tmp_path / "in/BTCUSD2026-09-22.csv.gz", lines(BYBIT_HEADER, [row]))
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    (trade,) = market(tmp_path / "catalog", "trades", "BTCUSD-INVERSE.BYBIT")
    assert str(trade.size) == "79"


def test_rows_of_another_symbol_are_refused(tmp_path: Path) -> None:
    """A file with rows of two symbols changes nothing and is named."""
    rows = [bybit_trade(DAY + i, "Buy", "1", "65000", i) for i in range(60)]
    rows[-1][1] = "ETHUSDT"
    write_gz(tmp_path / "in/BTCUSDT2026-09-22.csv.gz", lines(BYBIT_HEADER, rows))
    assert run(tmp_path / "in", tmp_path / "catalog") == 1
    assert not folders(tmp_path / "catalog", "trades")


def test_bitmex_files_are_not_taken_for_bybits(tmp_path: Path) -> None:
    """The same header with BitMEX's stamps is of no known format."""
    row = bybit_trade(DAY, "Buy", "1", "65000", 1)
    row[0] = "2026-09-22D00:00:05.778522000"
    write_gz(tmp_path / "in/20260922.csv.gz", lines(BYBIT_HEADER, [row]))
    assert run(tmp_path / "in", tmp_path / "catalog") == 1


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("BTCUSDT_2026-09-22", "id,timestamp,price,volume,side,rpi"),
        ("BTCUSDT-2026-09", "id,timestamp,price,volume,side"),
    ],
)
def test_spot_trades_also_under_a_header_that_lacks_a_name(
    tmp_path: Path, name: str, header: str
) -> None:
    """The monthly files have six columns and five names: no column is mistaken for another."""
    rows = [[1, DAY + 5, "46.00", "1.25", "buy", 0], [2, DAY + 6, "47.5", "2", "sell", 0]]
    write_gz(tmp_path / f"in/spot/BTCUSDT/{name}.csv.gz", lines(header, rows))
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    trades = market(tmp_path / "catalog", "trades", "BTCUSDT-SPOT.BYBIT")
    assert [(t.ts_event // 1_000_000 - DAY, str(t.price), str(t.size)) for t in trades] == [
        (5, "46.0", "1.25"),
        (6, "47.5", "2.00"),
    ]


def test_klines_of_metatrader_are_three_hours_ahead(tmp_path: Path) -> None:
    """``2026.09.22 03:00`` is midnight UTC, and a bar is stamped with its end."""
    rows = [
        ["2026.09.22 03:00", "100.5", "101", "99", "100", "7.5"],
        ["2026.09.22 03:15", "100", "102", "100", "101.5", "0"],
        ["2026.09.22 03:30", "100", "99", "98", "100", "1"],
        ["2026.09.22 03:45", "0", "0", "0", "0", "0"],
    ]
    write_gz(
        tmp_path / "in/BTCUSDT_15_2026-09-01_2026-09-30.csv.gz",
        lines("", rows),
    )
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    (folder,) = folders(tmp_path / "catalog", "bars")
    assert folder == f"{LINEAR}-15-MINUTE-LAST-EXTERNAL"
    bars = market(tmp_path / "catalog", "bars", folder)
    ends = [DAY + 15 * MINUTE_MS, DAY + 30 * MINUTE_MS]
    assert [b.ts_event // 1_000_000 for b in bars] == ends
    assert [str(b.close) for b in bars] == ["100.0", "101.5"]


def test_the_old_indexes_are_factors(tmp_path: Path) -> None:
    """Premium and spot index of a minute are seen at its end."""
    header = "start_at,symbol,period,open,high,low,close"
    start_s = DAY // 1_000
    for kind, close in (("premium_index", "0.0004"), ("index_price", "9000.5")):
        rows = [[start_s + 60 * i, "BTCUSD", 1, 1, 1, 1, close] for i in range(2)]
        name = f"in/{kind}/BTCUSD/BTCUSD2026-09-22_{kind}.csv.gz"
        write_gz(tmp_path / name, lines(header, rows))
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    catalog = tmp_path / "catalog"
    assert changes(catalog, "premium_index_btcusd_bybit_bps")[0] == (DAY + MINUTE_MS, 4.0)
    assert changes(catalog, "index_btcusd_bybit")[0] == (DAY + MINUTE_MS, 9000.5)


RATES = [
    (DAY, "0.0001"),
    (DAY + 8 * HOUR_MS, "-0.00025"),
    (DAY + 12 * HOUR_MS, "0.0004"),
    (DAY + 16 * HOUR_MS, "0.0001"),
]
"""Each 8 hours, then each 4."""


@pytest.mark.parametrize("form", ["answer", "answers", "rows", "csv"])
def test_funding_is_the_exchanges_and_the_live_factor(tmp_path: Path, form: str) -> None:
    """One answer, several, their rows, or values: rates with their intervals, also as 8 hours'."""
    folder = tmp_path / "in"
    if form == "csv":
        folder.mkdir()
        rows = [["BTCUSDT", rate, ms] for ms, rate in RATES]
        text = lines("symbol,fundingRate,fundingRateTimestamp", rows)
        (folder / "funding.csv").write_text(text)
    else:
        bodies = {
            "answer": bybit_funding_answer(RATES, "BTCUSDT"),
            "answers": [
                bybit_funding_answer(RATES[2:], "BTCUSDT"),
                bybit_funding_answer(RATES[:3], "BTCUSDT"),
            ],
            "rows": bybit_funding_answer(RATES, "BTCUSDT")["result"]["list"],
        }
        write_json(folder / "funding.json", bodies[form])
    catalog = tmp_path / "catalog"
    assert run(folder, catalog) == 0
    updates = market(catalog, "funding_rates", LINEAR)
    assert [(u.ts_event // 1_000_000, str(u.rate), u.interval) for u in updates] == [
        (DAY, "0.0001", 480),
        (DAY + 8 * HOUR_MS, "-0.00025", 480),
        (DAY + 12 * HOUR_MS, "0.0004", 240),
        (DAY + 16 * HOUR_MS, "0.0001", 240),
    ]
    seen = changes(catalog, "funding_btc_bybit_8h")
    period_ms = 500
    assert seen[0] == (DAY + period_ms, 0.0001)
    assert [round(k.value, 6) for k in seen[:4]] == [0.0001, -0.00025, 0.0008, 0.0002]
    hours = [k.value for k in changes(catalog, "funding_interval_btc_bybit_h")][:2]
    assert hours == [8.0, 4.0]


def test_a_second_run_writes_nothing_again(tmp_path: Path) -> None:
    """What is there is skipped; a further day is added to it."""
    folder, catalog = tmp_path / "in", tmp_path / "catalog"
    for day in range(2):
        rows = [bybit_trade(DAY + day * DAY_MS + i, "Buy", "1", "65000", i) for i in range(3)]
        write_gz(folder / f"BTCUSDT2026-09-{22 + day}.csv.gz", lines(BYBIT_HEADER, rows))
        assert run(folder, catalog) == 0
        assert run(folder, catalog) == 0
        assert len(market(catalog, "trades", LINEAR)) == 3 * (day + 1)
