"""Backfilling again: more files, the same, files that overlap, runs that were cut short."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from adapters.catalog.files.journal import read_journal
from tests.support.catalogs import archives
from tests.support.catalogs.archives import DAY, run_backfill
from tests.support.catalogs.imports import ROOT
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCRIPT: Final = ROOT / "backtests" / "backfill.py"
NEXT: Final = DAY + timedelta(days=1)


def contents(catalog: Path) -> dict[str, bytes]:
    """Return every data file of a catalog."""
    return {
        str(p.relative_to(catalog)): p.read_bytes() for p in catalog.rglob("data/**/*.parquet")
    }


def trade_ids(catalog: Path) -> list[int]:
    """Return the ids of all trades, as Nautilus reads them."""
    return [int(str(t.trade_id)) for t in ParquetDataCatalog(str(catalog)).query(
        NautilusDataType.TradeTick)]  # fmt: skip


def test_what_is_there_is_skipped(tmp_path: Path) -> None:
    """The second run reads nothing, and no byte of the data changes."""
    archives.trades(tmp_path / "data", DAY, range(100))
    archives.metrics(tmp_path / "data", DAY)
    assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    before = contents(tmp_path / "c")
    again = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert again.returncode == 0
    assert "0 rows of 0 files; 2 files were in the catalog already" in again.stdout
    assert contents(tmp_path / "c") == before


def test_days_that_come_later_give_what_one_run_would(tmp_path: Path) -> None:
    """Metrics of three days, the middle one last, funding in between: the same records."""
    days = [DAY + timedelta(days=i) for i in range(3)]

    def write(folder: Path, chosen: Iterable[date]) -> Path:
        for day in chosen:
            archives.metrics(folder, day, first=1_000 + 288 * (day - DAY).days)
        return folder

    write(tmp_path / "all", days)
    archives.funding(tmp_path / "all", DAY, ["0.0001", "0.0002", "0.0003"])
    assert run_backfill(tmp_path / "all", "--catalog", tmp_path / "at_once").returncode == 0
    parts = tmp_path / "parts"
    for step in ([days[0]], [days[2]], [], [days[1]]):
        write(parts, step)
        if not step:
            archives.funding(parts, DAY, ["0.0001", "0.0002", "0.0003"])
        assert run_backfill(parts, "--catalog", tmp_path / "in_parts").returncode == 0
    once, several = (FactorCatalog(tmp_path / name) for name in ("at_once", "in_parts"))
    assert set(once.schema()) == set(several.schema())
    for name in once.schema():
        ts, values = once.arrays([name])
        ts_parts, values_parts = several.arrays([name])
        at = np.searchsorted(ts_parts, ts, side="right") - 1
        np.testing.assert_array_equal(values_parts[at], values, err_msg=name)
        assert set(ts.tolist()) <= set(ts_parts.tolist())
    assert several.verify() == []


def test_a_month_beside_its_days_is_written_once(tmp_path: Path) -> None:
    """The month has both days and one more trade between them; every trade is there once."""
    archives.trades(tmp_path / "data", DAY, range(100))
    assert run_backfill(tmp_path / "data", "--catalog", tmp_path / "c").returncode == 0
    lines = archives.trade_lines(DAY, range(101)) + archives.trade_lines(NEXT, range(101, 150))
    name = "futures/um/monthly/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-01.zip"
    archives.zipped(tmp_path / "data" / name, lines, archives.AGGREGATED)
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 0, done.stderr
    assert sorted(trade_ids(tmp_path / "c")) == list(range(150))


def test_a_day_under_two_names_is_written_once(tmp_path: Path) -> None:
    """A copy in another folder, and one without Binance's folders around it."""
    archives.trades(tmp_path / "data", DAY, range(100))
    archives.trades(tmp_path / "data" / "copy", DAY, range(100))
    lines = archives.trade_lines(DAY, range(100))
    name = f"um/BTCUSDT-aggTrades-{DAY}.csv"
    (tmp_path / "data" / "um").mkdir()
    text = "".join(f"{line}\n" for line in lines)
    (tmp_path / "data" / name).write_text(text, encoding="utf-8")
    done = run_backfill(tmp_path / "data", "--catalog", tmp_path / "c")
    assert done.returncode == 0, done.stderr
    assert "is there twice in the folder" in done.stderr
    assert trade_ids(tmp_path / "c") == list(range(100))


def test_a_killed_run_is_repaired_by_the_next(tmp_path: Path) -> None:
    """Kill -9 after the first files were placed: nothing is lost, nothing is there twice."""
    days = [DAY + timedelta(days=i) for i in range(12)]
    for number, day in enumerate(days):
        archives.trades(tmp_path / "data", day, range(number * 20_000, (number + 1) * 20_000))
    archives.metrics(tmp_path / "data", DAY)
    catalog = tmp_path / "c"
    journal = catalog / "recordings" / "backfill_market" / "journal.jsonl"

    def has_files() -> bool:
        return len([e for e in read_journal(journal) if e["event"] == "file"]) > 1

    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(tmp_path / "data"), "--catalog", str(catalog)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(has_files, "the first files", 120)
    finally:
        process.kill()
        process.wait(240)
    done = run_backfill(tmp_path / "data", "--catalog", catalog)
    assert done.returncode == 0, done.stderr
    assert trade_ids(catalog) == list(range(12 * 20_000))
    assert FactorCatalog(catalog).verify() == []
    assert not list(catalog.rglob("table-*"))


def test_a_file_that_was_placed_without_a_line_is_taken_back(tmp_path: Path) -> None:
    """As after a kill between the two: the next run writes it again, once."""
    archives.trades(tmp_path / "data", DAY, range(100))
    catalog = tmp_path / "c"
    assert run_backfill(tmp_path / "data", "--catalog", catalog).returncode == 0
    journal = catalog / "recordings" / "backfill_market" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    placing = next(i for i, line in enumerate(lines) if b'"placing"' in line)
    journal.write_bytes(b"".join(lines[: placing + 1]))
    done = run_backfill(tmp_path / "data", "--catalog", catalog)
    assert done.returncode == 0, done.stderr
    assert trade_ids(catalog) == list(range(100))
    assert FactorCatalog(catalog).verify() == []


@pytest.mark.long
def test_ctrl_c_leaves_whole_files(tmp_path: Path) -> None:
    """Exit code 130, no temporary file, and the next run does the rest."""
    for number in range(12):
        ids = range(number * 20_000, (number + 1) * 20_000)
        archives.trades(tmp_path / "data", DAY + timedelta(days=number), ids)
    for attempt in range(5):
        catalog = tmp_path / f"c{attempt}"
        journal = catalog / "recordings" / "backfill_market" / "journal.jsonl"
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(tmp_path / "data"), "--catalog", str(catalog)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            eventually(partial(read_journal, journal), "the first line", 120)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=240)
        finally:
            process.kill()
            process.wait(240)
        if process.returncode != 0:  # 0: it was quicker than the signal
            break
    assert process.returncode == 130
    assert "Traceback" not in said
    assert not list(catalog.rglob("table-*"))
    assert run_backfill(tmp_path / "data", "--catalog", catalog).returncode == 0
    assert trade_ids(catalog) == list(range(12 * 20_000))


@pytest.mark.long
def test_a_full_disk_is_exit_code_1_and_what_is_there_is_whole(tmp_path: Path) -> None:
    """A limit on the size of files in place of a full disk; then it works."""
    archives.trades(tmp_path / "data", DAY, range(40_000))
    arguments = [str(tmp_path / "data"), "--catalog", str(tmp_path / "c")]

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, 1 << 12))

    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=240,
        preexec_fn=limit,
    )
    assert done.returncode == 1, done.stderr
    assert "make room and run again" in done.stderr
    assert contents(tmp_path / "c") == {}
    assert run_backfill(*arguments).returncode == 0
    assert trade_ids(tmp_path / "c") == list(range(40_000))
