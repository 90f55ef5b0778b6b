"""The synthetic quote: the roadmap's formula, and the arguments it refuses."""

from __future__ import annotations

import math

import pytest

from dolphin_strategies import SyntheticQuote, synthetic_quote


@pytest.mark.parametrize(
    ("last", "spread_bps", "imbalance", "bid", "ask"),
    [
        (50_000.0, 5.0, 0.0, 49_987.5, 50_012.5),
        (50_000.0, 5.0, 1.0, 49_988.75, 50_013.75),
        (50_000.0, 5.0, -1.0, 49_986.25, 50_011.25),
        (50_000.0, 0.0, 0.7, 50_000.0, 50_000.0),
        (100.0, 200.0, 0.5, 99.05, 101.05),
        (1e-8, 10_000 - 1e-6, 0.0, 0.5e-8, 1.5e-8),
    ],
)
def test_bid_and_ask_follow_the_formula(
    last: float, spread_bps: float, imbalance: float, bid: float, ask: float
) -> None:
    """Values worked out by hand; the fair price lies in the middle."""
    quote = synthetic_quote(last, spread_bps, imbalance)
    assert quote is not None
    assert quote == pytest.approx((bid, ask))
    assert quote.fair_price == pytest.approx((bid + ask) / 2)


def test_the_defaults_are_five_basis_points_and_balance() -> None:
    """An absent factor takes the documented default."""
    assert synthetic_quote(50_000.0) == synthetic_quote(50_000.0, 5.0, 0.0)


@pytest.mark.parametrize("imbalance", [0.1, 0.5, 1.0])
def test_more_bids_shift_both_sides_up(imbalance: float) -> None:
    """Bid and ask rise with the imbalance; bid stays at or below ask."""
    up, even, down = (synthetic_quote(100.0, 10.0, i) for i in (imbalance, 0.0, -imbalance))
    assert up is not None
    assert even is not None
    assert down is not None
    assert down.bid < even.bid < up.bid <= up.ask
    assert down.bid <= down.ask < even.ask < up.ask


@pytest.mark.parametrize(
    ("last", "spread_bps", "imbalance"),
    [
        (math.nan, 5.0, 0.0),
        (math.inf, 5.0, 0.0),
        (0.0, 5.0, 0.0),
        (-1.0, 5.0, 0.0),
        (100.0, math.nan, 0.0),
        (100.0, -0.1, 0.0),
        (100.0, 10_000.0, 0.0),
        (100.0, math.inf, 0.0),
        (100.0, 5.0, math.nan),
        (100.0, 5.0, 1.01),
        (100.0, 5.0, -1.01),
        (100.0, 5.0, math.inf),
    ],
)
def test_no_quote_comes_from_an_argument_out_of_range(
    last: float, spread_bps: float, imbalance: float
) -> None:
    """NaN, infinities, a negative spread or price, more than all of the book."""
    assert synthetic_quote(last, spread_bps, imbalance) is None


def test_a_quote_is_a_plain_pair() -> None:
    """It unpacks and compares like a tuple."""
    bid, ask = SyntheticQuote(99.0, 101.0)
    assert (bid, ask) == (99.0, 101.0)
