"""Neighbours of a configuration: which numbers are moved, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from adapters.command.user_code.strategy_class import StrategySettings
from backtests.enveloping.perturbation.neighbours import neighbourhood
from dolphin_strategies import FactorStrategy, FactorStrategyConfig
from dolphin_strategies.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ManyConfig(FactorStrategyConfig):
    """One field of each kind."""

    name: str = "x"
    is_quick: bool = True
    size: Decimal = Decimal("0.05")
    share: float = 0.9
    reverting: float = -0.5
    off: float = 0.0
    orders: int = 2
    window: int = 100

    def __post_init__(self) -> None:
        if self.share > 1:
            msg = f"share: expected at most 1, found {self.share}"
            raise ValueError(msg)


class Many(FactorStrategy[ManyConfig]):
    """A strategy with such a configuration."""


def many(**config: object) -> StrategySettings:
    """Return its settings."""
    return StrategySettings(path=f"{__name__}:Many", config=config)


def test_each_number_is_moved_both_ways() -> None:
    """Flags, text, zeros and Nautilus's fields are not; whole numbers by 1 at least; values that
    the configuration refuses are named.
    """
    found = neighbourhood(many(orders=3), 0.2)
    assert [n.values for n in found.runs] == [
        {"size": "0.04"}, {"size": "0.06"}, {"share": 0.72}, {"reverting": -0.4},
        {"reverting": -0.6}, {"orders": 2}, {"orders": 4}, {"window": 80}, {"window": 120},
    ]  # fmt: skip
    assert [n.name for n in found.runs][:2] == ["size=0.04", "size=0.06"]
    [left_out] = found.left_out
    assert left_out.startswith("share=1.08: ")
    assert "expected at most 1" in left_out


def test_delays_are_runs_of_the_configuration_as_it_is() -> None:
    """Each of them, without any moved number unless one is asked for."""
    found = neighbourhood(many(), None, ["5s", "1m"])
    assert [(n.name, n.values, n.delay) for n in found.runs] == [
        ("delay=5s", {}, "5s"), ("delay=1m", {}, "1m"),
    ]  # fmt: skip


def test_a_configuration_that_does_not_fit_is_refused() -> None:
    """As for any other command."""
    with pytest.raises(ConfigError, match="sise"):
        neighbourhood(many(sise="1"), 0.2)
