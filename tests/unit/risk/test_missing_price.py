"""What the gate says of an instrument that has no price yet."""

from __future__ import annotations

from typing import Final

import pytest
from nautilus_trader.common import Cache
from nautilus_trader.model import InstrumentId

from dolphin_strategies.order_gates.price_ages import PriceAges
from dolphin_strategies.order_gates.price_rules import PriceKind, PriceRules

BTCUSDT: Final = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


@pytest.mark.parametrize(
    ("kinds", "says_how"), [(("quotes",), True), (("quotes", "trades", "bars"), False)]
)
def test_where_quotes_alone_are_prices_the_reason_names_the_call_that_brings_them(
    kinds: tuple[PriceKind, ...], *, says_how: bool
) -> None:
    """A backtest on bars fills a strategy that subscribes to nothing; a paper node cannot."""
    problem = PriceAges(Cache(), PriceRules(kinds=kinds)).problem(BTCUSDT, 1)
    assert problem.startswith("PRICE_MISSING: BTCUSDT-PERP.BINANCE has no price yet")
    assert ("subscribe_quotes" in problem) == says_how
