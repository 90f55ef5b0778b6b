"""The table ``[market]``: what is read, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.command.market_settings import MarketSettings, max_price_age_of
from adapters.command.settings_file import from_table
from dolphin_strategies import ConfigError
from dolphin_strategies.order_gates.price_rules import PriceRules

SECOND_NS = 1_000_000_000


@pytest.mark.parametrize(
    ("setting", "of_a", "of_b"),
    [
        (None, 7, 7),
        ("15s", 15 * SECOND_NS, 15 * SECOND_NS),
        ("none", None, None),
        ({"A.X": "1m"}, 60 * SECOND_NS, 7),
        ({"A.X": "none"}, None, 7),
    ],
)
def test_an_age_is_of_all_instruments_or_by_instrument(
    setting: Any, of_a: int | None, of_b: int | None
) -> None:
    """What it does not name has the default of its data."""
    limits = from_table(MarketSettings, {"max_price_age": setting}, "a file").limits
    assert (limits.limit_ns("A.X", 7), limits.limit_ns("B.X", 7)) == (of_a, of_b)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"max_price_age": 15}, "max_price_age: expected a duration such as '15m'"),
        ({"max_price_age": "0"}, "max_price_age: expected a duration of more than 0"),
        ({"max_price_age": "soon"}, "max_price_age: expected a duration, a number with a unit"),
        ({"max_price_age": {"A.X": True}}, "max_price_age: expected a duration such as"),
        ({"max_price_age": ["15m"]}, "max_price_age: expected a duration such as"),
        ({"stale_price": "ignore"}, "stale_price: expected 'refuse' or 'wait'"),
        ({"max_age": "15m"}, "did you mean 'max_price_age'"),
    ],
)
def test_what_cannot_be_used_is_refused(table: dict[str, Any], message: str) -> None:
    """Each error names the key and what was expected."""
    with pytest.raises(ConfigError, match=message):
        from_table(MarketSettings, table, "a file")


def test_a_command_line_says_the_same() -> None:
    """One duration, or several by instrument."""
    assert max_price_age_of(None) is None
    assert max_price_age_of("15m") == "15m"
    assert max_price_age_of("A.X=15m, B.X=none") == {"A.X": "15m", "B.X": "none"}
    with pytest.raises(ConfigError, match=r"expected INSTRUMENT=DURATION, found 'B\.X'"):
        max_price_age_of("A.X=15m,B.X")


def test_a_gate_is_there_unless_every_price_may_be_of_any_age() -> None:
    """One instrument with a limit is enough; the others then have none."""
    assert MarketSettings(max_price_age="none").rules(PriceRules()) is None
    rules = MarketSettings(max_price_age="15s", stale_price="wait").rules(PriceRules())
    assert rules is not None
    assert (rules.other_max_age_ns, rules.stale_price) == (15 * SECOND_NS, "wait")
    rules = MarketSettings(max_price_age={"A.X": "none"}).rules(PriceRules())
    assert rules is not None
    assert (rules.max_age_ns, rules.other_max_age_ns) == ({"A.X": None}, None)
