"""Prices and sizes are the nearest float64 of their decimal text."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from nautilus_trader.model import (
    AggressorSide,
    InstrumentId,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)

from dolphin_strategies.computed.classes.table import CLASSES
from dolphin_strategies.computed.inputs import number_of
from dolphin_strategies.computed.states.prints import Trades

ID = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


@pytest.mark.parametrize("digits", [0, 1, 2, 5, 8, 12])
def test_numbers_are_those_of_the_text(digits: int) -> None:
    """Which Nautilus's own conversion often misses by one bit."""
    draw = random.Random(digits)  # noqa: S311 - reproducible
    middle, trades = CLASSES["Mid"](ID), Trades()
    for n in range(2000):
        whole = draw.randrange(10 ** draw.randrange(1, max(2, min(13, 15 - digits))))
        text = f"{whole}.{draw.randrange(10**digits):0{digits}d}" if digits else f"{whole + 1}"
        if float(text) == 0:
            continue
        price = Price.from_str(text)
        assert number_of(price) == float(text)
        size = Quantity.from_str(text)
        trade = TradeTick(ID, price, size, AggressorSide.BUY, TradeId("1"), n, n)
        trades.take(trade)
        assert (trades.number, trades.size) == (float(text), float(text))
        above = Price.from_str(f"{whole + 2}.{'0' * digits}" if digits else f"{whole + 2}")
        middle.update(QuoteTick(ID, price, above, size, size, n, n))
        assert middle.value == (float(text) + float(str(above))) / 2


def test_factor_files_are_read_without_nautilus() -> None:
    """A service that only polls needs a third of the memory."""
    code = (
        "import sys; import adapters.exf.registry.registry_file;"
        "sys.exit('nautilus_trader' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=240, check=False).returncode == 0
