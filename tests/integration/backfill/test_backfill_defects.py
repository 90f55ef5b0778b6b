"""Defects of archives: gaps, repeated rows, changed conventions, damaged and hostile files."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from tests.integration.backfill.test_backfill import value_at
from tests.support.catalogs import archives
from tests.support.catalogs.archives import DAY, MINUTE, S, run_backfill, start_ns
from tests.support.lengths import long

if TYPE_CHECKING:
    from pathlib import Path

CHANGED: Final = date(2026, 6, 25)
NAME: Final = f"{archives.USDM}/aggTrades/BTCUSDT/BTCUSDT-aggTrades-{DAY}.zip"


def trade_ids(catalog: Path) -> list[int]:
    """Return the ids of all trades."""
    found = ParquetDataCatalog(str(catalog)).query(NautilusDataType.TradeTick)
    return [int(str(t.trade_id)) for t in found]


def test_the_labels_of_usdm_metrics_changed_their_meaning(tmp_path: Path) -> None:
    """The label 2026-06-25 00:00 is in the files of both days and means 00:00 and 00:05."""
    archives.metrics(tmp_path / "data", CHANGED - timedelta(days=1), first=1_000)
    archives.metrics(tmp_path / "data", CHANGED, is_start=True, first=2_000)
    assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    at, name = start_ns(CHANGED), "open_interest_btc_binance"
    assert value_at(tmp_path / "c", name, at + S - 1) == 1_286.0
    assert value_at(tmp_path / "c", name, at + S) == 1_287.0
    assert value_at(tmp_path / "c", name, at + 5 * MINUTE + S - 1) == 1_287.0
    assert value_at(tmp_path / "c", name, at + 5 * MINUTE + S) == 2_000.0
    assert value_at(tmp_path / "c", name, at + 10 * MINUTE + S) == 2_001.0


def test_an_open_interest_of_0_is_no_value(tmp_path: Path) -> None:
    """It is counted, and the value before it stands no longer."""
    labels = [datetime(2024, 1, 1, 0, 5 * i, tzinfo=UTC) for i in range(1, 5)]
    values = [1_000, 0, 0, 1_003]
    lines = [archives.metrics_line(at, v) for at, v in zip(labels, values, strict=True)]
    name = f"{archives.USDM}/metrics/BTCUSDT/BTCUSDT-metrics-{DAY}.zip"
    archives.zipped(tmp_path / "data" / name, lines, archives.METRICS)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert "sum_open_interest of 0" in done.stdout
    (row,) = [r for r in done.stdout.splitlines() if r.startswith("open_interest_btc_binance ")]
    assert row.split()[1] == "2", "values of the table are those that are there"
    found = [
        value_at(tmp_path / "c", "open_interest_btc_binance", start_ns(DAY) + i * 5 * MINUTE + S)
        for i in range(1, 5)
    ]
    np.testing.assert_array_equal(found, [1_000, np.nan, np.nan, 1_003])


def test_a_day_under_two_names_is_taken_and_counted_once(tmp_path: Path) -> None:
    """As a browser saves a second download: each of its 288 instants is in two files."""
    archives.metrics(tmp_path / "data", DAY)
    first = tmp_path / "data" / f"{archives.USDM}/metrics/BTCUSDT/BTCUSDT-metrics-{DAY}.zip"
    first.with_name(f"BTCUSDT-metrics-{DAY} (1).zip").write_bytes(first.read_bytes())
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 0, done.stderr
    assert "open_interest_btc_binance: 288 instants are in several files" in done.stdout


def test_missing_ids_are_named(tmp_path: Path) -> None:
    """Between which instants, and how many in all."""
    archives.trades(tmp_path / "data", DAY, [*range(100), *range(150, 200)])
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 0
    assert "50 ids are missing" in done.stdout
    assert "2024-01-01 00:01:39Z" in done.stdout


def test_repeated_and_disordered_rows_are_written_once_in_order(tmp_path: Path) -> None:
    """Each row twice, and the second half of the file before the first."""
    lines = [line for line in archives.trade_lines(DAY, range(5_000)) for _ in range(2)]
    lines = lines[5_000:] + lines[:5_000]
    archives.zipped(tmp_path / "data" / NAME, lines, archives.AGGREGATED)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 0, done.stderr
    assert "5,000 repeated" in done.stdout
    assert trade_ids(tmp_path / "c") == list(range(5_000))


def test_metrics_in_any_order(tmp_path: Path) -> None:
    """Files of some days are not sorted, and have rows twice."""
    labels = [datetime(2024, 1, 1, 0, 5 * i, tzinfo=UTC) for i in (3, 1, 2, 2)]
    lines = [archives.metrics_line(at, 100 + at.minute) for at in labels]
    name = f"{archives.USDM}/metrics/BTCUSDT/BTCUSDT-metrics-{DAY}.zip"
    archives.zipped(tmp_path / "data" / name, lines, archives.METRICS)
    assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    for minute in (5, 10, 15):
        at = start_ns(DAY) + minute * MINUTE + S
        assert value_at(tmp_path / "c", "open_interest_btc_binance", at) == 100 + minute


def test_a_wrong_checksum_leaves_the_file_out(tmp_path: Path) -> None:
    """Others are written; the exit code says that one was not."""
    bad = archives.trades(tmp_path / "data", DAY, range(100))
    bad.with_name(f"{bad.name}.CHECKSUM").write_text(f"{'0' * 64}  {bad.name}\n")
    good = DAY + timedelta(days=1)
    name = f"{archives.USDM}/aggTrades/BTCUSDT/BTCUSDT-aggTrades-{good}.zip"
    lines = archives.trade_lines(good, range(100, 200))
    archives.zipped(tmp_path / "data" / name, lines, archives.AGGREGATED, checksum=True)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 1
    assert f"BTCUSDT-aggTrades-{DAY}.zip: its SHA-256" in done.stderr
    assert trade_ids(tmp_path / "c") == list(range(100, 200))


@pytest.mark.parametrize("damage", ["cut", "flipped", long("text"), long("empty"), "late_text"])
def test_a_damaged_file_changes_nothing_and_is_named(tmp_path: Path, damage: str) -> None:
    """Whatever was wrong with it, the catalog is as if it had not been there."""
    path = archives.trades(tmp_path / "data", DAY, range(60_000))
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        middle = len(content) // 2
        path.write_bytes(
            content[:middle] + bytes([content[middle] ^ 0x10]) + content[middle + 1 :]
        )
    elif damage == "text":
        archives.zipped(path, ["<html>404</html>"])
    elif damage == "empty":
        archives.zipped(path, [])
    else:
        lines = archives.trade_lines(DAY, range(60_000))
        lines[59_000] = "59000,NOT A PRICE,1,1,1,1704067200000,true"
        archives.zipped(path, lines, archives.AGGREGATED)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 1
    assert path.name in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "c").rglob("*.parquet"))


def test_names_in_a_zip_are_no_paths(tmp_path: Path) -> None:
    """A member that climbs out of the folder is read like any other, and nothing is unpacked."""
    path = tmp_path / "data" / NAME
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        lines = [archives.AGGREGATED, *archives.trade_lines(DAY, range(10))]
        text = "".join(f"{line}\n" for line in lines)
        file.writestr(f"../../../../evil/BTCUSDT-aggTrades-{DAY}.csv", text)
    before = set(tmp_path.rglob("*"))
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 0, done.stderr
    assert trade_ids(tmp_path / "c") == list(range(10))
    new = {p for p in set(tmp_path.rglob("*")) - before if not p.is_relative_to(tmp_path / "c")}
    assert new == set()


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link in the folder is left out by name; a link in the catalog is refused."""
    outside = archives.trades(tmp_path / "outside", DAY, range(10))
    folder = tmp_path / "data" / "um"
    folder.mkdir(parents=True)
    (folder / outside.name).symlink_to(outside)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 1
    assert outside.name in done.stderr
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "c" / "data" / "trades").symlink_to(tmp_path / "elsewhere")
    done = run_backfill(tmp_path / "outside", "--catalog", tmp_path / "c")
    assert done.returncode == 2
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_that_states_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    """The zip's directory says 10 bytes: no more than that is ever unpacked."""
    path = archives.trades(tmp_path / "data", DAY, range(1_000))
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 1
    assert "more than the 10 bytes that it states" in done.stderr


def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    """0600 and 0700."""
    archives.trades(tmp_path / "data", DAY, range(10))
    archives.metrics(tmp_path / "data", DAY)
    before = os.umask(0)
    try:
        assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    finally:
        os.umask(before)
    for path in (tmp_path / "c" / "data").rglob("*.parquet"):
        assert path.stat().st_mode & 0o777 == 0o600, path
    journal = tmp_path / "c" / "recordings" / "backfill_market" / "journal.jsonl"
    assert journal.stat().st_mode & 0o777 == 0o600


def test_bars_that_do_not_say_of_what_they_are_are_refused(tmp_path: Path) -> None:
    """Mark, index and premium have files of the same names; only their folders tell them apart."""
    lines = archives.kline_lines(DAY, [42_000.0] * 3, "0")
    archives.zipped(tmp_path / "data" / f"BTCUSDT-1m-{DAY}.zip", lines, archives.KLINES)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 1
    assert "markPriceKlines" in done.stderr


def test_prices_beyond_float64_are_exact(tmp_path: Path) -> None:
    """A token of many decimals and a size of many digits."""
    at = archives.start_ms(DAY)
    lines = [
        f"1,0.0000012345678912,123456789012.12345678,1,1,{at},true",
        f"2,0.0000012345678913,1.5,2,2,{at},false",
    ]
    name = f"{archives.USDM}/aggTrades/PEPEUSDT/PEPEUSDT-aggTrades-{DAY}.zip"
    archives.zipped(tmp_path / "data" / name, lines, archives.AGGREGATED)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 0, done.stderr
    trades = ParquetDataCatalog(str(tmp_path / "c")).query(NautilusDataType.TradeTick)
    assert [str(t.price) for t in trades] == ["0.0000012345678912", "0.0000012345678913"]
    assert str(trades[0].size) == "123456789012.12345678"


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    """It lists formats, symbols, days, and what is there already."""
    archives.trades(tmp_path / "data", DAY, range(10))
    archives.metrics(tmp_path / "data", DAY)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "binance aggTrades" in done.stdout
    assert "2024-01-01" in done.stdout
    assert not (tmp_path / "c").exists()


def test_a_dry_run_names_the_days_of_months_and_the_missing_ones(tmp_path: Path) -> None:
    """The last day of a monthly file is that of the month."""
    archives.trades(tmp_path / "data", DAY - timedelta(days=2), range(10))
    name = "futures/um/monthly/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-01.zip"
    lines = archives.trade_lines(DAY, range(11, 12))
    archives.zipped(tmp_path / "data" / name, lines, archives.AGGREGATED)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c", "--dry-run")
    (row,) = [r for r in done.stdout.splitlines() if r.startswith("binance aggTrades BTCUSDT")][:1]
    assert row.split()[-2:] == ["2023-12-30", "2024-01-31"]
    assert "1 day has no file: 2023-12-31" in done.stdout


def test_a_second_backfill_of_one_catalog_is_refused(tmp_path: Path) -> None:
    """With the pid of the first."""
    from backtests.importing.backfilling.running.backfill_run import (
        BackfillRun,
    )

    archives.trades(tmp_path / "data", DAY, range(10))
    with BackfillRun(tmp_path / "c", "backfill", "a test"):
        done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 2
    assert str(os.getpid()) in done.stderr
    assert FactorCatalog(tmp_path / "c").verify() == []
