"""An import repeated, replaced, or at odds with what the catalog holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from tests.support.catalogs.import_files import T0
from tests.support.catalogs.import_specs import FILES, MARKET, SPEC, files_in
from tests.support.catalogs.imports import run_import, write_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder with specs and their files."""
    return write_files(tmp_path / "data", FILES)


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
