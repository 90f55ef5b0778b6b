"""A catalog that somebody made to do harm: it cannot reach out, and no error is foreign."""

from __future__ import annotations

import json
import os
import random
import shutil
import warnings
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.catalog import RecordingWriter
from adapters.catalog.__main__ import main
from adapters.catalog.files.journal import read_journal
from adapters.catalog.files.spool_conversion import sha256_of
from adapters.catalog.reading.factor_catalog import FactorCatalog
from adapters.catalog.writing.table_recording import TableRecording
from backtests.importing.catalog_import import remove_import
from dolphin_strategies.errors import DolphinError
from tests.support.catalogs.factor_batches import numbered
from tests.support.lengths import counts

if TYPE_CHECKING:
    from pathlib import Path

JOURNAL: Final = "recordings/one/journal.jsonl"
DEEP: Final = "[" * 100_000 + "]" * 100_000
BAD: Final[list[Any]] = [
    *(None, True, 0, -1, 2**63, 2**70, 1e308, float("nan"), "", "x", "\x1b[2J", "a" * 10_000),
    *([], {}, [[]], {"a": [1]}, "../../x", "/etc/passwd", "data/../../x", "data/a\0b"),
]


def catalog_at(path: Path) -> Path:
    """Make a catalog with a finished recording and one that was killed."""
    made = path.with_name("made")
    with RecordingWriter(made, source="s", name="one") as writer:
        writer.write_factors(numbered(1, 500))
        writer.add_lost(7, 500, 12)
    with RecordingWriter(made, source="s", name="live") as live:
        live.write_factors(numbered(1, 300))
        live.flush()
        shutil.copytree(made, path)
    return path


def write_journal(path: Path, events: list[dict[str, Any]], rest: bytes = b"") -> None:
    """Write lines with the checksums that they would have."""
    lines = b""
    for event in events:
        body = json.dumps(event).encode()
        lines += body[:-1] + b', "crc32": "%08x"}\n' % zlib.crc32(body)
    path.write_bytes(lines + rest)


def use(catalog: Path) -> None:
    """Do everything that can be done with a catalog; only errors of ours may come."""
    for command in ("list", "verify", "recover"):
        main([str(catalog), command])
    main([str(catalog), "sql", "SELECT count(*) FROM factors"])
    with suppress(DolphinError):
        for _ in FactorCatalog(catalog).batches():
            pass
    with suppress(DolphinError), RecordingWriter(catalog, source="s", name="one") as writer:
        writer.write_factors(numbered(2_000, 10))


@pytest.mark.filterwarnings("ignore")
@counts("journals", 10, long=1_000)
def test_a_hostile_journal_raises_nothing_foreign(tmp_path: Path, journals: int) -> None:
    """Values of every wrong type, members that are missing, lines twice, with right checksums."""
    chance = random.Random(5)  # noqa: S311 - drawn again from the seed
    good = catalog_at(tmp_path / "good")
    events = read_journal(good / JOURNAL)
    for number in range(journals):
        copy = shutil.copytree(good, tmp_path / f"{number}")
        changed = [dict(event) for event in events]
        for _ in range(chance.randint(1, 3)):
            event = chance.choice(changed)
            event[chance.choice([*event])] = chance.choice(BAD)
            if chance.random() < 0.3:
                event.pop(chance.choice([*event]))
            if chance.random() < 0.2:
                changed.append(dict(event))
        write_journal(copy / JOURNAL, changed)
        use(copy)
        shutil.rmtree(copy)


@pytest.mark.parametrize("line", [DEEP, f'{{"event": {DEEP}}}', "9" * 10_000, "[]", "1", '"x"'])
def test_a_line_that_is_no_event_is_a_damaged_one(tmp_path: Path, line: str) -> None:
    """Deeper than a parser goes, longer than a number may be, or no object."""
    journal = tmp_path / "journal.jsonl"
    body = line.encode()
    journal.write_bytes(body[:-1] + b', "crc32": "%08x"}\n' % zlib.crc32(body[:-1] + b"}"))
    assert read_journal(journal) == []


@pytest.mark.filterwarnings("ignore")
@counts("tables", 10, long=1_000)
def test_hostile_columns_raise_nothing_foreign(tmp_path: Path, tables: int) -> None:
    """Columns that are missing, empty, text or named oddly; metadata of any kind; in a spool
    as well, which the next recorder would convert.
    """
    chance = random.Random(6)  # noqa: S311 - drawn again from the seed
    good = catalog_at(tmp_path / "good")
    (file,) = good.rglob("*.parquet")
    (spool,) = good.rglob("*.arrows")
    table = pq.read_table(file)
    for number in range(tables):
        copy = shutil.copytree(good, tmp_path / f"{number}")
        changed = changed_table(table, chance)
        if number % 2:
            pq.write_table(changed, copy / file.relative_to(good))
            if number % 4 == 1:
                (copy / JOURNAL).unlink()
        else:
            with (
                pa.OSFile(str(copy / spool.relative_to(good)), "wb") as to,
                pa.ipc.new_stream(to, changed.schema) as writer,
            ):
                writer.write_table(changed)
        use(copy)
        shutil.rmtree(copy)


def changed_table(table: pa.Table, chance: random.Random) -> pa.Table:
    """Return a table with something wrong in it."""
    metadata = dict(table.schema.metadata)
    metadata[chance.choice([*metadata])] = chance.choice([b"", b"-1", b"\xff", b"9" * 5_000])
    column = chance.choice(table.column_names)
    at = table.column_names.index(column)
    kind = chance.randrange(5)
    if kind == 0:
        table = table.drop_columns([column])
    elif kind == 1:
        table = table.set_column(at, column, pa.array(["x"] * len(table)))
    elif kind == 2:
        table = table.set_column(at, column, pa.nulls(len(table), table.schema.field(at).type))
    elif kind == 3:
        odd = chance.choice(["*", "a\x1b", "ts_init"])
        table = table.rename_columns([odd if n == column else n for n in table.column_names])
    return table.replace_schema_metadata(metadata)


def victim_beside(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """Make somebody's file beside a catalog, and the journal's facts that would be its own."""
    victim = tmp_path / "mine" / "2024.parquet"
    victim.parent.mkdir()
    victim.write_bytes(b"mine")
    facts = {"part": 7, "bytes": 4, "sha256": sha256_of(victim), "rows": 1}
    return victim, {**facts, "first_ns": 1, "last_ns": 2}


@pytest.mark.parametrize("way", ["up", "absolute", "link"])
def test_a_path_that_leads_out_is_neither_removed_nor_moved(tmp_path: Path, way: str) -> None:
    """An import that is replaced, a damaged file that is put aside, a file whose placing was cut
    short: each names a file by a line of the journal.
    """
    victim, facts = victim_beside(tmp_path)
    catalog = catalog_at(tmp_path / "catalog")
    (catalog / "data" / "out").symlink_to(victim.parent)
    folder = {"up": "../../mine", "absolute": str(victim.parent), "link": "out"}[way]
    path = folder if way == "absolute" else f"data/{folder}"
    events = read_journal(catalog / JOURNAL)
    for wrong in ({}, {"bytes": 5}):
        lines = [
            {"event": "file", "path": f"{path}/{victim.name}", **facts, **wrong},
            {"event": "placing", "folder": folder, **facts, "part": 8},
        ]
        write_journal(catalog / JOURNAL, [*events, *lines])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            main([str(catalog), "verify", "--quarantine"])
            with suppress(DolphinError):
                TableRecording(catalog, "one", "s").close()
            write_journal(catalog / JOURNAL, [*events, *lines])
            remove_import(catalog, "one")
        assert victim.read_bytes() == b"mine"
        (catalog / JOURNAL).parent.mkdir()


def test_a_journal_of_names_that_were_never_written_still_has_the_others(tmp_path: Path) -> None:
    """A line that is not ours is left out and told; what is right stays readable."""
    catalog = catalog_at(tmp_path / "catalog")
    events = read_journal(catalog / JOURNAL)
    write_journal(catalog / JOURNAL, [*events, {"event": "gap", "stream_id": 7}])
    assert read_journal(catalog / JOURNAL) == events
    assert main([str(catalog), "verify"]) == 1
    assert sum(len(batch) for batch in FactorCatalog(catalog).batches()) == 500


@pytest.mark.filterwarnings("ignore")
def test_a_fifo_in_a_catalog_is_not_waited_for(tmp_path: Path) -> None:
    """In place of each file, and beside them: to open one is to wait for whoever writes."""
    good = catalog_at(tmp_path / "good")
    (file,) = good.rglob("*.parquet")
    (spool,) = good.rglob("*.arrows")
    later = file.name.replace("612", "613")
    places = [file, spool, good / JOURNAL, file.with_name(later)]
    places += [good / "data/quotes/X.Y" / later, spool.with_name(spool.name.replace("1", "9"))]
    for number, place in enumerate(places):
        copy = shutil.copytree(good, tmp_path / f"{number}")
        path = copy / place.relative_to(good)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        use(copy)
