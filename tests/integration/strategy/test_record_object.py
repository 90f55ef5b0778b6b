"""ExternalFactors with its C: made, freed and wrapped as its Python says."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from importlib import import_module
from typing import Any

import pytest
from nautilus_trader.model import CustomData, DataType

from dolphin_strategies import EXTERNAL_FACTORS, ExternalFactors, FactorSchema
from tests.support.lengths import long

SCHEMA = FactorSchema(["a", "b", "c"])

import_module("dolphin_strategies._gate")  # gives the class its C


class Own(ExternalFactors):
    """A subclass with an attribute table, another name and weak references."""

    type_name_static = staticmethod(lambda: "Own")


class Member:
    """Can be referred to weakly, and refer to a record."""

    record: ExternalFactors


def test_a_record_is_made_alike_by_every_call_of_its_class() -> None:
    """Positional calls are one C call; defaults, keywords and errors are as in Python."""
    made = [
        ExternalFactors(SCHEMA, b"x", 1, 2),
        ExternalFactors(SCHEMA, b"x", 1, 2, 0, 0, 0),
        ExternalFactors(SCHEMA, b"x", ts_event=1, ts_init=2),
        ExternalFactors(schema=SCHEMA, payload=b"x", ts_event=1, ts_init=2, stream_id=0),
        ExternalFactors(*(SCHEMA, b"x", 1, 2)),
    ]
    slots = ("schema", "payload", "ts_event", "ts_init", "sequence", "published_mono_ns",
             "stream_id")  # fmt: skip
    assert {tuple(getattr(f, s) for s in slots) for f in made} == {(SCHEMA, b"x", 1, 2, 0, 0, 0)}
    full = ExternalFactors(SCHEMA, b"x", 1, 2, 3, 4, 5)
    assert (full.sequence, full.published_mono_ns, full.stream_id) == (3, 4, 5)
    wrong: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((SCHEMA, b"x", 1), {}),
        ((SCHEMA, b"x", 1, 2, 3, 4, 5, 6), {}),
        ((SCHEMA, b"x", 1, 2), {"ts_init": 3}),
        ((SCHEMA, b"x", 1, 2), {"other": 3}),
    ]
    for arguments, keywords in wrong:
        with pytest.raises(TypeError):
            ExternalFactors(*arguments, **keywords)
    assert gc.is_tracked(full)


def test_a_record_in_used_memory_has_nothing_of_the_one_before() -> None:
    """Records that come and go in any number each have their own values only."""
    for count in (1, 2, 15, 16, 17, 40, 3):
        made = [ExternalFactors(SCHEMA, bytes([i]) * 24, i, 2, 3, 4, 5) for i in range(count)]
        arrays = [f.array.tobytes() for f in made]
        assert arrays == [bytes([i]) * 24 for i in range(count)]
        del made
        short = [ExternalFactors(SCHEMA, bytes(24), -i, 2) for i in range(count)]
        assert [f.ts_event for f in short] == [-i for i in range(count)]
        assert {(f.sequence, f.published_mono_ns, f.stream_id) for f in short} == {(0, 0, 0)}
        assert all(f.array.tobytes() == bytes(24) for f in short)


def test_a_record_holds_its_values_as_long_as_it_lives() -> None:
    """Neither a record nor one of a subclass loses a reference or keeps one."""
    payload, ns = bytes(range(24)), 1_700_000_000_000_000_000
    watched = [SCHEMA, payload, ns, ExternalFactors, Own]

    def make(count: int) -> None:
        for _ in range(count):
            kept = [ExternalFactors(SCHEMA, payload, ns, ns), Own(SCHEMA, payload, ns, ns)]
            kept += [ExternalFactors(SCHEMA, payload, ts_event=ns, ts_init=ns)] * 2
            assert kept[0].array is kept[0].array
            kept[1].extra = kept[0]  # type: ignore[attr-defined]

    make(100)
    gc.collect()
    before, blocks = [sys.getrefcount(o) for o in watched], sys.getallocatedblocks()
    make(20_000)
    gc.collect()
    assert [sys.getrefcount(o) for o in watched] == before
    assert abs(sys.getallocatedblocks() - blocks) < 100


def test_the_collector_frees_records_that_hold_themselves() -> None:
    """Also where a member refers back, which no member should."""
    gone = []
    for made in (ExternalFactors, Own):
        member = Member()
        member.record = made(member, b"", 1, 2)  # type: ignore[arg-type]
        gone.append(weakref.ref(member))
    del member
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


@pytest.mark.parametrize("made", ["ExternalFactors", long("Own")])
def test_a_chain_of_records_ends_without_a_call_inside_a_call_for_each(made: str) -> None:
    """A million records that hold one another do not exhaust the stack."""
    code = (
        "from dolphin_strategies import ExternalFactors\n"
        "from dolphin_strategies._gate import Gate\n"
        "class Own(ExternalFactors): pass\n"
        "f = None\n"
        f"for _ in range(1_000_000): f = {made}(f, b'', 1, 2)\n"
        "del f\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=240)


def test_a_destructor_may_make_records() -> None:
    """What runs while a record is freed finds memory that nobody else uses."""
    made: list[ExternalFactors] = []

    class Making:
        def __del__(self) -> None:
            made.append(ExternalFactors(SCHEMA, bytes(24), len(made), 2))

    for _ in range(50):
        ExternalFactors(Making(), b"", 1, 2)  # type: ignore[arg-type]
    assert [f.ts_event for f in made] == list(range(50))
    assert all(f.schema is SCHEMA and len(f.array) == 3 for f in made)


def test_the_class_names_its_type_as_nautilus_asks_and_as_anybody_asks() -> None:
    """A subclass gives its own name; other attributes are found or missing as usual."""
    asked = b"type_name_static".decode()  # a text of its own, as Nautilus's
    for made in (ExternalFactors, Own):
        name = made.__name__
        assert hasattr(made, asked)
        assert getattr(made, asked)() == made.type_name_static() == name
        f = made(SCHEMA, bytes(24), 1, 2)
        assert f.type_name_static() == f.to_dict()["type"] == name
        with pytest.raises(TypeError):
            made.type_name_static(1)  # type: ignore[call-arg]
    for missing in ("type_name_statics", "type_name_stati\u010d", "Type_name_static", ""):
        assert not hasattr(ExternalFactors, missing)
    assert ExternalFactors.from_values.__func__ is Own.from_values.__func__  # type: ignore[attr-defined]
    data = CustomData(DataType("Own"), Own(SCHEMA, bytes(24), 1, 2))
    assert b'"type":"Own"' in bytes(data.to_json_bytes())
    data = CustomData(EXTERNAL_FACTORS, ExternalFactors(SCHEMA, bytes(24), 1, 2))
    assert b'"type":"ExternalFactors"' in bytes(data.to_json_bytes())
