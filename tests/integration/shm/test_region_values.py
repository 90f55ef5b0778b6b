"""What a producer may hand to a writer, and what a reader gets for it."""

from __future__ import annotations

import math
import struct
from collections import UserDict
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from adapters.shm import FactorReader, FactorWriter
from tests.support.transports.regions import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAN = math.nan


class FailingFloat:
    """Not a number, and angry about being asked."""

    def __float__(self) -> float:
        msg = "not today"
        raise RuntimeError(msg)


class FailingReal(Fraction):
    """A number by type that cannot be converted."""

    def __float__(self) -> float:
        msg = "not today"
        raise RuntimeError(msg)


class OtherFloat(float):
    """A float that says that it is another number."""

    def __float__(self) -> float:
        return -1.0


class FailingMapping(UserDict[str, float]):
    """A mapping that breaks while it is read."""

    def items(self) -> Any:
        yield "a", 1.0
        msg = "gone"
        raise OSError(msg)


@pytest.fixture
def writer(region_path: Path) -> Iterator[FactorWriter]:
    """Give a writer of the factors a, b, c."""
    with FactorWriter(region_path, ["a", "b", "c"], capacity=64) as writer:
        yield writer


def newest(path: Path) -> tuple[float, ...]:
    """Return the newest values, seen by ring and by snapshot alike."""
    with FactorReader(path) as reader:
        f = reader.latest()
    assert f is not None
    snapshot = read_snapshot(path)
    assert snapshot is not None
    assert struct.pack(f"<{len(f)}d", *snapshot[1].values()) == f.payload
    assert list(snapshot[1]) == list(f)
    return struct.unpack(f"<{len(f)}d", f.payload)


@pytest.mark.parametrize(
    ("value", "stored", "counter"),
    [
        (1, 1.0, None),
        (2.5, 2.5, None),
        (True, 1.0, None),
        (np.bool_(True), 1.0, None),  # noqa: FBT003
        (np.float32(0.5), 0.5, None),
        (np.float64(0.5), 0.5, None),
        (np.int8(-3), -3.0, None),
        (Decimal("1.25"), 1.25, None),
        (Fraction(1, 4), 0.25, None),
        (2**53 + 1, float(2**53), None),
        (NAN, NAN, None),
        (None, NAN, "missing_values"),
        ("5.0", NAN, "missing_values"),
        (b"5.0", NAN, "missing_values"),
        ([1.0], NAN, "missing_values"),
        (1 + 2j, NAN, "missing_values"),
        (np.complex128(1 + 2j), NAN, "missing_values"),
        (np.array(1.0), NAN, "missing_values"),
        (10**400, NAN, "missing_values"),
        (Decimal("sNaN"), NAN, "missing_values"),
        (FailingFloat(), NAN, "missing_values"),
        (OtherFloat(1.5), 1.5, None),  # a float is read as it is, without asking its class
        (math.inf, NAN, "infinite_values"),
        (-math.inf, NAN, "infinite_values"),
        (np.float32(math.inf), NAN, "infinite_values"),
    ],
    ids=lambda each: repr(each)[:12],
)
def test_write_takes_numbers_and_counts_everything_else(
    writer: FactorWriter, value: object, stored: float, counter: str | None
) -> None:
    """Faults B01 and B02: each kind of value is stored as documented, and exactly what is not a
    number counts.
    """
    writer.write({"a": 1.0, "b": value, "c": 3.0})
    np.testing.assert_array_equal(newest(writer.path), [1.0, stored, 3.0])
    wanted = dict.fromkeys(("missing_values", "infinite_values", "skipped_names"), 0)
    if counter:
        wanted[counter] = 1
    assert {name: writer.counters[name] for name in wanted} == wanted
    assert writer.published == 1


@pytest.mark.parametrize(
    ("factors", "values", "missing"),
    [
        ({}, [NAN, NAN, NAN], 3),
        ({"b": 2.0}, [NAN, 2.0, NAN], 2),
        ({"c": 3.0, "b": 2.0, "a": 1.0}, [1.0, 2.0, 3.0], 0),
        ({"a": 1.0, "_time": 9.0, "b": 2.0, "_": None, "c": 3.0}, [1.0, 2.0, 3.0], 0),
        (UserDict(a=1.0, c=3.0), [1.0, NAN, 3.0], 1),
        (type("OwnDict", (dict,), {})(a=1.0, b=2.0, c=3.0), [1.0, 2.0, 3.0], 0),
        ({"a": np.float64(1.0), np.str_("b"): 2.0, "c": 3}, [1.0, 2.0, 3.0], 0),
    ],
    ids=str,
)
def test_write_takes_any_mapping(
    writer: FactorWriter, factors: Any, values: list[float], missing: int
) -> None:
    """Fault B05: order, dict type and underscore names do not matter; absent names are NaN, and
    counted, whatever they were before.
    """
    writer.write({"a": 7.0, "b": 7.0, "c": 7.0})
    for _ in range(2):
        writer.write(factors)
        np.testing.assert_array_equal(newest(writer.path), values)
    assert writer.counters["missing_values"] == 2 * missing
    assert writer.counters["skipped_names"] == 0
    assert writer.counters["files_made"] == 1


@pytest.mark.parametrize(
    "name",
    ["", " ", "1st", ".a", "../a", "a b", "a*", "a?", "a\0", "a\n", "é", "e\u0301", "\u202ea",
     "😀", "a" * 64, "a" * 1_000_000, 7, None, (1, 2), b"a"],
    ids=lambda name: repr(name)[:12],
)  # fmt: skip
def test_an_odd_name_is_skipped_and_counted_each_time(writer: FactorWriter, name: Any) -> None:
    """Fault B04: a name out of rule makes no new file, harms no other value, and is counted per
    write.
    """
    for n in (1, 2, 3):
        writer.write({"a": 1.0, name: 5.0, "b": 2.0, "c": 3.0})
        assert newest(writer.path) == (1.0, 2.0, 3.0)
        assert writer.counters["skipped_names"] == n
    assert writer.counters["files_made"] == 1


@pytest.mark.parametrize(
    "value",
    [None, "text", "5.0", b"5.0", [1.0], {"x": 1.0}, 1 + 2j, np.complex128(1j), np.array(1.0),
     np.str_("5.0"), np.datetime64(5, "ns"), 10**400, Decimal("sNaN"), FailingFloat()],
    ids=lambda each: repr(each)[:20],
)  # fmt: skip
def test_a_new_name_without_a_number_makes_no_factor(writer: FactorWriter, value: Any) -> None:
    """Fault B05: a label beside the factors is skipped and counted per write, in a dict of any
    type.
    """
    for n in (1, 2, 3):
        mapping = UserDict if n == 3 else dict
        writer.write(mapping({"a": 1.0, "label": value, "b": 2.0, "c": 3.0}))
        assert newest(writer.path) == (1.0, 2.0, 3.0)
        assert writer.counters["skipped_values"] == n
    assert writer.schema.names == ("a", "b", "c")
    others = ("missing_values", "skipped_names", "infinite_values")
    assert all(writer.counters[name] == 0 for name in others)
    assert writer.counters["files_made"] == 1


@pytest.mark.parametrize(
    ("value", "stored"),
    [(5, 5.0), (True, 1.0), (np.bool_(True), 1.0), (np.float32(0.5), 0.5),  # noqa: FBT003
     (np.int64(7), 7.0), (Decimal("1.25"), 1.25), (Fraction(1, 4), 0.25), (NAN, NAN),
     (np.float64(NAN), NAN), (Decimal("NaN"), NAN), (math.inf, NAN)],
    ids=lambda each: repr(each)[:20],
)  # fmt: skip
def test_a_new_name_with_a_number_becomes_a_factor(
    writer: FactorWriter, value: Any, stored: float
) -> None:
    """Fault B05: NaN is a number too: it adds a factor that has no value yet; a text beside it
    adds none.
    """
    writer.write({"a": 1.0, "label": "text", "new": value, "b": 2.0, "c": 3.0})
    assert writer.schema.names == ("a", "b", "c", "new")
    np.testing.assert_array_equal(newest(writer.path), [1.0, 2.0, 3.0, stored])
    assert writer.counters["skipped_values"] == 1
    assert writer.counters["infinite_values"] == (value == math.inf)
    assert writer.counters["files_made"] == 2


def test_a_skipped_name_becomes_a_factor_with_its_first_number(writer: FactorWriter) -> None:
    """None now and a number later: the factor appears with the number, and stays as NaN."""
    for value in (None, "text", 5.0, "text"):
        writer.write({"a": 1.0, "b": 2.0, "c": 3.0, "late": value})
    assert writer.schema.names == ("a", "b", "c", "late")
    np.testing.assert_array_equal(newest(writer.path), [1.0, 2.0, 3.0, NAN])
    counters = writer.counters
    assert (counters["skipped_values"], counters["missing_values"]) == (2, 1)
    assert counters["files_made"] == 2


def test_a_dict_with_too_many_names_fills_the_schema_and_counts_the_rest(
    region_path: Path,
) -> None:
    """Fault B06: the 513th and later names are skipped and counted; the first 512 are written."""
    factors = {f"f{i}": float(i) for i in range(600)}
    with FactorWriter(region_path, ["f0"], capacity=64) as writer:
        for n in (1, 2):
            writer.write(factors)
            assert newest(region_path) == tuple(float(i) for i in range(512))
            assert writer.counters["skipped_names"] == n * 88


@pytest.mark.parametrize(
    ("factors", "error"),
    [
        (None, TypeError),
        ([("a", 1.0)], TypeError),
        (5, TypeError),
        ({"a": 1.0, "new": 2.0, "b": FailingReal(1.0)}, RuntimeError),
        (UserDict(a=1.0, new=2.0, b=FailingReal(1.0)), RuntimeError),
        (FailingMapping(), OSError),
    ],
    ids=["None", "list", "int", "failing float", "failing own float", "failing items"],
)
def test_a_failed_write_changes_nothing(
    writer: FactorWriter, factors: Any, error: type[Exception]
) -> None:
    """Fault B03: after an exception the record, schema, sequence and counters are
    those of before.
    """
    writer.write({"a": 1.0, "b": 2.0, "c": 3.0})
    before = writer.counters, writer.schema, writer.published, newest(writer.path)
    with pytest.raises(error):
        writer.write(factors)
    assert (writer.counters, writer.schema, writer.published, newest(writer.path)) == before


@pytest.mark.parametrize("ts_event", [2**63, -1, -(2**63), "now", 1.5, None])
def test_an_event_time_that_is_none_publishes_nothing(writer: FactorWriter, ts_event: Any) -> None:
    """A wrong ts_event is an error of the caller, not a record."""
    with pytest.raises((TypeError, ValueError)):
        writer.write({"a": 1.0}, ts_event)
    with pytest.raises((TypeError, ValueError)):
        writer.write_values(np.zeros(3), ts_event)
    assert writer.published == 0
    assert writer.counters["missing_values"] == 0


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ([1.0, 2.0, 3.0], TypeError),
        (None, TypeError),
        (np.zeros(3, np.float32), TypeError),
        (np.zeros(3, ">f8"), TypeError),
        (np.zeros(3, np.int64), TypeError),
        (np.zeros(2), ValueError),
        (np.zeros((3, 1)), ValueError),
        (np.zeros((1, 3)), ValueError),
        (np.float64(1.0), TypeError),
        (np.zeros(6)[::2], ValueError),
    ],
    ids=["list", "None", "float32", "big-endian", "int64", "short", "column", "row", "scalar",
         "strided"],
)  # fmt: skip
def test_write_values_refuses_what_is_not_the_vector(
    writer: FactorWriter, values: Any, error: type[Exception]
) -> None:
    """Fault B02: a wrong dtype, shape or layout is named, and nothing is published."""
    with pytest.raises(error, match="values: expected"):
        writer.write_values(values)
    assert writer.published == 0


def test_values_pass_bit_exact(writer: FactorWriter) -> None:
    """Fault B01: negative zero, denormals, extremes and NaN payloads come out with the bits they
    went in.
    """
    bits = [0x8000_0000_0000_0000, 1, 0x800F_FFFF_FFFF_FFFF, 0x7FF8_DEAD_BEEF_0001,
            0xFFF0_0000_0000_0001, 0x7FEF_FFFF_FFFF_FFFF]  # fmt: skip
    for i in range(0, len(bits), 3):
        values = np.array(bits[i : i + 3], np.uint64).view(np.float64)
        writer.write_values(values)
        with FactorReader(writer.path) as reader:
            f = reader.read_latest()
            into = np.zeros(3)
            reader.position -= 1
            assert reader.latest_into(into) == writer.published
        assert f is not None
        assert f.payload == into.tobytes() == values.tobytes()
        snapshot = read_snapshot(writer.path)
        assert snapshot is not None
        assert struct.pack("<3d", *snapshot[1].values()) == values.tobytes()


def test_times_never_go_back(writer: FactorWriter) -> None:
    """Fault A17: the snapshot's time grows strictly; an older event time is clamped
    and counted.
    """
    seen = []
    for ts_event in (2_000, 1_000, 1, 2_000, 3_000):
        writer.write({"a": 1.0}, ts_event)
        snapshot = read_snapshot(writer.path)
        assert snapshot is not None
        seen.append(snapshot[0])
    assert seen == sorted(set(seen))
    with FactorReader(writer.path) as reader:
        records, _ = reader.since(0)
    assert [f.ts_event for f in records] == [2_000, 2_000, 2_000, 2_000, 3_000]
    assert writer.counters["clamped_events"] == 2


@pytest.mark.parametrize(
    ("names", "capacity"),
    [((), 64), (["a", "a"], 64), (["a*"], 64), ([f"f{i}" for i in range(513)], 64), (["a"], 0),
     (["a"], 1), (["a"], 100), (["a"], -64), (["a"], 2**24)],
    ids=["none", "twice", "odd", "513", "capacity 0", "1", "100", "-64", "too large"],
)  # fmt: skip
def test_a_writer_refuses_names_and_capacities_out_of_rule(
    region_path: Path, names: list[str], capacity: int
) -> None:
    """Faults B04, B06: faults B04, B06: a ValueError names the parameter, and no file or folder
    appears.
    """
    with pytest.raises(ValueError, match=r"^(names|capacity): "):
        FactorWriter(region_path, names, capacity=capacity)
    assert not list(region_path.parent.glob(f"{region_path.name}*"))


def test_a_writer_refuses_one_text_as_names(region_path: Path) -> None:
    """Its letters would each be a factor."""
    with pytest.raises(TypeError, match=r"^names: expected names, found the text 'abc'"):
        FactorWriter(region_path, "abc")
    assert not list(region_path.parent.glob(f"{region_path.name}*"))


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (None, TypeError),
        ([0.0] * 3, TypeError),
        (np.zeros(3, np.float32), TypeError),
        (np.zeros(2), ValueError),
        (np.zeros(6)[::2], ValueError),
        (np.frombuffer(bytes(24)), ValueError),
    ],
    ids=["None", "list", "float32", "short", "strided", "read-only"],
)
def test_latest_into_refuses_what_is_not_a_buffer_for_a_record(
    writer: FactorWriter, values: Any, error: type[Exception]
) -> None:
    """A buffer that a record does not fit is named, and the record stays unread."""
    writer.write({"a": 1.0})
    with FactorReader(writer.path) as reader:
        with pytest.raises(error, match="values: expected"):
            reader.latest_into(values)
        assert reader.delivered == 0
        assert reader.latest_into(np.zeros(3)) == 1
