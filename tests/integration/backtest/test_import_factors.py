"""import_factors.py as a user runs it: exit codes, what is in the catalog, repetitions."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nautilus_trader.model import Bar, NautilusDataType, QuoteTick, TradeTick
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from adapters.catalog.files.journal import read_journal
from backtests.importing.catalog_import import ROWS_AT_ONCE
from tests.support.catalogs.imports import ROOT, SCRIPT, run_command, run_import, write_files
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from pathlib import Path

T0 = 1_777_410_000
S = 1_000_000_000
SPEC = """
[import]
name = "april"
[[files]]
path = "oi.csv"
stamp_column = "t"
unit = "s"
[files.columns]
oi = { instant = true, delay = "1s" }
[[files]]
path = "taker.jsonl"
stamp_column = "t"
unit = "ms"
[files.columns]
buy = { factor = "taker_buy", covers = "15m", scale = 0.5 }
"""
MARKET = """
[[instruments]]
id = "ETH/USDT.KRAKEN"
kind = "spot"
base = "ETH"
quote = "USDT"
price_increment = "0.01"
size_increment = "0.001"
[[bars]]
path = "bars.csv"
stamp_column = "t"
unit = "s"
covers = "15m"
[[quotes]]
path = "quotes.csv"
stamp_column = "t"
unit = "s"
[[trades]]
path = "trades.csv"
stamp_column = "t"
unit = "s"
side = "side"
"""
FILES = {
    "spec.toml": SPEC,
    "market.toml": MARKET,
    "both.toml": SPEC + MARKET,
    "oi.csv": f"t,oi\n{T0},10\n{T0 + 900},11\n{T0 + 1800},12\n",
    "taker.jsonl": f'{{"t": {T0}000, "buy": "4"}}\n{{"t": {T0 + 1800}000, "buy": 6}}\n',
    "bars.csv": f"t,open,high,low,close,volume\n{T0},1,3,1,2,9\n{T0 + 900},2,3,1,2,9.5\n",
    "quotes.csv": f"t,bid_price,ask_price,bid_size,ask_size\n{T0},1.01,1.02,3,4\n",
    "trades.csv": f"t,price,size,side\n{T0},1.01,0.005,buy\n{T0},1.02,2,sell\n",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder with specs and their files."""
    return write_files(tmp_path / "data", FILES)


def test_factors_are_imported_as_they_became_known(data: Path, tmp_path: Path) -> None:
    """Each instant by hand: OI a second after its stamp, taker volume after its quarter hour."""
    done = run_command("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    (batch,) = FactorCatalog(tmp_path / "catalog").batches()
    assert batch.schema.names == ("oi", "taker_buy")
    seconds = [1, 900, 901, 1800, 1801, 2700, 3600]
    assert ((batch.ts_init - T0 * S) // S).tolist() == seconds
    assert batch.ts_event.tolist() == batch.ts_init.tolist()
    assert batch.sequence.tolist() == list(range(1, 8))
    nan = float("nan")
    expected = [[10, nan], [10, 2], [11, 2], [11, nan], [12, nan], [12, 3], [12, nan]]
    np.testing.assert_array_equal(batch.values, expected)


def test_market_data_is_what_nautilus_reads(data: Path, tmp_path: Path) -> None:
    """Bars at their end, exact prices, the taker's side, the instrument."""
    catalog = tmp_path / "catalog"
    done = run_import("--spec", data / "market.toml", "--catalog", catalog)
    assert done.returncode == 0, done.stderr
    nautilus = ParquetDataCatalog(str(catalog))
    assert [str(i.id) for i in nautilus.instruments()] == ["ETH/USDT.KRAKEN"]
    bars: list[Bar] = nautilus.query(NautilusDataType.Bar)
    assert [b.ts_init for b in bars] == [(T0 + 900) * S, (T0 + 1800) * S]
    assert (str(bars[1].close), str(bars[1].volume)) == ("2.00", "9.500")
    quotes: list[QuoteTick] = nautilus.query(NautilusDataType.QuoteTick, ["ETH/USDT.KRAKEN"])
    assert [(str(q.ask_price), str(q.bid_size)) for q in quotes] == [("1.02", "3.000")]
    trades: list[TradeTick] = nautilus.query(NautilusDataType.TradeTick)
    assert [(str(t.price), t.aggressor_side.name) for t in trades] == [
        ("1.01", "BUY"),
        ("1.02", "SELL"),
    ]


def test_check_writes_nothing_and_prints_every_factor(data: Path, tmp_path: Path) -> None:
    """Also without a catalog; with one it says whether the import would be refused."""
    catalog = tmp_path / "catalog"
    for more in ((), ("--catalog", catalog)):
        done = run_import("--spec", data / "both.toml", "--check", *more)
        assert done.returncode == 0, done.stderr
        assert "taker_buy" in done.stdout
        assert not catalog.exists()
    assert run_import("--spec", data / "both.toml", "--catalog", catalog).returncode == 0
    done = run_import("--spec", data / "both.toml", "--check", "--catalog", catalog)
    assert done.returncode == 2


def test_bad_spec_is_exit_code_2_and_nothing_is_written(data: Path, tmp_path: Path) -> None:
    """A missing rule, a missing spec, no catalog, a bad name, a bad file."""
    catalog = tmp_path / "catalog"
    write_files(data, {"bad.toml": SPEC.replace('covers = "15m", ', "")})
    write_files(data, {"bad_file.toml": SPEC.replace("taker.jsonl", "missing.jsonl")})
    for arguments in (
        ("--spec", data / "bad.toml", "--catalog", catalog),
        ("--spec", data / "none.toml", "--catalog", catalog),
        ("--spec", data / "bad_file.toml", "--catalog", catalog),
        ("--spec", data / "spec.toml"),
        ("--spec", data / "spec.toml", "--catalog", catalog, "--name", "../x"),
        ("--catalog", catalog),
    ):
        done = run_import(*arguments)
        assert done.returncode == 2, done
        assert done.stderr
        assert not catalog.exists()
    done = run_command("--spec", data / "bad.toml", "--catalog", catalog)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_paths_start_at_the_spec_or_at_the_data_folder(data: Path, tmp_path: Path) -> None:
    """Whatever the folder that the command was typed in."""
    write_files(tmp_path / "specs", {"spec.toml": SPEC})
    spec = tmp_path / "specs" / "spec.toml"
    assert run_command("--spec", spec, "--data", "data", "--check", cwd=tmp_path).returncode == 0
    assert run_command("--spec", "data/spec.toml", "--check", cwd=tmp_path).returncode == 0
    assert run_import("--spec", spec, "--check").returncode == 2


def files_in(catalog: Path) -> dict[Path, bytes]:
    """Return every data file of a catalog with its content."""
    return {p: p.read_bytes() for p in (catalog / "data").rglob("*.parquet")}


def test_repeated_import_is_recognised_whatever_its_name(data: Path, tmp_path: Path) -> None:
    """The catalog stays as it was, to the byte."""
    catalog = tmp_path / "catalog"
    arguments = ("--spec", data / "spec.toml", "--catalog", catalog)
    assert run_import(*arguments).returncode == 0
    before = files_in(catalog)
    for more in ((), ("--name", "may")):
        done = run_import(*arguments, *more)
        assert done.returncode == 2
        assert "these very factors already" in done.stderr
    assert files_in(catalog) == before


def test_market_data_is_never_there_twice(data: Path, tmp_path: Path) -> None:
    """Ranges that overlap would make Nautilus refuse every later write."""
    catalog = tmp_path / "catalog"
    arguments = ("--spec", data / "market.toml", "--catalog", catalog)
    assert run_import(*arguments).returncode == 0
    done = run_import(*arguments, "--name", "again")
    assert done.returncode == 2
    assert "overlaps" in done.stderr


def test_replacement_leaves_only_the_new_content(data: Path, tmp_path: Path) -> None:
    """Factors and market data of the earlier import are gone, other recordings stay."""
    catalog = tmp_path / "catalog"
    write_files(data, {"other.toml": SPEC.replace("april", "other").replace("1s", "2s")})
    both = ("--spec", data / "both.toml", "--catalog", catalog)
    assert run_import(*both).returncode == 0
    assert run_import("--spec", data / "other.toml", "--catalog", catalog).returncode == 0
    write_files(data, {"oi.csv": f"t,oi\n{T0},20\n"})
    assert run_import(*both).returncode == 2
    done = run_import(*both, "--replace")
    assert done.returncode == 0, done.stderr
    found = FactorCatalog(catalog)
    (april,) = found.batches(recordings=["april"])
    assert april.values[0, 0] == 20
    assert [r.name for r in found.recordings()] == ["april", "other"]
    assert len(ParquetDataCatalog(str(catalog)).query(NautilusDataType.Bar)) == 2
    assert found.verify() == []


def test_recording_of_another_origin_is_never_replaced(data: Path, tmp_path: Path) -> None:
    """A name is no reason to lose a recorded session."""
    from adapters.catalog import RecordingWriter

    catalog = tmp_path / "catalog"
    with RecordingWriter(catalog, source="/dev/shm/dolphin_exf", name="april"):
        pass
    done = run_import("--spec", data / "spec.toml", "--catalog", catalog, "--replace")
    assert done.returncode == 2
    assert "no import" in done.stderr
    assert (catalog / "recordings" / "april" / "journal.jsonl").exists()


def test_other_instrument_of_the_same_name_is_refused(data: Path, tmp_path: Path) -> None:
    """Recorded ticks would get another price precision."""
    catalog = tmp_path / "catalog"
    assert run_import("--spec", data / "market.toml", "--catalog", catalog).returncode == 0
    text = MARKET.replace('"0.01"', '"0.001"').split("[[bars]]", 1)[0] + (
        '[[quotes]]\npath = "later.csv"\nstamp_column = "t"\nunit = "s"\n'
    )
    later = FILES["quotes.csv"].replace(str(T0), str(T0 + 86_400))
    write_files(data, {"later.toml": text, "later.csv": later})
    done = run_import("--spec", data / "later.toml", "--catalog", catalog)
    assert done.returncode == 2
    assert "another instrument" in done.stderr


def many_quotes(folder: Path, rows: int) -> Path:
    """Write a spec with many quotes, three of each stamp; return it."""
    lines = [f"{T0 * 1000 + i // 3},1.01,1.0{2 + i % 7},3,4" for i in range(rows)]
    text = MARKET.split("[[bars]]", 1)[0] + (
        '[[quotes]]\npath = "many.csv"\nstamp_column = "t"\nunit = "ms"\n'
    )
    head = FILES["quotes.csv"].split("\n", 1)[0]
    write_files(folder, {"many.csv": "\n".join([head, *lines]), "many.toml": text})
    return folder / "many.toml"


def test_files_of_many_rows_do_not_overlap(data: Path, tmp_path: Path) -> None:
    """Pieces are cut between stamps, and every row is there, in order."""
    rows = 2 * ROWS_AT_ONCE + 5
    catalog = tmp_path / "catalog"
    done = run_import("--spec", many_quotes(data, rows), "--catalog", catalog)
    assert done.returncode == 0, done.stderr
    expected = [(T0 * S + i // 3 * 1_000_000, 102 + i % 7) for i in range(rows)]
    written: list[tuple[int, int]] = []
    for path in sorted(files_in(catalog)):
        if path.parent.parent.name == "quotes":
            table = pq.read_table(path)
            cents = [round(100 * v) for v in table["ask_price"].to_pylist()]
            written += zip(table["ts_init"].cast(pa.int64()).to_pylist(), cents, strict=True)
    assert written == expected
    # Nautilus may give ticks of one stamp in another order where a row group ends.
    quotes: list[QuoteTick] = ParquetDataCatalog(str(catalog)).query(NautilusDataType.QuoteTick)
    seen = [(q.ts_init, round(float(q.ask_price) * 100)) for q in quotes]
    assert sorted(seen) == sorted(expected)
    assert [ns for ns, _ in seen] == [ns for ns, _ in expected]


def test_full_disk_is_exit_code_1_and_nothing_is_kept(data: Path, tmp_path: Path) -> None:
    """A limit on the size of files in place of a full disk; then it works."""
    catalog = tmp_path / "catalog"
    arguments = ["--spec", str(many_quotes(data, 90_000)), "--catalog", str(catalog)]

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    # In the child before it runs: it has one thread then.
    done = run_command(*arguments, preexec_fn=limit)
    assert done.returncode == 1, done.stderr
    assert "nothing was imported" in done.stderr
    assert files_in(catalog) == {}
    assert run_import(*arguments).returncode == 0


def test_import_that_was_killed_is_told_and_replaced(data: Path, tmp_path: Path) -> None:
    """With kill -9 after the journal's first line: the next one says so, --replace repairs."""
    catalog = tmp_path / "catalog"
    arguments = ["--spec", str(many_quotes(data, 200_000)), "--catalog", str(catalog)]
    journal = catalog / "recordings" / "april" / "journal.jsonl"
    arguments += ["--name", "april"]
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        eventually(partial(read_journal, journal), "the first line", 60)
    finally:
        process.kill()
        process.wait(60)
    done = run_import(*arguments)
    assert done.returncode == 2
    assert "interrupted" in done.stderr
    assert run_import(*arguments, "--replace").returncode == 0
    assert len(ParquetDataCatalog(str(catalog)).query(NautilusDataType.QuoteTick)) == 200_000
    assert FactorCatalog(catalog).verify() == []


def test_import_that_is_interrupted_leaves_nothing(data: Path, tmp_path: Path) -> None:
    """Ctrl-C: the next import needs no option."""
    spec = many_quotes(data, 200_000)
    for attempt in range(5):
        catalog = tmp_path / f"catalog_{attempt}"
        arguments = ["--spec", str(spec), "--catalog", str(catalog)]
        journal = catalog / "recordings" / "many" / "journal.jsonl"
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        try:
            eventually(partial(read_journal, journal), "the first line", 60)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait(60)
        if process.returncode != 0:  # 0: it was quicker than the signal
            break
    assert process.returncode == 130
    assert "Traceback" not in said
    assert files_in(catalog) == {}
    assert run_import(*arguments).returncode == 0
