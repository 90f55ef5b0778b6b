"""Synthetic QuoteTicks: never crossed, never NaN, and the same live and from a recording."""

from __future__ import annotations

import math
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nautilus_trader.model import AggressorSide, Price, Quantity, QuoteTick, TradeId, TradeTick

from adapters.feed.synthetic_quote_maker import QuoteMaker, real_price, synthetic_quotes
from adapters.market.btcusdt_instruments import BTCUSDT_EXF, BTCUSDT_PERP, btcusdt_synthetic
from dolphin_strategies import (
    ExternalFactors,
    FactorSchema,
    synthetic_quote,
    synthetic_quote_of,
)

NAN: Final = math.nan
ANY_FLOAT: Final = st.floats(allow_nan=True, allow_infinity=True)
PRICES: Final = st.floats(0.01, 1e7)
SPREADS: Final = st.floats(0, 9_999)
IMBALANCES: Final = st.floats(-1, 1)


def factors(ts: int = 1, **values: float) -> ExternalFactors:
    """Make a record that arrived at an instant."""
    schema = FactorSchema(values or {"other": 0})
    return ExternalFactors.from_values(
        schema, list(values.values()) or [0.0], ts_event=ts, ts_init=ts
    )


def quote_at(ts: int, bid: float, ask: float) -> QuoteTick:
    """Make a real quote."""
    one = Quantity(1, 3)
    return QuoteTick(BTCUSDT_PERP, Price(bid, 1), Price(ask, 1), one, one, ts, ts)


def trade_at(ts: int, price: float) -> TradeTick:
    """Make a real trade."""
    return TradeTick(
        BTCUSDT_PERP, Price(price, 1), Quantity(1, 3), AggressorSide.BUY, TradeId("1"), ts, ts
    )


@given(ANY_FLOAT, ANY_FLOAT, ANY_FLOAT)
def test_whatever_the_arguments_a_quote_is_finite_and_not_crossed(
    last: float, spread_bps: float, imbalance: float
) -> None:
    """None, or two finite prices above 0 in order."""
    quote = synthetic_quote(last, spread_bps, imbalance)
    if quote is not None:
        assert 0 <= quote.bid <= quote.ask < math.inf


@given(PRICES, SPREADS, IMBALANCES)
def test_every_argument_in_range_gives_a_quote_as_wide_as_the_spread(
    last: float, spread_bps: float, imbalance: float
) -> None:
    """The ask lies the spread above the bid, and the fair price moves with the imbalance only."""
    quote = synthetic_quote(last, spread_bps, imbalance)
    assert quote is not None
    assert quote.ask - quote.bid == pytest.approx(last * spread_bps / 10_000, abs=1e-6)
    shift = last * spread_bps / 10_000 / 2 * imbalance * 0.1
    assert quote.fair_price == pytest.approx(last + shift, abs=1e-6)


@given(PRICES, SPREADS, IMBALANCES, IMBALANCES)
def test_more_bids_never_lower_a_side(
    last: float, spread_bps: float, one: float, other: float
) -> None:
    """Both sides are monotonic in the imbalance."""
    less, more = (synthetic_quote(last, spread_bps, i) for i in sorted((one, other)))
    assert less is not None
    assert more is not None
    assert less.bid <= more.bid
    assert less.ask <= more.ask


def test_absent_names_take_their_defaults_and_nan_does_not() -> None:
    """The roadmap's 5.0 bps and 0.0; a name that is there without a value gives no quote."""
    assert synthetic_quote_of(factors(), 100.0) == synthetic_quote(100.0, 5.0, 0.0)
    assert synthetic_quote_of(factors(spread=2.0), 100.0) == synthetic_quote(100.0, 2.0, 0.0)
    assert synthetic_quote_of(factors(imbal_btc=0.5), 100.0) == synthetic_quote(100.0, 5.0, 0.5)
    assert synthetic_quote_of(factors(spread=NAN), 100.0) is None
    assert synthetic_quote_of(factors(imbal_btc=NAN), 100.0) is None


@given(ANY_FLOAT | st.none(), ANY_FLOAT, ANY_FLOAT)
def test_a_tick_is_never_crossed_and_every_record_is_counted(
    last: float | None, spread_bps: float, imbalance: float
) -> None:
    """Whatever comes: a tick with 0 < bid <= ask, or exactly one count."""
    maker = QuoteMaker(btcusdt_synthetic())
    quote = maker.make(factors(7, spread=spread_bps, imbal_btc=imbalance), last)
    assert maker.quotes + maker.without_price + maker.unusable == 1
    assert maker.quotes == (quote is not None)
    if quote is not None:
        assert 0 < quote.bid_price.as_double() <= quote.ask_price.as_double()
        assert (quote.ts_event, quote.ts_init) == (7, 7)


def test_a_tick_has_the_roadmaps_precisions_and_sizes() -> None:
    """Two decimals, eight for sizes, sizes of one, and an instrument of its own."""
    quote = QuoteMaker(btcusdt_synthetic()).make(factors(), 50_000.0)
    assert quote is not None
    assert quote.instrument_id == BTCUSDT_EXF
    assert (str(quote.bid_price), str(quote.ask_price)) == ("49987.50", "50012.50")
    assert str(quote.bid_size) == str(quote.ask_size) == "1.00000000"


@pytest.mark.parametrize(
    ("last", "spread_bps", "imbalance", "count"),
    [
        (None, 5.0, 0.0, "without_price"),
        (NAN, 5.0, 0.0, "without_price"),
        (0.001, 5.0, 0.0, "unusable"),
        (1e300, 5.0, 0.0, "unusable"),
        (100.0, NAN, 0.0, "unusable"),
        (100.0, -1.0, 0.0, "unusable"),
        (100.0, 5.0, NAN, "unusable"),
        (100.0, 5.0, 1.5, "unusable"),
    ],
)
def test_what_gives_no_quote_is_counted_by_its_reason(
    last: float | None, spread_bps: float, imbalance: float, count: str
) -> None:
    """No price yet, or factors and prices that no quote can be made of."""
    maker = QuoteMaker(btcusdt_synthetic())
    assert maker.make(factors(spread=spread_bps, imbal_btc=imbalance), last) is None
    assert getattr(maker, count) == 1


def test_the_real_price_is_the_float_nearest_to_the_market_s() -> None:
    """Also where Nautilus's own conversion is one off in the last bit, as at 60000.2."""
    tenths = range(600_000, 602_000)
    for price, ask in ((t / 10, (t + 1) / 10) for t in tenths):
        assert real_price(None, trade_at(1, price)) == price
        assert real_price(quote_at(1, price, ask), None) == (price + ask) / 2


def test_the_real_price_is_the_quotes_mid_else_the_trade() -> None:
    """A quote counts more than a trade; nothing gives None."""
    assert real_price(quote_at(1, 100, 102), trade_at(2, 90)) == 101
    assert real_price(None, trade_at(2, 90)) == 90
    assert real_price(None, None) is None


def test_a_recording_gives_each_record_the_newest_price_before_it() -> None:
    """No price of the record's own instant or later; trades only until there is a quote."""
    maker = QuoteMaker(btcusdt_synthetic())
    made = synthetic_quotes(
        maker,
        [factors(ts, spread=0.0) for ts in (1, 2, 3, 4, 5, 9)],
        quotes=[quote_at(4, 200, 200), quote_at(5, 300, 300)],
        trades=[trade_at(1, 100), trade_at(8, 1)],
    )
    assert [(q.ts_init, q.bid_price.as_double()) for q in made] == [
        (2, 100),
        (3, 100),
        (4, 100),
        (5, 200),
        (9, 300),
    ]
    assert (maker.quotes, maker.without_price, maker.unusable) == (5, 1, 0)
