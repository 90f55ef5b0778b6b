"""The page of settings files is what the code reads, and leaves no key unexplained."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

import pytest

from adapters.command.field_rules import OTHER_KEYS, CheckedFields, Key, at_least
from docs.site.assembly import ROOT
from docs.site.settings_page import FILES, PAGE, settings_page
from docs.site.settings_tables import tables_of
from live.node.settings.node_settings import NodeSettings

KEYS: Final = [
    (f"{f.title} {t.heading}", t, key) for f in FILES for t in f.shown() for key in t.keys
]


def test_the_page_is_what_the_code_reads() -> None:
    """A key that is new, gone or has another default makes the page old."""
    assert PAGE.read_text(encoding="utf-8") == settings_page(), (
        "uv run python -m docs.site.generated"
    )


def test_every_key_has_a_meaning() -> None:
    """What a docstring does not explain, no reader can know."""
    assert len(KEYS) > 200
    assert [f"{place} {key.name}" for place, _, key in KEYS if not key.meaning] == []


def test_every_key_of_the_example_of_a_node_is_on_the_page() -> None:
    """The example has all tables of a node, and the page all of its keys."""
    example = tomllib.loads((ROOT / "docs" / "examples" / "node.toml").read_text("utf-8"))
    page = {t.heading: {key.name for key in t.keys} for t in tables_of(NodeSettings)}
    assert set(page) >= {f"[{name}]" for name in example}
    for name in set(example) - {"strategy"}:
        assert {f"`{key}`" for key in example[name]} <= page[f"[{name}]"]


@dataclass(frozen=True, kw_only=True)
class Inner(CheckedFields):
    """An inner table.

    Attributes
    ----------
    size : int
        How large, in
        pieces; None: any.

    """

    size: Annotated[int, at_least(2)] = 3


@dataclass(frozen=True, kw_only=True)
class Outer(CheckedFields):
    """The ``[outer]`` table.

    Attributes
    ----------
    first, kind : str
        Both.
    rest : dict
        What is left.

    Raises
    ------
    ValueError
        Never: first, kind.

    """

    first: Annotated[str, Key("1st")]
    kind: Literal["a", "b"] = "a"
    many: tuple[Inner, ...] = ()
    named: dict[str, Inner] = field(default_factory=dict)
    rest: Annotated[dict[str, Any], OTHER_KEYS] = field(default_factory=dict)


def test_tables_are_read_from_types_and_docstrings() -> None:
    """Keys, choices, rules, defaults and meanings; arrays and tables by name."""
    outer, many, named = tables_of(Outer, "outer")
    assert [t.heading for t in (outer, many, named)] == [
        "[outer]", "[[outer.many]]", "[outer.named.NAME]"
    ]  # fmt: skip
    assert [(k.name, k.kind, k.default, k.meaning) for k in outer.keys] == [
        ("`1st`", "text", "required", "Both."),
        ("`kind`", '`"a"` or `"b"`', '`"a"`', "Both."),
        ("any other key", "table", "none", "What is left."),
    ]
    assert many.keys == named.keys
    assert many.keys[0].kind == "whole number: at least 2"
    assert (many.keys[0].default, many.keys[0].meaning) == (
        "`3`", "How large, in pieces; left out: any."
    )  # fmt: skip


@pytest.mark.parametrize("name", ["live", "backtests", "adapters"])
def test_every_class_that_a_file_becomes_is_on_the_page(name: str) -> None:
    """A new kind of settings file, read by from_table, must have its part."""
    known = {cls.__name__ for f in FILES for _, cls, _ in f.tables}
    for path in sorted((ROOT / name).rglob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "read_tables(" in line and "from_table(" in line:
                cls = line.partition("from_table(")[2].partition(",")[0]
                assert cls in known | {"_File"}, f"{path}: {cls}"
