"""FactorSchema: which names it takes, and what it makes of them."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import pytest

from dolphin_strategies import DolphinError, FactorSchema, UnknownFactorError
from dolphin_strategies.factors.schema import is_factor_name


@pytest.mark.parametrize("name", ["a", "Z", "basis_btc", "a.b-c_D9", "x" * 63])
def test_a_name_within_the_rule_is_taken(name: str) -> None:
    """Letters, digits, underscore, dot and hyphen after a letter, up to 63 in all."""
    assert is_factor_name(name)
    assert FactorSchema([name]).names == (name,)


@pytest.mark.parametrize(
    "name",
    ["", "_a", "1a", ".a", "-a", "a b", "a*", "a?", "a/b", "a\0", "a\n", "é", "\uff41", "x" * 64,
     5, None, b"a"],
    ids=repr,
)  # fmt: skip
def test_a_name_out_of_rule_is_refused_by_name(name: Any) -> None:
    """Fault B04: the message shows the name and the rule."""
    assert not is_factor_name(name)
    with pytest.raises(ValueError, match="is not a factor name; use a letter"):
        FactorSchema(["good", name])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "expected 1 to 512 factor names, found 0"),
        ([f"f{i}" for i in range(513)], "expected 1 to 512 factor names, found 513"),
        (["a", "b", "a"], "'a' appears twice"),
    ],
    ids=["none", "513", "twice"],
)
def test_a_list_out_of_rule_is_refused(names: list[str], message: str) -> None:
    """Faults B04 and B06: the message says what was found."""
    with pytest.raises(ValueError, match=message):
        FactorSchema(names)


def test_one_text_is_no_list_of_names() -> None:
    """Each of its letters would be a name."""
    with pytest.raises(TypeError, match=r"names: expected names, found the text 'abc'; put it"):
        FactorSchema("abc")
    assert FactorSchema(["abc"]).names == ("abc",)


def test_a_schema_is_an_ordered_set_of_names() -> None:
    """Order, membership, length, index, from any iterable."""
    schema = FactorSchema(name for name in ("b", "a", "c"))
    assert list(schema) == ["b", "a", "c"]
    assert [schema.index(name) for name in schema] == [0, 1, 2]
    assert "a" in schema
    assert "d" not in schema
    assert 5 not in schema
    assert len(schema) == 3
    assert repr(schema) == "FactorSchema(3 factors: b, a, c)"


def test_an_unknown_name_is_an_error_with_the_nearest_match() -> None:
    """KeyError and DolphinError in one, readable as it is printed."""
    with pytest.raises(UnknownFactorError) as caught:
        FactorSchema(["basis_btc", "spread"]).index("basis_bct")
    assert str(caught.value) == "no factor named 'basis_bct'; did you mean 'basis_btc'?"
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, DolphinError)


def test_equality_and_hash_follow_names_and_order() -> None:
    """The hash is the documented one, equal schemas are equal, another order is another schema."""
    schema = FactorSchema(["a", "b"])
    assert schema == FactorSchema(("a", "b"))
    assert schema != FactorSchema(["b", "a"])
    assert schema != FactorSchema(["a"])
    assert schema != ("a", "b")
    digest = hashlib.sha256(b"a\nb").digest()
    assert schema.hash == int.from_bytes(digest[:8], "little")
    assert len({schema, FactorSchema(["a", "b"]), FactorSchema(["b", "a"])}) == 2
    assert FactorSchema(["ab"]).hash != FactorSchema(["a", "b"]).hash


def test_a_schema_survives_pickling() -> None:
    """It may travel to another process."""
    schema = FactorSchema(["a", "b"])
    again = pickle.loads(pickle.dumps(schema))  # noqa: S301
    assert again == schema
    assert again.index("b") == 1
