"""Every factor of quotes and trades against a plain recomputation from all events."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dolphin_strategies.computed.factor_set import ComputedFactors
from tests.support.computed import plain
from tests.support.computed.events import PERPETUAL, SPOT, Event, data_of, flows, perpetual, spec
from tests.support.computed.plain import SECOND, Known

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.computed.spec import ComputedSpec

EXACT: Final = 0.0
"""The plain recomputation makes the same roundings: the sums are exact."""
CLOSE: Final = 1e-12
BOTH: Final = (PERPETUAL, SPOT)
MODEL: Final[tuple[Any, Any, Any]] = (
    ((0.9, 0.1, 0.0), (0.2, 0.7, 0.1), (0.0, 0.3, 0.7)),
    (0.0, 5.0, -20.0),
    (10.0, 60.0, 300.0),
)


def _volatility(
    *, window: int, sample: int = 0, yearly: bool = True, bipower: bool = False
) -> Any:
    return partial(
        plain.volatility,
        window=window * SECOND,
        sample=sample * SECOND,
        is_yearly=yearly,
        is_bipower=bipower,
    )


CASES: Final[dict[str, tuple[ComputedSpec, Callable[[Known], float], float]]] = {
    "mid": (spec("Mid"), lambda k: q.mid if (q := k.touch()) else math.nan, EXACT),
    "spread": (
        spec("SpreadBps"),
        lambda k: (q.ask - q.bid) / q.mid * 1e4 if (q := k.touch()) else math.nan,
        EXACT,
    ),
    "imbalance": (spec("TouchImbalance"), plain.touch_imbalance, EXACT),
    "microprice": (spec("MicropriceOffsetBps"), plain.microprice_offset, EXACT),
    "flow_3s": (
        spec("OrderFlowImbalance", window_s=3.0),
        partial(plain.order_flow, window=3 * SECOND),
        EXACT,
    ),
    "flow_5": (spec("OrderFlowImbalance", events=5), partial(plain.order_flow, events=5), EXACT),
    "quotes": (
        spec("QuoteRate", window_s=2),
        partial(plain.quote_rate, window=2 * SECOND),
        EXACT,
    ),
    "trade_flow_1s": (
        spec("TradeFlowImbalance", window_s=1),
        partial(plain.trade_flow, window=SECOND),
        EXACT,
    ),
    "trade_flow_4": (
        spec("TradeFlowImbalance", events=4),
        partial(plain.trade_flow, events=4),
        EXACT,
    ),
    "delta_5s": (
        spec("CumulativeVolumeDelta", window_s=5.0),
        partial(plain.volume_delta, window=5 * SECOND),
        EXACT,
    ),
    "delta_3": (
        spec("CumulativeVolumeDelta", events=3),
        partial(plain.volume_delta, events=3),
        EXACT,
    ),
    "trades": (spec("TradeRate", window_s=3), partial(plain.trade_rate, window=3 * SECOND), EXACT),
    "vwap_4s": (
        spec("VwapDistanceBps", window_s=4),
        partial(plain.vwap_distance, window=4 * SECOND),
        EXACT,
    ),
    "vwap_6": (spec("VwapDistanceBps", events=6), partial(plain.vwap_distance, events=6), EXACT),
    "return": (
        spec("ReturnBps", lag_s=1.5),
        partial(plain.return_bps, lag=3 * SECOND // 2),
        EXACT,
    ),
    "volatility": (
        spec("RealisedVolatility", window_s=4),
        _volatility(window=4, sample=1),
        EXACT,
    ),
    "volatility_of_ticks": (
        spec("RealisedVolatility", window_s=3, sample_s=0, annualised=False),
        _volatility(window=3, yearly=False),
        EXACT,
    ),
    "bipower": (
        spec("BipowerVolatility", window_s=6, sample_s=2.0),
        _volatility(window=6, sample=2, bipower=True),
        EXACT,
    ),
    "bipower_of_ticks": (
        spec("BipowerVolatility", window_s=2, sample_s=0),
        _volatility(window=2, bipower=True),
        EXACT,
    ),
    "lambda": (
        spec("KylesLambda", window_s=6, step_s=1),
        partial(plain.kyles_lambda, window=6 * SECOND, step=SECOND),
        CLOSE,
    ),
    **{
        f"regime_{state}": (
            spec(
                "RegimeProbability",
                step_s=1,
                memory_s=3,
                state=state,
                **dict(zip(("transition", "mean_bps", "deviation_bps"), MODEL, strict=True)),
            ),
            partial(plain.regime, step=SECOND, memory=3 * SECOND, model=MODEL, state=state),
            1e-9,
        )
        for state in (0, 2)
    },
    "basis": (spec("BasisBps", BOTH), plain.basis_now, EXACT),
    "z_score": (
        spec("BasisZScore", BOTH, window_s=5),
        partial(plain.basis_z_score, window=5 * SECOND, step=SECOND),
        CLOSE,
    ),
    "lead_lag": (
        spec("LeadLagPremium", BOTH, lag_s=2),
        partial(plain.lead_lag, lag=2 * SECOND),
        EXACT,
    ),
}
INSTRUMENTS: Final = {
    "coins": perpetual(),
    "contracts": perpetual(multiplier="0.01"),
    "inverse": perpetual(multiplier="100", is_inverse=True),
}


def named(name: str) -> ComputedSpec:
    """Return the spec of a case under the case's name."""
    found = CASES[name][0]
    return spec(found.class_name, found.instruments, name=name, **found.parameters)


def all_factors(size: str = "coins") -> ComputedFactors:
    """Return every case in one set, so that windows are shared."""
    factors = ComputedFactors(map(named, CASES))
    assert factors.define(INSTRUMENTS[size])
    return factors


def is_same(found: float, expected: float, tolerance: float) -> bool:
    """Return whether two values agree; NaN agrees with NaN."""
    if math.isnan(found) or math.isnan(expected):
        return math.isnan(found) and math.isnan(expected)
    return abs(found - expected) <= tolerance * abs(expected)


def check(factors: ComputedFactors, events: list[Event], now: int, size: str) -> None:
    """Compare all values at an instant with the plain recomputation."""
    instrument = INSTRUMENTS[size]
    known = Known(events, now, float(instrument.multiplier), instrument.is_inverse)
    for (name, (_, recompute, tolerance)), found in zip(
        CASES.items(), factors.values, strict=True
    ):
        expected = recompute(known)
        assert is_same(found, expected, tolerance), f"{name} at {now}: {found}, not {expected}"


@pytest.mark.parametrize("size", INSTRUMENTS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=flows(), waits=st.lists(st.integers(0, 7_000_000_000), max_size=3))
def test_values_are_those_of_a_plain_recomputation(
    size: str, events: list[Event], waits: list[int]
) -> None:
    """After every fourth event, at the end, and while nothing more comes."""
    factors = all_factors(size)
    for n, event in enumerate(events):
        factors.update(data_of(event))
        is_last_of_instant = n + 1 == len(events) or events[n + 1].ts > event.ts
        if n % 4 == 3 and is_last_of_instant:
            factors.evaluate(event.ts)
            check(factors, events[: n + 1], event.ts, size)
    now = events[-1].ts
    for wait in (0, *waits):
        now += wait
        factors.evaluate(now)
        check(factors, events, now, size)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    events=flows(most=120),
    seldom=st.lists(st.booleans(), min_size=120, max_size=120),
    wait=st.integers(0, 9_000_000_000),
)
def test_values_do_not_depend_on_when_they_were_asked_for(
    events: list[Event], seldom: list[bool], wait: int
) -> None:
    """After every event, at some instants, at every instant that is due: bit for bit."""
    always, sometimes, at_the_end, when_due = (all_factors() for _ in range(4))
    for event, is_asked in zip(events, seldom, strict=False):
        while when_due.due_ns < event.ts:
            when_due.evaluate(when_due.due_ns)
        for factors in (always, sometimes, at_the_end, when_due):
            factors.update(data_of(event))
        always.evaluate(event.ts)
        when_due.evaluate(event.ts)
        if is_asked:
            sometimes.evaluate(event.ts)
            assert bytes(sometimes.values) == bytes(always.values)
        assert bytes(when_due.values) == bytes(always.values)
    now = events[-1].ts + wait
    while when_due.due_ns <= now:
        when_due.evaluate(when_due.due_ns)
    for factors in (always, sometimes, at_the_end):
        factors.evaluate(now)
        assert bytes(factors.values) == bytes(when_due.values)
