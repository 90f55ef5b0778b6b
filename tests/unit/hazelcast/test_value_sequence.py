"""What becomes of an entry's text: parsed, named, ordered, stamped, whatever it holds."""

from __future__ import annotations

import json
import math
import struct
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.hazelcast_map.entry.json_codec import (
    MAX_SIZE,
    UnusableError,
    Update,
    decode,
    encode,
    text_of,
)
from adapters.hazelcast_map.entry.value_sequence import (
    PUBLISHER_TIMEOUT_NS,
    ValueSequence,
    machine_id,
)
from dolphin_strategies import FactorSchema

NOW: Final = 1_700_000_000_000_000_000
NAMES: Final = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True)
NUMBERS: Final = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(2**63), 2**64 - 1)
ANY_VALUE: Final = st.none() | st.booleans() | NUMBERS | st.text() | st.lists(st.integers(0, 9))


def update(sequence: int = 0, publisher: str = "", ts: int = 0, **factors: Any) -> Update:
    """Make an update."""
    return Update(factors or {"a": float(sequence)}, publisher, sequence, ts, 0, "")


@given(st.dictionaries(NAMES, NUMBERS, min_size=1), st.text(max_size=200), st.integers(0, 2**62))
def test_what_is_encoded_is_decoded(
    factors: dict[str, float], publisher: str, sequence: int
) -> None:
    """Names, order and values come back; what JSON has not comes back as None."""
    text = encode(Update(factors, publisher, sequence, 7, 8, "m"))
    found = decode(text.encode())
    assert found[1:] == (publisher, sequence, 7, 8, "m")
    assert list(found.factors) == list(factors)
    for name, value in factors.items():
        back = found.factors[name]
        assert back == value if math.isfinite(value) else back is None


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_an_update_or_unusable(content: bytes) -> None:
    """Fault F04: neither the header nor the text can raise anything else."""
    for read in (decode, lambda b: decode(text_of(b))):
        try:
            found = read(content)
        except UnusableError:
            continue
        assert isinstance(found.factors, dict)


@pytest.mark.long
@given(st.recursive(ANY_VALUE, lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_json_of_any_kind_is_an_update_or_unusable(document: Any) -> None:
    """Fault F04: only objects can be used; the stream makes a record of them or refuses them."""
    text = json.dumps(document).encode(errors="surrogatepass")
    stream = ValueSequence()
    try:
        record = stream.take(decode(text), NOW, 0)
    except UnusableError:
        return
    assert isinstance(document, dict)
    assert record is not None
    assert len(record.payload) == 8 * len(record.schema)


def test_only_texts_of_up_to_a_megabyte_are_read() -> None:
    """Fault F06: the type and the size are looked at before anything else."""
    header = bytes(4) + struct.pack(">i", -11) + bytes(4)
    assert bytes(text_of(header + b"{}")) == b"{}"
    text_of(header + bytes(MAX_SIZE - len(header)))
    for wrong in (
        header + bytes(MAX_SIZE - len(header) + 1),
        bytes(4) + struct.pack(">i", -120) + bytes(20),
        header[:-1],
        b"",
    ):
        with pytest.raises(UnusableError):
            text_of(wrong)


@given(st.lists(st.dictionaries(NAMES | st.text(max_size=3), ANY_VALUE, max_size=5), max_size=8))
def test_each_value_lies_under_its_own_name(updates: list[dict[str, Any]]) -> None:
    """Whatever comes: a name keeps its place, and its value is the update's number or NaN."""
    stream = ValueSequence()
    names: tuple[str, ...] = ()
    for factors in updates:
        try:
            record = stream.take(Update(dict(factors), "", 0, 0, 0, ""), NOW, 0)
        except UnusableError:
            assert not names
            continue
        assert record is not None
        assert record.schema.names[: len(names)] == names
        names = record.schema.names
        values = struct.unpack(f"<{len(names)}d", record.payload)
        for name, value in zip(names, values, strict=True):
            given_value = factors.get(name)
            if isinstance(given_value, int | float) and not math.isnan(given_value):
                assert value == float(given_value)
            else:
                assert math.isnan(value)


@given(st.lists(st.integers(1, 12), max_size=30))
def test_a_sequence_never_goes_back(sequences: list[int]) -> None:
    """Fault F08: only newer ones are taken, and what lies between two is counted as missed."""
    stream = ValueSequence()
    newest, accounted = 0, 0
    for n in sequences:
        record = stream.take(update(n, "p"), NOW, 0)
        if n <= newest:
            assert record is None
            continue
        assert record is not None
        assert record.sequence == n
        accounted += record.missed + 1 if newest else n
        newest = n
        assert accounted == newest


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 100)), max_size=30))
def test_an_instant_is_never_after_its_receipt_nor_before_the_last(
    stamps: list[tuple[int, int]],
) -> None:
    """Fault F11: with a clock that goes forward; and what is bent is counted."""
    stream = ValueSequence()
    last = bent = now = 0
    for stated, step in stamps:
        now += step
        record = stream.take(update(0, "", stated), now, 0)
        assert record is not None
        assert last <= record.ts_event <= now
        bent += bool(stated) and stated != record.ts_event
        last = record.ts_event
    assert stream.counters["clamped_events"] == bent


def test_another_publisher_waits_until_the_first_is_silent() -> None:
    """Fault F07: refused and named; after two seconds it takes over, as a stream of its own."""
    stream = ValueSequence()
    first = stream.take(update(5, "one", NOW), NOW, 0)
    assert first is not None
    assert stream.take(update(1, "two", NOW), NOW, PUBLISHER_TIMEOUT_NS) is None
    assert "'two'" in stream.conflict
    assert stream.take(update(6, "one", NOW), NOW, PUBLISHER_TIMEOUT_NS) is not None
    assert stream.conflict == ""
    later = 2 * PUBLISHER_TIMEOUT_NS + 1
    second = stream.take(update(1, "two", NOW + 1), NOW + 1, later)
    assert second is not None
    assert second.missed == 0
    assert second.stream_id != first.stream_id
    assert stream.counters["refused_publisher"] == 1


def test_an_old_value_of_another_publisher_does_not_take_over() -> None:
    """A map that was restored holds values from before: they are refused by their time."""
    stream = ValueSequence()
    stream.take(update(5, "new", NOW), NOW, 0)
    assert stream.take(update(9, "old", NOW - 1), NOW, 10 * PUBLISHER_TIMEOUT_NS) is None
    assert stream.counters["refused_old"] == 1


def test_a_publisher_that_restarts_under_its_name_is_known_by_the_time() -> None:
    """Sequence 1 again: refused while it may be a replay, taken when it is silent and newer."""
    stream = ValueSequence()
    stream.take(update(5, "p", NOW), NOW, 0)
    silent = PUBLISHER_TIMEOUT_NS + 1
    assert stream.take(update(1, "p", NOW + 1), NOW + 1, 1) is None
    assert stream.take(update(1, "p"), NOW, silent) is None
    assert "went back from 5 to 1" in stream.conflict
    assert stream.take(update(1, "p", NOW + 1), NOW + 1, silent) is not None


def test_the_stream_of_a_named_publisher_is_the_same_for_every_reader() -> None:
    """So that a recording can recognize the same record from two readers; unnamed ones differ."""
    named = [ValueSequence().take(update(3, "p"), NOW, 0) for _ in range(2)]
    unnamed = [ValueSequence().take(update(), NOW, 0) for _ in range(2)]
    assert len({r.stream_id for r in named if r}) == 1
    assert len({r.stream_id for r in unnamed if r}) == 2


def test_a_publishers_clock_counts_on_its_own_machine_only() -> None:
    """CLOCK_MONOTONIC of another machine, or of none, is no time here."""
    stream = ValueSequence()
    for n, (machine, expected) in enumerate(((machine_id(), 42), ("other", 0), ("", 0)), 1):
        record = stream.take(Update({"a": 1.0}, "p", n, 0, 42, machine), NOW, 0)
        assert record is not None
        assert record.published_mono_ns == expected


def test_names_beyond_the_schemas_limit_are_skipped_and_counted() -> None:
    """512 factors; the rest is not lost in silence."""
    stream = ValueSequence()
    record = stream.take(Update({f"f{i}": 1.0 for i in range(600)}, "", 0, 0, 0, ""), NOW, 0)
    assert record is not None
    assert record.schema == FactorSchema([f"f{i}" for i in range(512)])
    assert stream.counters["skipped_names"] == 88


def test_a_new_name_without_a_number_is_skipped_until_it_has_one() -> None:
    """A text makes no factor; null is NaN; a known name stays when its value is none."""
    stream = ValueSequence()
    with pytest.raises(UnusableError):
        stream.take(update(label="text"), NOW, 0)
    for factors, names, skipped in (
        ({"basis": 1.0, "label": "text", "list": [1], "none": None}, ("basis", "none"), 2),
        ({"basis": 1.0, "label": "text", "list": [1], "none": None}, ("basis", "none"), 4),
        ({"basis": "x", "label": 2.0, "list": [1], "none": 1}, ("basis", "none", "label"), 5),
        ({"basis": 1.0, "label": "text", "list": [1], "none": 1}, ("basis", "none", "label"), 6),
    ):
        record = stream.take(Update(dict(factors), "", 0, 0, 0, ""), NOW, 0)
        assert record is not None
        assert record.schema.names == names
        assert stream.counters["skipped_names"] == skipped
