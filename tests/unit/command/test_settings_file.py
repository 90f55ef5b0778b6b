"""TOML tables as dataclasses: what is converted, what is refused, and with which words."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pytest

from adapters.command.field_rules import (
    KEY_OF_TABLE,
    OTHER_KEYS,
    CheckedFields,
    Fee,
    Key,
    Rule,
    at_least,
    between,
    more_than,
)
from adapters.command.settings_file import from_table, override, read_tables
from dolphin_strategies import ConfigError


@dataclass(frozen=True)
class Day:
    """A type that is read from text."""

    text: str

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Take a text that begins with a year of this century."""
        if not text.startswith("20"):
            msg = f"expected a day, found {text!r}"
            raise ValueError(msg)
        return cls(text)


type Level = Literal["low", "high"]


@dataclass(frozen=True, kw_only=True)
class Part(CheckedFields):
    """A table within a table."""

    name: Annotated[str, KEY_OF_TABLE]
    size: Annotated[int, at_least(1)]


@dataclass(frozen=True, kw_only=True)
class Whole(CheckedFields):
    """One field of each kind."""

    path: Path
    ratio: Annotated[float, between(0, 1)] = 0.5
    count: Annotated[int, at_least(0)] | None = None
    speed: Annotated[float, more_than(0, at_most=10)] = 1.0
    weight: Annotated[float, more_than(0)] = 1.0
    fee: Fee = Decimal(0)
    level: Level = "low"
    flag: bool = False
    day: Day | None = None
    names: list[str] = field(default_factory=list)
    pair: Annotated[tuple[float, ...], Rule("two numbers", lambda p: len(p) == 2)] = (0.0, 1.0)
    by_name: dict[str, Part] = field(default_factory=dict)
    entries: tuple[Part, ...] = ()
    class_name: Annotated[str, Key("class")] = ""
    other: Annotated[dict[str, Any], OTHER_KEYS] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Closed(CheckedFields):
    """A table that takes no other keys."""

    path: Path
    whole: Whole | None = None


def read(text: str) -> Whole:
    """Return the table of a text."""
    return from_table(Whole, tomllib.loads(text), "f.toml")


def test_every_kind_of_value_becomes_its_fields_type() -> None:
    """Numbers, paths, texts with a meaning, dates, sequences, tables, a key of another name."""
    found = read(
        'path = "a/b"\nratio = 1\nfee = "-0.1"\nlevel = "high"\nday = 2026-04-28\n'
        'names = ["x"]\npair = [1, 2.5]\nclass = "m:C"\nmore = 3\n'
        "[by_name.left]\nsize = 1\n[[entries]]\nname = 'n'\nsize = 2\n"
    )
    assert found == Whole(
        path=Path("a/b"),
        ratio=1.0,
        fee=Decimal("-0.1"),
        level="high",
        day=Day("2026-04-28"),
        names=["x"],
        pair=(1.0, 2.5),
        by_name={"left": Part(name="left", size=1)},
        entries=(Part(name="n", size=2),),
        class_name="m:C",
        other={"more": 3},
    )
    assert type(found.ratio) is float


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ratio = '1'", "f.toml: ratio: expected float, found '1'"),
        ("ratio = true", "f.toml: ratio: expected float, found True"),
        ("ratio = 1.5", "f.toml: ratio: expected 0 to 1, found 1.5"),
        ("ratio = nan", "f.toml: ratio: expected 0 to 1, found nan"),
        ("ratio = 1" + "0" * 400, "f.toml: ratio: expected float, found 10"),
        ("count = 1.0", "f.toml: count: expected int, found 1.0"),
        ("count = true", "f.toml: count: expected int, found True"),
        ("count = -1", "f.toml: count: expected 0 or more, found -1"),
        ("speed = 0", "f.toml: speed: expected more than 0 and at most 10, found 0.0"),
        ("speed = 10.5", "f.toml: speed: expected more than 0 and at most 10, found 10.5"),
        ("weight = inf", "f.toml: weight: expected more than 0, found inf"),
        ("fee = 1", "f.toml: fee: expected a fraction such as 0.0005"),
        ("fee = nan", "f.toml: fee: expected a fraction such as 0.0005"),
        ("fee = 'cheap'", "f.toml: fee: expected Decimal, found 'cheap'"),
        ("level = 'mid'", "f.toml: level: expected 'low' or 'high', found 'mid'"),
        ("level = [1]", "f.toml: level: expected 'low' or 'high', found [1]"),
        ("flag = 1", "f.toml: flag: expected bool, found 1"),
        ("day = 'soon'", "f.toml: day: expected a day, found 'soon'"),
        ("day = 3", "f.toml: day: expected Day, found 3"),
        ("names = 'x'", "f.toml: names: expected list, found 'x'"),
        ("names = ['x', 2]", "f.toml: names 2: expected str, found 2"),
        ("pair = [1]", "f.toml: pair: expected two numbers, found (1.0,)"),
        ("pair = 1", "f.toml: pair: expected two numbers, found 1"),
        ("by_name = 1", "f.toml: by_name: expected dict, found 1"),
        ("[by_name]\nleft = 1", "f.toml: [by_name] 'left': expected a table, found 1"),
        ("[by_name.left]", "f.toml: [by_name] 'left': size is missing; expected at least 1"),
        ("[by_name.left]\nsize = 0", "f.toml: [by_name] 'left': size: expected at least 1"),
        ("[by_name.left]\nsise = 1", "unknown key 'sise'; did you mean 'size'?"),
        ("[entries]\nsize = 1", "f.toml: [entries]: expected tables with double brackets"),
        ("[[entries]]\nname = 'n'\nsize = 0", "f.toml: [[entries]] 1 n: size: expected at"),
        ("class = 1", "f.toml: class: expected str, found 1"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, message: str) -> None:
    """Fault D12: each error states file, table, key, what was expected and what was found."""
    with pytest.raises(ConfigError) as refused:
        read(f'path = "x"\n{text}')
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.toml: path is missing"),
        ("pth = 'x'", "f.toml: unknown key 'pth'; did you mean 'path'?"),
        ("path = 'x'\n[whoel]", "f.toml: unknown table [whoel]; did you mean 'whole'?"),
        ("path = 'x'\nwhole = 1", "f.toml: whole: expected a table, found 1"),
        ("path = 'x'\n[whole]", "f.toml: [whole]: path is missing"),
        ("path = 'x'\n[whole]\npath = 'y'\nratio = 2", "f.toml: [whole]: ratio: expected 0 to 1"),
    ],
)
def test_unknown_and_missing_keys_are_refused(text: str, message: str) -> None:
    """Fault D12: with the nearest name, and where they are."""
    with pytest.raises(ConfigError) as refused:
        from_table(Closed, tomllib.loads(text), "f.toml")
    assert message in str(refused.value)


def test_settings_that_exist_keep_their_rules() -> None:
    """However they were made: directly, or with the command line's values on top."""
    settings = Whole(path=Path("x"))
    assert override(settings, ratio=None, speed=2.0) == Whole(path=Path("x"), speed=2.0)
    with pytest.raises(ConfigError, match="ratio: expected 0 to 1, found 7"):
        override(settings, ratio=7)
    with pytest.raises(ValueError, match="level: expected 'low' or 'high', found 'mid'"):
        Whole(path=Path("x"), level="mid")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="fee: expected a fraction"):
        Whole(path=Path("x"), fee=Decimal("NaN"))


@pytest.mark.parametrize("content", [b"[a", b"\xff", None])
def test_a_file_that_is_no_toml_is_refused_with_its_path(
    tmp_path: Path, content: bytes | None
) -> None:
    """Wrong syntax, wrong encoding, no file."""
    path = tmp_path / "settings.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=str(path)):
        read_tables(path)
