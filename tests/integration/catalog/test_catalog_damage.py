"""Planted damage: found every time, moved away, and the rest stays readable."""

from __future__ import annotations

import os
import random
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq
import pytest
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import RecordingWriter
from adapters.catalog.reading.factor_catalog import (
    MAX_ROWS,
    DamagedFileWarning,
    FactorCatalog,
)
from tests.support.catalogs.factor_batches import assert_numbered, numbered, sequences
from tests.support.lengths import counts

if TYPE_CHECKING:
    from collections.abc import Callable

FILES: Final = 8
ROWS: Final = 200


def truncate(path: Path, rng: random.Random) -> None:
    """Cut the file anywhere."""
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(1, len(content))])


def empty(path: Path, rng: random.Random) -> None:
    """Leave no byte."""
    path.write_bytes(b"")


def flip_in_footer(path: Path, rng: random.Random) -> None:
    """Flip one bit of the footer."""
    content = bytearray(path.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8
    content[-rng.randrange(1, footer + 1)] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def flip_in_data(path: Path, rng: random.Random) -> None:
    """Flip one bit of a data page."""
    content = bytearray(path.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8
    content[rng.randrange(4, len(content) - footer)] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def rename(path: Path, rng: random.Random) -> None:
    """Give the file a name that is none of ours."""
    path.rename(path.with_name(f"foreign{rng.randrange(10**6)}.parquet"))


def fill_with_zeros(path: Path, rng: random.Random) -> None:
    """Keep the size alone, as some file systems do after a loss of power."""
    path.write_bytes(bytes(path.stat().st_size))


DAMAGES: Final = [truncate, empty, flip_in_footer, flip_in_data, rename, fill_with_zeros]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a catalog of eight files."""
    path = tmp_path_factory.mktemp("catalog") / "whole"
    with RecordingWriter(path, source="test", name="one") as writer:
        for number in range(FILES):
            writer.write_factors(numbered(1 + ROWS * number, ROWS))
            writer.rotate()
    return path


@counts("planted", 10, long=50)
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_and_moved_away(
    whole: Path, tmp_path: Path, damage: Callable[[Path, random.Random], None], planted: int
) -> None:
    """Fault E04: of all that are planted of each kind none goes undetected, and nothing else is
    suspected.
    """
    rng = random.Random(damage.__name__)  # noqa: S311 - test data
    undetected = []
    for number in range(planted):
        path = tmp_path / str(number)
        shutil.copytree(whole, path)
        chosen = rng.randrange(FILES)
        victim = sorted(path.rglob("*.parquet"))[chosen]
        damage(victim, rng)
        catalog = FactorCatalog(path)
        found = catalog.verify(quarantine=True)
        if victim not in [d.path for d in found]:
            undetected.append(number)
            continue
        assert len(found) == (2 if damage is rename else 1)
        assert all(d.moved_to is None or d.moved_to.exists() for d in found)
        assert any(d.moved_to is not None for d in found)
        first = 1 + ROWS * chosen
        expected = [n for n in range(1, 1 + ROWS * FILES) if not first <= n < first + ROWS]
        batches = list(catalog.batches())
        assert sequences(batches) == expected
        assert_numbered(batches)
        assert catalog.verify() == []
        if number % 10 == 0:
            nautilus = ParquetDataCatalog(str(path))
            left = nautilus.query(NautilusDataType.Custom("ExternalFactors"))
            assert [f.data.sequence for f in left] == expected
        shutil.rmtree(path)
    assert undetected == []


@counts("planted", 5, long=20)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_query_leaves_out_what_it_cannot_read(
    whole: Path, tmp_path: Path, damage: Callable[[Path, random.Random], None], planted: int
) -> None:
    """Fault E04: even unverified: the rest comes, whatever comes is right, and what is left out is
    told.
    """
    rng = random.Random(f"query {damage.__name__}")  # noqa: S311 - test data
    for number in range(planted):
        path = tmp_path / str(number)
        shutil.copytree(whole, path)
        victim = sorted(path.rglob("*.parquet"))[rng.randrange(FILES)]
        damage(victim, rng)
        catalog = FactorCatalog(path)
        with warnings.catch_warnings(record=True) as told:
            found = sequences(catalog.batches())
        if len(found) < ROWS * FILES:
            assert any(issubclass(w.category, DamagedFileWarning) for w in told)
            assert catalog.damages
        assert len(found) >= ROWS * (FILES - 1)


def test_a_missing_file_is_told(whole: Path, tmp_path: Path) -> None:
    """It is in the journal; once told and put aside it is not told again."""
    path = tmp_path / "catalog"
    shutil.copytree(whole, path)
    victim = sorted(path.rglob("*.parquet"))[3]
    victim.unlink()
    catalog = FactorCatalog(path)
    assert [(d.path, d.what) for d in catalog.verify()] == [(victim, "is missing")]
    assert len(sequences(catalog.batches())) == ROWS * (FILES - 1)
    assert catalog.recordings()[0].missing == ROWS
    assert [d.moved_to for d in catalog.verify(quarantine=True)] == [None]
    assert catalog.verify() == []


def test_a_file_of_another_recording_is_not_taken_for_the_right_one(
    whole: Path, tmp_path: Path
) -> None:
    """A whole file of the right name and other content: its hash is not the journal's."""
    path = tmp_path / "catalog"
    shutil.copytree(whole, path)
    victim = sorted(path.rglob("*.parquet"))[2]
    table = pq.read_table(victim)
    pq.write_table(table.slice(0, 100), victim)
    (damage,) = FactorCatalog(path).verify()
    assert damage.path == victim


def test_a_damaged_journal_leaves_the_files_readable(whole: Path, tmp_path: Path) -> None:
    """Fault E04: what the journal no longer says, the files' footers do."""
    path = tmp_path / "catalog"
    shutil.copytree(whole, path)
    journal = path / "recordings/one/journal.jsonl"
    rng = random.Random(3)  # noqa: S311 - test data
    content = journal.read_bytes()
    for _ in range(20):
        broken = bytearray(content)
        for _ in range(30):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        journal.write_bytes(broken)
        found = sequences(FactorCatalog(path).batches())
        assert found == list(range(1, 1 + ROWS * FILES))
        assert journal in [d.path for d in FactorCatalog(path).verify()]
    journal.unlink()
    assert sequences(FactorCatalog(path).batches()) == found


def test_a_file_cut_short_while_it_is_read_is_left_out(tmp_path: Path) -> None:
    """Fault E04: what was read before stands; no byte of the file is mapped, so the process lives
    on, and the file's pages do not count as its memory.
    """
    rows = 40 * MAX_ROWS
    with RecordingWriter(tmp_path, source="test", name="long") as writer:
        writer.write_factors(numbered(1, rows))
    (path,) = (tmp_path / "data").rglob("*.parquet")
    catalog = FactorCatalog(tmp_path)
    batches = catalog.batches()
    found = [next(batches)]
    assert str(path) not in Path("/proc/self/maps").read_text(encoding="utf-8")
    os.truncate(path, path.stat().st_size // 4)
    with pytest.warns(DamagedFileWarning, match=path.name):
        found += batches
    assert_numbered(found)
    seen = sequences(found)
    assert seen == list(range(1, len(seen) + 1))
    assert MAX_ROWS <= len(seen) < rows
    assert [damage.path for damage in catalog.damages] == [path]
