"""Bad market data: no value and a count, never an exception; and values that are too old."""

from __future__ import annotations

import math
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nautilus_trader.model import (
    AggressorSide,
    InstrumentId,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)

from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.inputs import NEVER
from dolphin_strategies.computed.spec import CLASSES
from tests.support.computed.events import (
    PERPETUAL,
    SPOT,
    Quote,
    Trade,
    data_of,
    flows,
    perpetual,
    spec,
)
from tests.support.computed.plain import SECOND
from tests.unit.computed.test_plain_recomputation import CASES, named

START: Final = 1_700_000_000 * SECOND


def quote(ts: int, bid: float, ask: float, ts_event: int | None = None) -> Any:
    """Return a quote of one and three."""
    event = ts if ts_event is None else ts_event
    return data_of(Quote(ts, PERPETUAL, bid, ask, 1.0, 3.0, event))


def test_an_older_quote_is_left_out_and_counted() -> None:
    """The newest touch stays; an equal stamp is not older."""
    factors = ComputedFactors([spec("Mid")])
    factors.update(quote(START + 5, 100.0, 102.0, START + 3))
    assert factors.update(quote(START + 6, 200.0, 202.0, START + 2))
    factors.evaluate(factors.now_ns)
    assert factors.values[0] == 101.0
    assert factors.problems == {f"quotes {PERPETUAL} backward": 1}
    factors.update(quote(START + 7, 300.0, 302.0, START + 3))
    factors.evaluate(factors.now_ns)
    assert factors.values[0] == 301.0


def test_an_older_quote_is_an_instant_all_the_same() -> None:
    """It came, so that time has passed: a quote has left the window."""
    factors = ComputedFactors([spec("QuoteRate", window_s=1)])
    for ts in (START, START + 1, START + SECOND):
        factors.update(quote(ts, 100.0, 102.0))
    factors.evaluate(factors.now_ns)
    assert factors.values[0] == 2.0
    factors.update(quote(START + SECOND + 1, 100.0, 102.0, START))
    assert factors.now_ns == START + SECOND + 1
    assert factors.evaluate(factors.now_ns)
    assert factors.values[0] == 1.0


def test_an_older_trade_counts_and_is_counted() -> None:
    """What was traded was traded, whatever its stamp."""
    factors = ComputedFactors([spec("TradeFlowImbalance", events=2)])
    for ts, ts_event in ((START + 5, START + 4), (START + 6, START + 3)):
        factors.update(data_of(Trade(ts, PERPETUAL, 1.0, 1.0, 1, ts_event)))
    factors.evaluate(factors.now_ns)
    assert factors.values[0] == 1.0
    assert factors.problems == {f"trades {PERPETUAL} backward": 1}


def test_crossed_and_locked_quotes_have_no_value_until_a_good_one() -> None:
    """In windows too, of which they are no part."""
    factors = ComputedFactors([spec("Mid"), spec("QuoteRate", window_s=1)])
    factors.update(quote(START, 100.0, 102.0))
    for n, (bid, ask) in enumerate([(102.0, 100.0), (100.0, 100.0), (0.0, 1.0), (-1.0, 1.0)]):
        factors.update(quote(START + SECOND + n, bid, ask))
        factors.evaluate(factors.now_ns)
        assert all(map(math.isnan, factors.values))
    factors.update(quote(START + SECOND + 9, 100.0, 102.0))
    factors.evaluate(factors.now_ns)
    assert list(factors.values) == [101.0, 1.0]
    assert factors.problems == {
        f"quotes {PERPETUAL} crossed": 2,
        f"quotes {PERPETUAL} invalid": 2,
    }


def test_a_quote_without_a_size_on_one_side_counts() -> None:
    """Its prices are good, all of its size is on the other side; without any there is no ratio."""
    classes = ("Mid", "TouchImbalance", "MicropriceOffsetBps")
    factors = ComputedFactors([spec(name) for name in classes])
    found = []
    for n, (bid_size, ask_size) in enumerate([(2.0, 0.0), (0.0, 2.0), (0.0, 0.0)]):
        sized = Quote(START + n, PERPETUAL, 99.0, 101.0, bid_size, ask_size, START + n)
        factors.update(data_of(sized))
        factors.evaluate(factors.now_ns)
        found.append(list(factors.values))
    assert found[:2] == [[100.0, 1.0, pytest.approx(100.0)], [100.0, -1.0, pytest.approx(-100.0)]]
    assert found[2][0] == 100.0
    assert all(map(math.isnan, found[2][1:]))
    assert factors.problems == {}


def test_a_venue_without_event_times_and_one_whose_clock_is_ahead() -> None:
    """The age counts from the instant of arrival; one bad stamp does not end all later quotes."""
    factors = ComputedFactors([spec("Mid", time_to_live_s=1)])
    factors.update(quote(START, 100.0, 102.0, 0))
    factors.evaluate(START)
    assert (factors.values[0], factors.expiry_ns) == (101.0, START + SECOND)
    factors.update(quote(START + 1, 102.0, 104.0, 2**63 + 5))
    factors.evaluate(START + 1)
    assert (factors.values[0], factors.expiry_ns) == (103.0, START + SECOND + 1)
    factors.update(quote(START + 2, 104.0, 106.0, START + 1))
    factors.evaluate(START + 2)
    assert (factors.values[0], factors.ts_event) == (105.0, START + 1)


def test_values_out_of_range_are_missing_and_counted_by_name() -> None:
    """Once for each that was computed."""
    factors = ComputedFactors([spec("Mid", low=50.0, high=101.0), spec("SpreadBps")])
    factors.update(quote(START, 100.0, 102.0))
    factors.evaluate(START)
    assert factors.values[0] == 101.0
    factors.update(quote(START + 1, 100.1, 102.1))
    factors.evaluate(START + 1)
    assert math.isnan(factors.values[0])
    assert factors.values[1] > 0
    assert factors.out_of_range == {"Mid": 1, "SpreadBps": 0}


def test_coins_are_unknown_until_the_instrument_is() -> None:
    """Ratios are not; what came before the definition is no part of a window."""
    factors = ComputedFactors(
        [
            spec("OrderFlowImbalance", events=1),
            spec("CumulativeVolumeDelta", events=1),
            spec("TouchImbalance"),
        ]
    )

    def feed(ts: int) -> list[float]:
        factors.update(quote(ts, 100.0 + (ts - START), 102.0 + (ts - START)))
        factors.update(data_of(Trade(ts, PERPETUAL, 100.0, 2.0, -1, ts)))
        factors.evaluate(ts)
        return list(factors.values)

    for n in range(3):
        values = feed(START + n)
        assert all(map(math.isnan, values[:2]))
        assert values[2] == -0.5
    assert factors.define(perpetual(multiplier="10"))
    assert not factors.define(perpetual(SPOT))
    assert math.isnan(feed(START + 3)[0])
    assert feed(START + 4) == [10.0 + 30.0, -20.0, -0.5]


def test_price_impact_is_warm_when_the_coins_of_a_whole_window_are_known() -> None:
    """Trades before the definition are no part of it."""
    late, early = (ComputedFactors([spec("KylesLambda", window_s=4)]) for _ in range(2))
    early.define(perpetual())
    begins = START + 10 * SECOND
    for n in range(40):
        ts = START + n * SECOND // 2
        if ts == begins:
            late.define(perpetual())
        for factors in (late, early):
            price = 100.0 + n % 3
            factors.update(quote(ts, price, price + 1))
            factors.update(data_of(Trade(ts, PERPETUAL, price, 1.0 + n % 7, 1, ts)))
            factors.evaluate(ts)
        if ts < begins + 4 * SECOND:
            assert math.isnan(late.values[0])
        else:
            assert late.values[0] == early.values[0]
    assert early.values[0] != 0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=flows(), life=st.sampled_from([0.001, 0.1, 1.0, 3.0]))
def test_a_value_lives_as_long_as_its_oldest_input(events: list[Any], life: float) -> None:
    """Exactly; ``expiry_ns`` names the next such instant."""
    # A regime leaves out samples that are too old, so that its value depends on the life.
    names = [name for name in CASES if not name.startswith("regime")]
    forever = ComputedFactors(map(named, names))
    mortal = ComputedFactors(
        spec(CASES[n][0].class_name, CASES[n][0].instruments, name=n, time_to_live_s=life,
             **CASES[n][0].parameters)
        for n in names
    )  # fmt: skip
    for factors in (forever, mortal):
        factors.define(perpetual())
    newest: dict[Any, int] = {}
    inputs = [CASES[n][0].build().inputs for n in names]

    def check(now: int) -> None:
        forever.evaluate(now)
        mortal.evaluate(now)
        for name, needed, value, expected in zip(
            names, inputs, mortal.values, forever.values, strict=True
        ):
            ends = min(newest.get(i, 0) for i in needed) + round(life * 1e9)
            found = math.nan if now >= ends else expected
            assert value == found or (math.isnan(value) and math.isnan(found)), name

    for event in events:
        data = data_of(event)
        kind = "quotes" if isinstance(event, Quote) else "trades"
        for factors in (forever, mortal):
            factors.update(data)
        key = (kind, data.instrument_id)
        newest[key] = max(newest.get(key, 0), event.ts_event)
        check(event.ts)
    while mortal.expiry_ns != NEVER:
        end = mortal.expiry_ns
        check(end - 1)
        assert mortal.expiry_ns == end
        check(end)
        assert mortal.expiry_ns > end
    assert all(map(math.isnan, mortal.values))


REGIMES: Final[dict[str, Any]] = {
    "step_s": 1,
    "memory_s": 60,
    "transition": ((0.9, 0.1), (0.5, 0.5)),
    "mean_bps": (0.0, 0.0),
    "deviation_bps": (1.0, 5.0),
}
_PRICES: Final = st.sampled_from([0, 1, -1, 2**43, 17, 10**6])
_STAMPS: Final = st.sampled_from([0, 1, START, START + SECOND, START - SECOND, 2**63, 2**64 - 1])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_PRICES, _PRICES, _STAMPS, st.integers(0, 3 * SECOND)), max_size=30))
def test_no_quote_or_trade_raises(rows: list[tuple[int, int, int, int]]) -> None:
    """Whatever its numbers and stamps are."""
    factors = ComputedFactors(map(named, CASES))
    factors.define(perpetual(multiplier="100", is_inverse=True))
    now = START
    for a, b, ts_event, wait in rows:
        now += wait
        for instrument in (PERPETUAL, SPOT):
            i = InstrumentId.from_str(instrument)
            size = Quantity(abs(a) % 10**6, 3)
            factors.update(QuoteTick(i, Price(a, 1), Price(b, 1), size, size, ts_event, now))
            side = AggressorSide.BUY if a > b else AggressorSide.NO_AGGRESSOR
            if size.raw:
                trade = TradeTick(i, Price(a, 1), size, side, TradeId("1"), ts_event, now)
                factors.update(trade)
            factors.evaluate(now)


@pytest.mark.parametrize(
    ("class_name", "parameters", "message"),
    [
        ("QuoteRate", {"window_s": 0}, "window_s"),
        ("QuoteRate", {"window_s": math.inf}, "window_s"),
        ("QuoteRate", {"window_s": "1"}, "window_s"),
        ("OrderFlowImbalance", {}, "one length"),
        ("OrderFlowImbalance", {"window_s": 1, "events": 1}, "one length"),
        ("TradeFlowImbalance", {"events": 0}, "events"),
        ("TradeFlowImbalance", {"events": 1, "alive": "nothing"}, "alive"),
        ("RealisedVolatility", {"window_s": 10, "sample_s": 3}, "sample_s"),
        ("KylesLambda", {"window_s": 1, "step_s": 1}, "step_s"),
        ("LevelImbalance", {"levels": 0}, "levels"),
        ("Depth", {"side": "both", "within_bps": 5}, "side"),
        ("DepthImbalance", {"within_bps": 0}, "within_bps"),
        ("Funding8h", {"interval_h": -1}, "interval_h"),
        ("OpenInterestUsd", {"price": "index"}, "price"),
        ("LiquidatedNotional", {"window_s": 1, "side": "bid"}, "side"),
        ("RegimeProbability", REGIMES | {"mean_bps": (0.0,)}, "2 to 4 states"),
        ("RegimeProbability", REGIMES | {"deviation_bps": (1.0, 0.0)}, "above 0"),
        ("RegimeProbability", REGIMES | {"transition": ((0.9, 0.2), (0.5, 0.5))}, "sum to 1"),
        ("RegimeProbability", REGIMES | {"transition": 0.9}, "2 rows"),
        ("RegimeProbability", REGIMES | {"state": 2}, "state"),
        ("RegimeProbability", REGIMES | {"memory_s": 1}, "step_s"),
        ("BasisBps", {}, "expected 2 instruments"),
        ("ConsensusMid", {}, "two or more"),
    ],
)
def test_wrong_parameters_are_refused_by_name(
    class_name: str, parameters: dict[str, Any], message: str
) -> None:
    """Before any data."""
    assert class_name in CLASSES
    with pytest.raises(ValueError, match=message):
        spec(class_name, **parameters).build()
