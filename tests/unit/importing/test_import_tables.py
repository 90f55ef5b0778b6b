"""Reading files of an import: kinds, columns and rows; errors name file, column and row."""

from __future__ import annotations

import gzip
import json
import math
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from adapters.command.instants import OffsetInstant
from backtests.importing.files.columns import booleans, numbers
from dolphin_strategies import ConfigError
from tests.support.catalogs.import_files import T0, S, rows_of, write

if TYPE_CHECKING:
    from pathlib import Path


def test_every_kind_of_file_gives_the_same_numbers(tmp_path: Path) -> None:
    """CSV, packed CSV, Parquet, JSON lines, JSON arrays of objects, of arrays, and wrapped."""
    csv = f"t,v,other\n{T0},1.5,x\n{T0 + 60},,y\n{T0 + 120},-3e2,z\n"
    objects: list[dict[str, Any]] = [
        {"t": T0, "v": "1.5"},
        {"t": T0 + 60, "v": None},
        {"t": str(T0 + 120), "v": -300},
    ]
    arrays = [[o["t"], o["v"]] for o in objects]
    files: list[tuple[str, Any, dict[str, Any]]] = [
        ("a.csv", csv, {}),
        ("b.csv", "\ufeff" + csv.replace(",", ";"), {"delimiter": ";"}),
        ("c.csv", csv.split("\n", 1)[1], {"header": ["t", "v", "other"]}),
        ("d.csv.gz", gzip.compress(csv.encode()), {}),
        ("e.parquet", {"t": [T0, T0 + 60, T0 + 120], "v": [1.5, None, -300.0]}, {}),
        ("f.jsonl", "\n\n".join(map(json.dumps, objects)), {}),
        ("g.json", objects, {}),
        ("h.json", arrays, {"header": ["t", "v"]}),
        ("i.json", json.dumps({"ok": 1, "result": {"list": objects}}), {"rows": "result.list"}),
        ("j.txt", csv, {"kind": "csv"}),
    ]
    for name, content, spec in files:
        rows = rows_of(tmp_path, write(tmp_path, name, content), "v", **spec)
        assert rows.stamps.tolist() == [T0 * S, (T0 + 60) * S, (T0 + 120) * S], name
        np.testing.assert_array_equal(numbers(rows.table, "v"), [1.5, math.nan, -300.0], name)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "cannot be read as csv: Empty"),
        ("a.csv", "t,v\n", "has no rows"),
        ("a.csv", "t,v\n1,2,3\n", "Expected 2 columns"),
        ("a.csv", "t,w\n1,2\n", r"'v' is missing.*found t, w"),
        ("a.csv", "t,v,v\n1,2,3\n", "'v' appears twice"),
        ("a.csv", b"t,v\n1,\xff\n", "UTF8"),
        ("a.parquet", b"PAR1 no", "cannot be read as parquet"),
        ("a.parquet", {"t": [T0], "w": [1.0]}, "'v' is missing"),
        ("a.json", "[1, 2", "cannot be read as json"),
        ("a.json", "[]", "has no rows"),
        ("a.json", '{"data": []}', r"found dict with keys data; write where it is"),
        ("a.json", "[[1, 2]]", "name columns by header"),
        ("a.json", '[{"t": 1}]', "'v' is missing"),
        ("a.json", "[" * 100_000, "cannot be read as json"),
        ("a.jsonl", '{"t": 1, "v": 2}\n{"t"', "line 2"),
        ("a.dat", "x", "does not show its kind"),
        ("b.csv", None, "is no file"),
        ("b*.csv", None, "no file is like"),
    ],
)
def test_files_that_cannot_be_read_are_named(
    tmp_path: Path, name: str, content: Any, message: str
) -> None:
    """And what is wrong with them."""
    if content is not None:
        write(tmp_path, name, content)
    with pytest.raises(ConfigError, match=message) as caught:
        rows_of(tmp_path, name, "v")
    assert name in str(caught.value)


def test_where_the_rows_are_in_a_json_file_is_checked(tmp_path: Path) -> None:
    """With the keys that there are."""
    write(tmp_path, "a.json", '{"result": {"list": []}}')
    with pytest.raises(ConfigError, match="no 'items' in 'result', which has keys list"):
        rows_of(tmp_path, "a.json", "v", rows="result.items")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_value_that_is_no_number_is_an_error_with_its_row(tmp_path: Path, name: str) -> None:
    """File, column, row, expected, found."""
    csv = f"t,v\n{T0},1\n{T0 + 1},12%\n"
    lines = f'{{"t": {T0}, "v": 1}}\n{{"t": {T0 + 1}, "v": "12%"}}\n'
    write(tmp_path, name, csv if name.endswith("csv") else lines)
    rows = rows_of(tmp_path, name, "v")
    with pytest.raises(ConfigError, match=rf"{name}: column 'v', row 2: .* found '12%'"):
        numbers(rows.table, "v")


@pytest.mark.parametrize("value", ["true", "1_0", "0x1", "1,5", "[1]", '{"a": 1}'])
def test_what_only_looks_like_a_number_is_none(tmp_path: Path, value: str) -> None:
    """Python's own float would take some of these."""
    text = value if value[0] in "[{t" else json.dumps(value)
    write(tmp_path, "a.jsonl", f'{{"t": {T0}, "v": {text}}}\n')
    rows = rows_of(tmp_path, "a.jsonl", "v")
    with pytest.raises(ConfigError, match="row 1: expected a number"):
        numbers(rows.table, "v")


def test_columns_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """A Parquet file says its types."""
    write(tmp_path, "a.parquet", {"t": [T0], "v": [True], "w": [date(2026, 1, 1)]})
    rows = rows_of(tmp_path, "a.parquet", "v", "w")
    for name, kind in (("v", "bool"), ("w", "date32")):
        with pytest.raises(ConfigError, match=f"expected numbers, found {kind}"):
            numbers(rows.table, name)


def test_empty_texts_are_no_value(tmp_path: Path) -> None:
    """As exchanges and spreadsheets write them."""
    texts = ["", " ", "NaN", "null", "None", "N/A", "nan"]
    body = "".join(f"{T0 + i},{text}\n" for i, text in enumerate(texts))
    rows = rows_of(tmp_path, write(tmp_path, "a.csv", "t,v\n" + body), "v")
    assert np.isnan(numbers(rows.table, "v")).all()


def test_sides_are_read(tmp_path: Path) -> None:
    """Words, letters, numbers; anything else is an error with its row."""
    body = "".join(f"{T0 + i},{text}\n" for i, text in enumerate(["BUY", "sell", "true", "0"]))
    rows = rows_of(tmp_path, write(tmp_path, "a.csv", "t,v\n" + body), "v")
    assert booleans(rows.table, "v", "a side").tolist() == [True, False, True, False]
    rows = rows_of(
        tmp_path, write(tmp_path, "b.csv", f"t,v\n{T0},buy\n{T0},both\n"), "v", duplicates="first"
    )
    assert booleans(rows.table, "v", "a side").tolist() == [True]
    rows = rows_of(tmp_path, write(tmp_path, "c.csv", f"t,v\n{T0},both\n"), "v")
    with pytest.raises(ConfigError, match="row 1: expected a side, found 'both'"):
        booleans(rows.table, "v", "a side")


def test_rows_are_taken_by_their_values(tmp_path: Path) -> None:
    """A file of several symbols; row numbers in messages stay those of the file."""
    body = "".join(f"{T0},{s},{v}\n" for s, v in (("ETH", 1), ("BTC", 2), ("SOL", "x")))
    name = write(tmp_path, "a.csv", "t,symbol,v\n" + body)
    rows = rows_of(tmp_path, name, "v", where={"symbol": "BTC"})
    assert numbers(rows.table, "v").tolist() == [2.0]
    rows = rows_of(tmp_path, name, "v", where={"symbol": "SOL"})
    with pytest.raises(ConfigError, match="row 3"):
        numbers(rows.table, "v")
    with pytest.raises(ConfigError, match="no row has symbol = 'XRP'"):
        rows_of(tmp_path, name, "v", where={"symbol": "XRP"})


def test_files_of_a_pattern_are_one_series(tmp_path: Path) -> None:
    """One file a month, in any order; errors name the file."""
    write(tmp_path, "oi_2.csv", f"t,v\n{T0 + 2},3\n")
    write(tmp_path, "oi_1.csv", f"t,v\n{T0},1\n{T0 + 1},2\n")
    rows = rows_of(tmp_path, "oi_*.csv", "v")
    assert numbers(rows.table, "v").tolist() == [1.0, 2.0, 3.0]
    write(tmp_path, "oi_3.csv", f"t,v\n{T0 + 2},x\n")
    with pytest.raises(ConfigError, match=r"oi_2.csv row 1 and oi_3.csv row 1"):
        rows_of(tmp_path, "oi_*.csv", "v")
    write(tmp_path, "oi_3.csv", f"t,v\n{T0 + 3},x\n")
    with pytest.raises(ConfigError, match=r"oi_3.csv: column 'v', row 1"):
        numbers(rows_of(tmp_path, "oi_*.csv", "v").table, "v")


def test_unsorted_rows_are_sorted_and_it_is_said(tmp_path: Path) -> None:
    """Values stay with their stamps."""
    name = write(tmp_path, "a.csv", f"t,v\n{T0 + 2},3\n{T0},1\n{T0 + 1},2\n")
    rows = rows_of(tmp_path, name, "v")
    assert numbers(rows.table, "v").tolist() == [1.0, 2.0, 3.0]
    assert any("sorted" in note for note in rows.notes)


def test_duplicated_stamps_are_refused_with_a_count(tmp_path: Path) -> None:
    """And the first examples, with their rows; or one of each is taken if the spec says which."""
    stamps = [T0, T0 + 1, T0, T0 + 2, T0 + 1, T0]
    body = "".join(f"{t},{i}\n" for i, t in enumerate(stamps))
    name = write(tmp_path, "a.csv", "t,v\n" + body)
    with pytest.raises(ConfigError, match=r"3 duplicated stamps; the first: .*row 1 and row 3"):
        rows_of(tmp_path, name, "v")
    for which, expected in (("first", [0.0, 1.0, 3.0]), ("last", [5.0, 4.0, 3.0])):
        rows = rows_of(tmp_path, name, "v", duplicates=which)
        assert numbers(rows.table, "v").tolist() == expected
        assert any("3 duplicated" in note for note in rows.notes)


def test_rows_outside_start_and_end_are_left_out_and_counted(tmp_path: Path) -> None:
    """Half-open, by the stamp."""
    name = write(tmp_path, "a.csv", "t,v\n" + "".join(f"{T0 + i},{i}\n" for i in range(5)))
    rows = rows_of(
        tmp_path, name, "v", start=OffsetInstant((T0 + 1) * S), end=OffsetInstant((T0 + 3) * S)
    )
    assert numbers(rows.table, "v").tolist() == [1.0, 2.0]
    assert any("3 rows" in note for note in rows.notes)
