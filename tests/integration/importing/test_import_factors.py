"""import_factors.py as a user runs it: exit codes, and what is in the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nautilus_trader.model import Bar, NautilusDataType, QuoteTick, TradeTick
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from backtests.importing.content.states import ROWS_AT_ONCE
from tests.support.catalogs.import_files import T0, S
from tests.support.catalogs.import_specs import FILES, SPEC, files_in, many_quotes
from tests.support.catalogs.imports import run_command, run_import, write_files

if TYPE_CHECKING:
    from pathlib import Path


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
