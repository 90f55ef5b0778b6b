"""The reader of plain text, beside the parser of any CSV."""

from __future__ import annotations

import random
from typing import Final

import pyarrow as pa
import pytest

from backtests.importing.backfilling.archives.csv_blocks import parse
from backtests.importing.backfilling.archives.plain_text import plain_table
from backtests.importing.backfilling.archives.real_file import ArchiveError

COLUMNS: Final = ("id", "price", "other", "time", "is_sell")
TYPES: Final = {
    "price": pa.decimal128(38, 16),
    "id": pa.string(),
    "time": pa.int64(),
    "is_sell": pa.bool_(),
}
ROW: Final = "1959803223,60000.1,-x.5,1704067200123,true\n"
PLAIN: Final = (
    ("0", "7", "00012", "123456789012345678"),
    ("0", "0.0", "1", "007.50", "42.123456789", "0.0000000000000001", "99999999999999.9999"),
    ("0", "-1", "abc", "1.5e-7", "true", "2024-01-01"),
    ("0", "1704067200123", "000123", "999999999999999999"),
    ("true", "True", "false", "False"),
)
STRANGE: Final = (
    *("", " ", "-1", "+1", "1.", ".5", ".", "1e3", "0x1", "nan", "null", '"1"', '"1,2"', "1 "),
    *("1.2.3", "1" * 19, "1" * 40, "0.12345678901234567", "12345678901234567.89", "TRUE", "t"),
    *("tru", "truee", "fals", "1\r", "\r", "1\x00", "\x00", "ä", "1,1", "1\n1", "\n", "/", ":"),
)


def agrees(text: bytes) -> bool:
    """Return whether the text is plain; the other parser must make the same of it then."""
    found = plain_table(text, COLUMNS, TYPES)
    if found is None:
        return False
    found.validate(full=True)
    assert found.equals(parse(text, COLUMNS, TYPES)), text
    return True


def row_of(rng: random.Random) -> str:
    """Return a plain row of random cells."""
    return ",".join(rng.choice(cells) for cells in PLAIN) + "\n"


@pytest.mark.parametrize("seed", range(4))
def test_plain_rows_are_those_of_the_other_parser(seed: int) -> None:
    """Of a few rows and many, with and without the last line feed."""
    rng = random.Random(seed)  # noqa: S311
    for count in (1, 2, 7, 8, 9, 64, 500):
        text = "".join(row_of(rng) for _ in range(count)).encode()
        assert agrees(text)
        assert agrees(text[:-1]), "without the last line feed"


@pytest.mark.parametrize("cell", STRANGE)
def test_a_strange_cell_is_left_to_the_other_parser(cell: str) -> None:
    """In any column, between plain rows."""
    for place in range(len(COLUMNS)):
        cells = ROW.rstrip("\n").split(",")
        cells[place] = cell
        text = (ROW + ",".join(cells) + "\n" + ROW).encode()
        if COLUMNS[place] == "other":
            agrees(text)
        elif cell != "1" * 19 or COLUMNS[place] != "price":
            assert not agrees(text), (cell, COLUMNS[place])


@pytest.mark.parametrize(
    "text",
    [
        ROW[:-1] + ",1\n",
        ROW.rpartition(",")[0] + "\n",
        ROW + "\n" + ROW,
        "\n" + ROW,
        ROW + "\n",
        ROW.replace("\n", "\r\n"),
        ROW[:-1] + "\x00\n",
        "\ufeff" + ROW,
        ROW + "1",
        ROW + "1,",
        "\n" * 1_000,
        ",,,,\n",
    ],
)
def test_other_rows_are_left_to_the_other_parser(text: str) -> None:
    """More or fewer cells, empty lines, other line ends, a byte order mark."""
    assert not agrees(text.encode())


@pytest.mark.parametrize("seed", range(8))
def test_changed_bytes_are_never_read_otherwise(seed: int) -> None:
    """Each change is one that damage, or another tool, may make."""
    rng, plain = random.Random(seed), 0  # noqa: S311
    whole = "".join(row_of(rng) for _ in range(6)).encode()
    for _ in range(2_000):
        text = bytearray(whole[: rng.choice((len(whole), rng.randrange(len(whole))))])
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(len(text) + 1)
            byte = rng.choice((*b',.\n\r"01234567890123456789-+eE tfnx\x00', rng.randrange(256)))
            text[at : at + rng.choice((0, 1, 1, 3))] = bytes([byte])
        plain += agrees(bytes(text))
    assert plain > 100, "changes of digits leave the text plain"


def test_types_that_are_not_known_are_left_to_the_other_parser() -> None:
    """A float64 is one of them."""
    text = ROW.encode()
    assert plain_table(text, COLUMNS, TYPES | {"price": pa.float64()}) is None
    assert parse(text, COLUMNS, TYPES | {"price": pa.float64()})["price"].to_pylist() == [60000.1]


def test_rows_that_nobody_can_read_are_refused_by_name() -> None:
    """Neither reads them, and the error is that of the other parser."""
    text = (ROW + "1,2\n").encode()
    assert plain_table(text, COLUMNS, TYPES) is None
    with pytest.raises(ArchiveError, match="other rows than its first ones"):
        parse(text, COLUMNS, TYPES)
