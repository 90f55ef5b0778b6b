"""Scrambling: a copy of a catalog in which all data after an instant is changed."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog import FactorCatalog
from adapters.catalog.files.catalog_layout import JOURNAL, RECORDINGS
from adapters.catalog.files.footers import footer_crc32
from adapters.catalog.files.journal import Journal, read_journal
from adapters.process.safe_files import open_private
from backtests.lookahead.copies.mirrored_rows import Mirror, changed_rows, shuffled
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

type How = Literal["mirrored", "shuffled"]

FACTORS: Final = ("custom", "ExternalFactors")
"""The folder of the recordings of factors, in that of the data."""
HOWS: Final[tuple[How, ...]] = ("mirrored", "shuffled")


@dataclass(frozen=True)
class Scrambled:
    """The changes of a copy.

    Attributes
    ----------
    kept : int
        Rows up to the instant, which are unchanged.
    later : int
        Rows after the instant.
    changed : int
        Those of the later rows that differ from the original.

    """

    kept: int
    later: int
    changed: int


def copy_catalog(catalog: Path, copy: Path) -> None:
    """Make a copy that shares no file which is written later; data files are hard links.

    Raises
    ------
    ConfigError
        If it cannot be made.

    """
    data = catalog / "data"
    try:
        for folder, _, names in os.walk(catalog, followlinks=True):
            target = copy / os.path.relpath(folder, catalog)
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in names:
                source = catalog / folder / name
                if data in source.parents:
                    _link(source, target / name)
                elif source.is_file():
                    shutil.copy2(source, target / name)
    except OSError as error:
        msg = f"cannot copy {catalog} to {copy}: {error}"
        raise ConfigError(msg) from None
    # Spools are converted into files, so that they are scrambled too.
    FactorCatalog(copy).recover()


def scramble(copy: Path, after_ns: int, how: How, seed: int) -> Scrambled:
    """Change all data with ``ts_init`` after an instant, in place; the data stays valid.

    ``mirrored`` reverses every later movement: rises become falls, buyers become sellers.
    ``shuffled`` shuffles the later rows, a row group at a time. Stamps are unchanged.

    Parameters
    ----------
    copy : Path
        A folder made by :func:`copy_catalog`.
    after_ns : int
        UNIX nanoseconds.
    how : "mirrored" or "shuffled"
        The way of scrambling.
    seed : int
        The seed of the shuffling.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    random = np.random.default_rng(seed)
    kept = later = changed = 0
    rewritten: set[str] = set()
    folders = sorted({path.parent for path in (copy / "data").rglob("*.parquet")})
    for folder in folders:
        mirror = Mirror(_kind_of(folder, copy))
        for path in sorted(folder.glob("*.parquet")):
            try:
                done = _scramble_file(path, after_ns, mirror, how, random)
            except (OSError, pa.ArrowException, ValueError) as error:
                msg = f"{path.relative_to(copy)} of the catalog cannot be scrambled: {error}"
                raise ConfigError(msg) from error
            kept, later, changed = kept + done.kept, later + done.later, changed + done.changed
            if done.later:
                rewritten.add(path.relative_to(copy).as_posix())
    state_footers(copy, rewritten)
    return Scrambled(kept, later, changed)


def _scramble_file(
    path: Path, after_ns: int, mirror: Mirror, how: How, random: np.random.Generator
) -> Scrambled:
    """Rewrite a file if it has later rows; return what was done to it."""
    kept = later = changed = 0
    file = pq.ParquetFile(path)
    if "ts_init" not in file.schema_arrow.names:
        return Scrambled(0, 0, 0)
    new = path.with_name(f".{path.name}.new")
    with (
        os.fdopen(open_private(new), "wb") as sink,
        pq.ParquetWriter(sink, file.schema_arrow, compression="zstd") as writer,
    ):
        for i in range(file.num_row_groups):
            table = file.read_row_group(i)
            order = np.argsort(_ints(table, "ts_init"), kind="stable")
            is_later = _ints(table, "ts_init")[order] > after_ns
            early, late = table.take(order[~is_later]), table.take(order[is_later])
            mirror.see(early)
            kept, later = kept + early.num_rows, later + late.num_rows
            if late.num_rows:
                mirror.see_first(late)
                new_rows = mirror.turn(late) if how == "mirrored" else shuffled(late, random)
                new_rows = new_rows.cast(table.schema)
                changed += changed_rows(late, new_rows)
                table = pa.concat_tables([early, new_rows])
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
    file.close()
    if later:
        new.replace(path)
    else:
        new.unlink()
    return Scrambled(kept, later, changed)


def state_footers(copy: Path, rewritten: set[str]) -> None:
    """Let the journals state the checksums of new footers: a file is believed by them alone.

    Parameters
    ----------
    copy : Path
        A folder made by :func:`copy_catalog`.
    rewritten : set of str
        The files, by their paths in the copy.

    """
    for path in (copy / RECORDINGS).rglob(JOURNAL):
        stated = {
            event["path"]: event
            for event in read_journal(path)
            if event["event"] == "file" and "footer_crc32" in event and event["path"] in rewritten
        }
        journal = Journal(path)
        for relative, event in stated.items():
            event |= {"footer_crc32": footer_crc32(copy / relative)}
            journal.append(event.pop("event"), is_durable=False, **event)
        journal.close()


def _kind_of(folder: Path, copy: Path) -> str:
    parts = folder.relative_to(copy / "data").parts
    if parts[:2] == FACTORS:
        return "factors"
    return parts[0] if parts[0] in {"quotes", "trades", "bars"} else "other"


def _ints(table: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(table.column(name).cast(pa.int64()).to_numpy())


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
