"""Damage planted in a catalog, one at a time: found by verify, or the count of what was not."""

from __future__ import annotations

import random
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.files.catalog_layout import file_name
from adapters.catalog.reading.factor_catalog import DamagedFileWarning
from tests.support.catalogs.factor_batches import (
    FIRST_NS,
    assert_numbered,
    numbered,
    sequences,
)

if TYPE_CHECKING:
    from dolphin_strategies.factors.batch import FactorBatch

type Damaging = Callable[[Path, random.Random], None]

FILES: Final = 6
ROWS: Final = 200


def truncate(path: Path, rng: random.Random) -> None:
    """Cut the file anywhere."""
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])


def zero_pages(path: Path, rng: random.Random) -> None:
    """Overwrite a stretch with zeros, as a lost write does; the whole file at times."""
    content = bytearray(path.read_bytes())
    begin = rng.choice([0, rng.randrange(len(content) - 600)])
    end = rng.choice([len(content), begin + 512])
    content[begin:end] = bytes(end - begin)
    path.write_bytes(content)


def flip_footer(path: Path, rng: random.Random) -> None:
    """Flip one bit of the footer."""
    content = bytearray(path.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8
    content[-rng.randrange(1, footer + 1)] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def flip_data(path: Path, rng: random.Random) -> None:
    """Flip one bit of a data page or its header."""
    content = bytearray(path.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8
    content[rng.randrange(4, len(content) - footer)] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def rename(path: Path, rng: random.Random) -> None:
    """Give the file a foreign name."""
    name = rng.choice([f"foreign{rng.randrange(10**6)}.parquet", "x.tmp", f"{path.name}.bak"])
    path.rename(path.with_name(name))


def swap(path: Path, rng: random.Random) -> None:
    """Exchange two files."""
    other = rng.choice([p for p in path.parent.glob("*.parquet") if p != path])
    aside = path.with_suffix(".aside")
    path.rename(aside)
    other.rename(path)
    aside.rename(other)


def remove(path: Path, rng: random.Random) -> None:
    """Remove the file."""
    path.unlink()


def foreign_rows(path: Path, rng: random.Random) -> None:
    """Put a whole file of another catalog in its place."""
    aside = path.parents[4] / "aside"
    with RecordingWriter(aside, source="test", name="one") as writer:
        writer.write_factors(numbered(rng.randrange(10**6, 10**7), ROWS))
    (other,) = (aside / "data").rglob("*.parquet")
    other.rename(path)
    shutil.rmtree(aside)


def link(path: Path, rng: random.Random) -> None:
    """Put a symbolic link to the same bytes in its place."""
    aside = path.parents[4] / "linked"
    path.rename(aside)
    path.symlink_to(aside)


def stale_manifest(path: Path, rng: random.Random) -> None:
    """Put an older state of the journal in its place: it lacks at least one file's line."""
    journal = path.parents[4] / "recordings/one/journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if b'"event": "file"' in line)
    journal.write_bytes(b"".join(lines[: rng.randrange(1, last + 1)]))


def flip_manifest(path: Path, rng: random.Random) -> None:
    """Flip one bit of the journal, but for its line breaks."""
    journal = path.parents[4] / "recordings/one/journal.jsonl"
    content = bytearray(journal.read_bytes())
    at = rng.choice([i for i, byte in enumerate(content) if byte != ord("\n")])
    content[at] ^= 1 << rng.randrange(8)
    journal.write_bytes(content)


def copy(path: Path, rng: random.Random) -> None:
    """Put a copy beside it, with a name of the right kind."""
    shutil.copy(path, path.with_name(file_name(FIRST_NS, FIRST_NS + rng.randrange(10**9))))


PLANTED: Final = (
    truncate, zero_pages, flip_footer, flip_data, rename, swap, remove, foreign_rows, link, copy,
    stale_manifest, flip_manifest,
)  # fmt: skip


def whole_catalog(path: Path) -> None:
    """Make a catalog of several files."""
    with RecordingWriter(path, source="test", name="one") as writer:
        for number in range(FILES):
            writer.write_factors(numbered(1 + ROWS * number, ROWS))
            writer.rotate()


def undetected(folder: Path, count: int, seed: int) -> list[str]:
    """Plant damage, ``count`` times, each in a copy of a whole catalog.

    Returns
    -------
    list of str
        What verify did not find, or what a query gave wrong without a word.

    """
    rng = random.Random(seed)  # noqa: S311 - test data
    whole, path = folder / "whole", folder / "damaged"
    whole_catalog(whole)
    everything = list(range(1, 1 + ROWS * FILES))
    wrong = []
    for number in range(count):
        damage: Damaging = PLANTED[number % len(PLANTED)]
        shutil.copytree(whole, path)
        damage(rng.choice(sorted((path / "data").rglob("*.parquet"))), rng)
        if not FactorCatalog(path).verify():
            wrong.append(f"{damage.__name__} ({number}): verify found nothing")
        catalog = FactorCatalog(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DamagedFileWarning)
            batches = list(catalog.batches())
        if (why := _wrong(catalog, batches, everything)) != "":
            wrong.append(f"{damage.__name__} ({number}): {why}")
        shutil.rmtree(path)
        (folder / "linked").unlink(missing_ok=True)
    return wrong


def _wrong(catalog: FactorCatalog, batches: list[FactorBatch], everything: list[int]) -> str:
    """Return what a query gave wrong without a word; empty if nothing."""
    found = sequences(batches)
    try:
        assert_numbered(batches)
    except AssertionError:
        return "a value is not the one that was recorded"
    if found != sorted(set(found)):
        return "a record came twice or out of order"
    if set(found) - set(everything):
        return "a record came that was not recorded"
    missing = sum(recording.missing for recording in catalog.recordings())
    if len(found) < len(everything) and not (catalog.damages or missing):
        return f"{len(everything) - len(found)} records were left out without a word"
    return ""
