"""Parameters of a search, as a file gives them or as the config's defaults do."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from backtests.sweeping.setup.parameters import read_parameters
from dolphin_strategies import FactorStrategyConfig
from dolphin_strategies.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Config(FactorStrategyConfig):
    """A config with a field of each kind."""

    level: float = 2.0
    count: int = 8
    size: Decimal = Decimal("0.4")
    is_long: bool = True
    name: str = "x"
    nothing: float = 0.0


def read(**tables: Any) -> list[str]:
    """Return the parameters of tables as text."""
    return list(map(str, read_parameters(tables, Config, Config(), "a.toml")))


def test_tables_lists_and_true_are_parameters() -> None:
    """A range, with a step, with a logarithm; choices; the range about the default."""
    assert read(
        level={"low": 0.1, "high": 2.0, "log": True},
        count={"low": 2, "high": 8, "step": 2},
        size=True,
        name=["a", "b"],
    ) == [
        "level: 0.1 to 2, log",
        "count: 2 to 8 in steps of 2",
        "size: 0.1 to 1.6, log",
        "name: a, b",
    ]


def test_without_a_table_the_authors_own_numbers_and_flags_are_searched() -> None:
    """From a quarter to four times the default; neither a text, nor a number that is 0."""
    assert read() == [
        "level: 0.5 to 8, log",
        "count: 2 to 32, log",
        "size: 0.1 to 1.6, log",
        "is_long: False, True",
    ]


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("levle", True, "Config has no such field; did you mean"),
        ("level", {"low": 1.0, "hihg": 2.0}, "hihg"),
        (
            "level",
            {"low": 2.0, "high": 1.0},
            "low below high, both finite, found 2.0 and 1.0",
        ),
        ("level", {"low": 2.0}, "found 2.0 and None"),
        ("level", {"low": float("nan"), "high": 1.0}, "low"),
        ("level", {"low": 0.0, "high": float("inf")}, "inf"),
        ("level", {"low": 0.0, "high": 1.0, "log": True}, "log needs a low above 0"),
        ("level", {"low": 0.1, "high": 1.0, "log": True, "step": 0.1}, "no step"),
        ("level", {"low": 0.1, "high": 1.0, "step": 2.0}, "step: expected more than 0"),
        ("level", {"low": 0.1, "high": 1.0, "step": -0.1}, "step: expected more than 0"),
        ("level", [1.0], "expected two different choices or more, found [1.0]"),
        ("level", [1.0, 1.0], "expected two different choices or more"),
        ("level", [1.0, [2.0]], "expected choices that are numbers, flags or texts"),
        ("level", 3.0, "level"),
        ("count", {"low": 1.5, "high": 4}, "expected whole numbers"),
        ("name", {"low": 1, "high": 2}, "expected choices, as the field is no number"),
        ("name", True, "no range follows from 'x'"),
        ("nothing", True, "no range follows from 0.0"),
        ("max_age_ns", True, "no such field"),
    ],
)
def test_what_cannot_be_searched_is_refused(name: str, given: Any, problem: str) -> None:
    """The error names file, table and field, and says what was expected."""
    with pytest.raises(ConfigError) as caught:
        read(**{name: given})
    assert str(caught.value).startswith("a.toml: [sweep.parameters] " + name)
    assert problem in str(caught.value)


def test_decimals_have_three_digits_and_lists_their_own_values() -> None:
    """What a trial gives to the config is what its field takes."""
    size, name = read_parameters(
        {"size": {"low": 0.1, "high": 1.0}, "name": ["a", "b"]}, Config, Config(), "a.toml"
    )
    assert size.value_of(0.123456) == "0.123"
    assert name.value_of("b") == "b"
