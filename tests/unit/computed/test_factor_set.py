"""ComputedFactors: decoding, sharing, freshness and ranges."""

from __future__ import annotations

import dataclasses
import itertools
import math

from nautilus_trader.model import (
    AggressorSide,
    InstrumentId,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)

from dolphin_strategies.computed.computed_factor import NEVER
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.spec import ComputedSpec

INSTRUMENT = "BTCUSDT-LINEAR.BYBIT"
SECOND = 1_000_000_000


def quote(bid: str, ask: str, ts: int, instrument: str = INSTRUMENT) -> QuoteTick:
    """Return a quote of one and three coins."""
    return QuoteTick(
        InstrumentId.from_str(instrument),
        Price.from_str(bid),
        Price.from_str(ask),
        Quantity.from_str("1.000"),
        Quantity.from_str("3.000"),
        ts,
        ts,
    )


def trade(side: AggressorSide, ts: int) -> TradeTick:
    """Return a trade of a coin."""
    price, size = Price.from_str("100.0"), Quantity.from_str("1.000")
    return TradeTick(InstrumentId.from_str(INSTRUMENT), price, size, side, TradeId("1"), ts, ts)


def spec(name: str, class_name: str, low: float = -1e9, high: float = 1e9) -> ComputedSpec:
    """Return a spec with a life of two seconds."""
    return ComputedSpec(
        name=name,
        class_name=class_name,
        instruments=(INSTRUMENT,),
        low=low,
        high=high,
        time_to_live_s=2.0,
    )


def test_values_end_when_their_input_is_too_old() -> None:
    """At the instant itself, without new data."""
    factors = ComputedFactors([spec("mid", "Mid"), spec("imbalance", "TouchImbalance")])
    assert factors.expiry_ns == NEVER
    assert factors.update(quote("100.0", "102.0", 5 * SECOND))
    assert factors.evaluate(factors.now_ns)
    assert list(factors.values) == [101.0, -0.5]
    assert factors.expiry_ns == 7 * SECOND
    assert not factors.evaluate(7 * SECOND - 1)
    assert factors.evaluate(7 * SECOND)
    assert all(map(math.isnan, factors.values))


def test_the_data_of_another_instrument_are_not_taken() -> None:
    """By a set of one instrument, which compares and does not look it up, and by one of two."""
    other = "ETHUSDT-LINEAR.BYBIT"
    second = dataclasses.replace(spec("other", "Mid"), instruments=(other,))
    for specs in ([spec("mid", "Mid")], [spec("mid", "Mid"), second]):
        factors = ComputedFactors(specs)
        assert not factors.update(quote("7.0", "8.0", SECOND, "SOLUSDT-LINEAR.BYBIT"))
        assert factors.update(quote("100.0", "102.0", SECOND))
        assert factors.update(quote("10.0", "12.0", SECOND, other)) == (len(specs) == 2)
        factors.evaluate(SECOND)
        assert list(factors.values) == [101.0, 11.0][: len(specs)]


def test_the_sides_of_trades_are_told_apart_in_any_order() -> None:
    """Each is one object of NautilusTrader, whose number is asked for once."""
    sides = (AggressorSide.SELL, AggressorSide.NO_AGGRESSOR, AggressorSide.BUY)
    for order in itertools.permutations(sides):
        flow = dataclasses.replace(spec("flow", "TradeFlowImbalance"), parameters={"events": 1})
        factors = ComputedFactors([flow])
        for ts, side in enumerate((*order, *order), 1):
            factors.update(trade(side, ts))
            factors.evaluate(ts)
            expected = {AggressorSide.BUY: 1.0, AggressorSide.SELL: -1.0}.get(side, math.nan)
            assert repr(factors.values[0]) == repr(expected)


def test_a_crossed_quote_has_no_value() -> None:
    """And does not count as a value out of range."""
    factors = ComputedFactors([spec("spread", "SpreadBps")])
    factors.update(quote("100.0", "102.0", 1))
    factors.update(quote("102.0", "100.0", 2))
    factors.evaluate(2)
    assert math.isnan(factors.values[0])
    assert factors.out_of_range == {"spread": 0}


def test_a_value_out_of_range_is_counted() -> None:
    """By the factor's name."""
    factors = ComputedFactors([spec("mid", "Mid", 0, 100)])
    factors.update(quote("100.0", "102.0", 1))
    factors.evaluate(1)
    assert math.isnan(factors.values[0])
    assert factors.out_of_range == {"mid": 1}
