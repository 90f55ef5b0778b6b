"""A damaged footer: told by every query, never believed, and no end of the process."""

from __future__ import annotations

import random
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.files.footers import footer_crc32, statistics_of
from adapters.catalog.files.journal import read_journal
from adapters.catalog.reading.factor_catalog import DamagedFileWarning
from adapters.catalog.reading.market.row_windows import read_window
from adapters.catalog.reading.stored_spans import stored_spans
from dolphin_strategies import ConfigError
from tests.support.catalogs.factor_batches import numbered
from tests.support.lengths import counts

if TYPE_CHECKING:
    from pathlib import Path

    from dolphin_strategies.factors.batch import FactorBatch


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """Give the only file of a catalog."""
    with RecordingWriter(tmp_path, source="test", name="one") as writer:
        writer.write_factors(numbered(1, 40))
    (path,) = tmp_path.rglob("*.parquet")
    return path


def footer_size(content: bytes) -> int:
    """Return the bytes of a footer with its length and the format's name."""
    return int.from_bytes(content[-8:-4], "little") + 8


def with_flipped_bit(content: bytes, at: int, bit: int) -> bytes:
    """Return the content with one bit changed."""
    broken = bytearray(content)
    broken[at] ^= 1 << bit
    return bytes(broken)


def is_same(found: list[FactorBatch], expected: list[FactorBatch]) -> bool:
    """Return whether two answers are bit for bit the same."""
    return len(found) == len(expected) and all(
        (a.schema, a.stream_id, a.values.tobytes()) == (b.schema, b.stream_id, b.values.tobytes())
        and np.array_equal(a.sequence, b.sequence)
        and np.array_equal(a.ts_event, b.ts_event)
        and np.array_equal(a.ts_init, b.ts_init)
        for a, b in zip(found, expected, strict=True)
    )


@counts("flips", 300, long=20_000)
def test_a_query_gives_the_records_or_names_the_file(
    tmp_path: Path, whole: Path, flips: int
) -> None:
    """Fault E04: any bit of the file flipped, most of them in the footer, which Parquet has no
    checksum for: names, types and limits of the columns are there.
    """
    content, rng = whole.read_bytes(), random.Random(5)  # noqa: S311 - test data
    expected = list(FactorCatalog(tmp_path).batches())
    footer = len(content) - footer_size(content)
    told = 0
    for number in range(flips):
        at = rng.randrange(footer if number % 4 else 4, len(content))
        whole.write_bytes(with_flipped_bit(content, at, rng.randrange(8)))
        catalog = FactorCatalog(tmp_path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = list(catalog.batches())
        stored_spans(catalog)
        told += bool(catalog.damages)
        assert catalog.damages or is_same(found, expected)
    assert told > flips // 2


def test_the_journal_states_the_checksum_of_each_footer(tmp_path: Path, whole: Path) -> None:
    """A file of an older recording, whose journal does not, is read all the same."""
    path = tmp_path / "recordings/one/journal.jsonl"
    (event,) = [e for e in read_journal(path) if e["event"] == "file"]
    assert event["footer_crc32"] == footer_crc32(whole)
    path.unlink()
    assert sum(len(b) for b in FactorCatalog(tmp_path).batches()) == 40
    whole.write_bytes(b"PAR1")
    with pytest.raises(ValueError, match="expected a footer"):
        footer_crc32(whole)


def test_a_column_of_two_types_is_refused(tmp_path: Path, whole: Path) -> None:
    """Where no journal states a checksum: to ask for its statistics would end the process."""
    (tmp_path / "recordings/one/journal.jsonl").unlink()
    content = whole.read_bytes()
    # A column's description begins with its type, INT64, here changed into DOUBLE.
    broken = content.replace(b"\x15\x04\x19", b"\x15\x0a\x19")
    assert broken != content
    whole.write_bytes(broken)
    metadata = pq.read_metadata(pa.BufferReader(broken))
    column = metadata.schema.to_arrow_schema().get_field_index("ts_init")
    with pytest.raises(ValueError, match="its footer is damaged"):
        statistics_of(metadata, 0, column)
    catalog = FactorCatalog(tmp_path)
    with pytest.warns(DamagedFileWarning, match="its footer is damaged"):
        assert list(catalog.batches()) == []
    assert stored_spans(catalog) == []
    with pytest.raises(ConfigError, match="its footer is damaged"):
        list(read_window([whole], 0, 2**62))
