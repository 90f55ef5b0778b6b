"""What a FactorStrategy's class declares is checked before anything runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dolphin_strategies import FactorStrategy, FactorStrategyConfig
from dolphin_strategies.factors.declarations import check_declarations


async def coroutine(self: Any, f: Any) -> None:
    """Wait for nothing."""


def generator(self: Any, f: Any) -> Any:
    """Yield once."""
    yield


async def both(self: Any, f: Any) -> Any:
    """Yield once."""
    yield


@pytest.mark.parametrize(
    ("members", "error", "what"),
    [
        ({"on_factors": coroutine}, TypeError, "on_factors is a coroutine function"),
        ({"on_order_filled": coroutine}, TypeError, "on_order_filled is a coroutine"),
        ({"on_factors": generator}, TypeError, "on_factors is a generator function"),
        ({"on_quote": both}, TypeError, "on_quote is an asynchronous generator"),
        ({"on_factors": None}, TypeError, "on_factors: expected a method, found None"),
        ({"on_stop": "text"}, TypeError, "on_stop: expected a method"),
        ({"required_factors": "imbal_btc"}, TypeError, "expected a tuple of names"),
        ({"required_factors": None}, TypeError, "expected a tuple of names"),
        ({"required_factors": (1,)}, TypeError, "expected a tuple of names"),
        ({"max_age": 5}, TypeError, "max_age: expected a timedelta or None, found 5"),
        ({"max_age": timedelta(-1)}, ValueError, "max_age: expected no negative time"),
        ({"factor_history": 5}, TypeError, "factor_history: expected a timedelta"),
    ],
)
def test_a_wrong_class_is_refused(
    members: dict[str, Any], error: type[Exception], what: str
) -> None:
    """Each would otherwise be a strategy that silently does nothing, or something else."""
    wrong = type("Wrong", (FactorStrategy,), members)
    with pytest.raises(error, match=what):
        wrong(FactorStrategyConfig())


def test_what_can_be_called_is_accepted() -> None:
    """Static methods, callables and lists of names too."""
    members = {
        "on_quote": staticmethod(print),
        "on_trade": print,
        "required_factors": ["a", "b"],
        "max_age": timedelta(0),
    }
    check_declarations(type("Right", (FactorStrategy,), members))
