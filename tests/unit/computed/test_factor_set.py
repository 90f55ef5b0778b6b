"""ComputedFactors: decoding, sharing, freshness and ranges."""

from __future__ import annotations

import math

from nautilus_trader.model import InstrumentId, Price, Quantity, QuoteTick

from dolphin_strategies.computed.computed_factor import NEVER
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.spec import ComputedSpec

INSTRUMENT = "BTCUSDT-LINEAR.BYBIT"
SECOND = 1_000_000_000


def quote(bid: str, ask: str, ts: int) -> QuoteTick:
    """Return a quote of one and three coins."""
    return QuoteTick(
        InstrumentId.from_str(INSTRUMENT),
        Price.from_str(bid),
        Price.from_str(ask),
        Quantity.from_str("1.000"),
        Quantity.from_str("3.000"),
        ts,
        ts,
    )


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
