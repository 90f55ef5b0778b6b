"""Files that should not be there, and journals that should not be so old."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.files.catalog_layout import file_name
from adapters.catalog.reading.factor_catalog import DamagedFileWarning
from tests.support.catalogs.factor_batches import FIRST_NS, numbered, record, sequences

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("is_named", [True, False])
def test_a_copy_of_a_file_is_told_and_gives_nothing_twice(
    tmp_path: Path, *, is_named: bool
) -> None:
    """Fault E06: under another name of the right kind, with and without a journal."""
    catalog = record(tmp_path, numbered(1, 100), numbered(101, 100))
    file = min((tmp_path / "data").rglob("*.parquet"))
    copy = file.with_name(file_name(FIRST_NS, FIRST_NS + 1))
    shutil.copy(file, copy)
    if not is_named:
        (tmp_path / "recordings/one/journal.jsonl").unlink()
    with pytest.warns(DamagedFileWarning, match="is a copy of"):
        assert sequences(catalog.batches()) == [*range(1, 201)]
    if is_named:
        (damage,) = FactorCatalog(tmp_path).verify(quarantine=True)
        assert damage.path == copy
        assert damage.moved_to is not None
        assert sequences(FactorCatalog(tmp_path).batches()) == [*range(1, 201)]


def test_an_older_journal_is_told_and_its_files_stay(tmp_path: Path) -> None:
    """Fault E04: a stale manifest: the records that it does not name are read all the same."""
    journal = tmp_path / "recordings/one/journal.jsonl"
    record(tmp_path, numbered(1, 100))
    older = journal.read_bytes()
    catalog = record(tmp_path, numbered(101, 100), numbered(201, 100))
    assert catalog.verify() == []
    journal.write_bytes(older)
    (damage,) = catalog.verify(quarantine=True)
    assert damage.path == journal
    assert damage.what.startswith("lacks 2 files")
    assert sequences(FactorCatalog(tmp_path).batches()) == [*range(1, 301)]


def test_a_recording_that_goes_on_has_no_older_journal(tmp_path: Path) -> None:
    """Between the file and its line in the journal there is the spool."""
    with RecordingWriter(tmp_path, source="test", name="one") as writer:
        for number in range(20):
            writer.write_factors(numbered(1 + 10 * number, 10))
            writer.rotate()
            assert FactorCatalog(tmp_path).verify() == []
