"""What an order book says, computed by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from adapters.exchanges.order_book import BOOK_FIELDS, book_values, touch_values
from adapters.exchanges.rest_venue import BadBodyError

BIDS = [["99.95", "3"], ["99.90", "1"], ["99.80", "6"]]
ASKS = [["100.05", "1"], ["100.10", "2"], ["100.30", "7"]]


def test_the_fields_are_those_computed_by_hand() -> None:
    """Mid 100, spread 10 bps; 5 bps reach from 99.95 to 100.05, 10 bps from 99.9 to 100.1."""
    values = book_values(BIDS, ASKS, levels_asked=10)
    assert values.keys() == BOOK_FIELDS.keys()
    assert values["mid"] == pytest.approx(100)
    assert values["spread_bps"] == pytest.approx(10)
    assert values["imbalance_1"] == pytest.approx((3 - 1) / 4)
    assert values["imbalance_5"] == pytest.approx((10 - 10) / 20)
    # each price with the size of the other side
    assert values["microprice"] == pytest.approx(100.025)
    assert values["microprice_offset_bps"] == pytest.approx(2.5)
    assert values["bid_depth_10bps"] == pytest.approx(99.95 * 3 + 99.90 * 1)
    assert values["ask_depth_25bps"] == pytest.approx(100.05 * 1 + 100.10 * 2)


def test_a_depth_beyond_the_levels_asked_for_is_not_known() -> None:
    """Three levels asked, three there: what lies behind 99.80 nobody saw."""
    values = book_values(BIDS, ASKS, levels_asked=3)
    assert math.isnan(values["bid_depth_25bps"])
    assert values["ask_depth_25bps"] == pytest.approx(100.05 + 200.2)


def test_inverse_sizes_are_the_quote_currency_already() -> None:
    """Deribit's amounts are USD."""
    inverse = book_values(BIDS, ASKS, levels_asked=10, sizes_in_quote=True)
    assert inverse["bid_depth_10bps"] == 4


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        ([], ASKS),
        (BIDS, None),
        (BIDS, [["99.95", "1"]]),
        (BIDS, [["99.90", "1"]]),
        (BIDS[::-1], ASKS),
        (BIDS, ASKS[::-1]),
        ([*BIDS, BIDS[-1]], ASKS),
        ([["NaN", "1"]], ASKS),
        ([["0", "1"]], ASKS),
        ([["-5", "1"]], ASKS),
        (BIDS, [["100.05", "-1"]]),
        (BIDS, [["100.05", ""]]),
        (BIDS, [["100.05"]]),
        (BIDS, ["100.05"]),
    ],
)
def test_a_book_that_cannot_be_is_refused(bids: Any, asks: Any) -> None:
    """Fault B10: empty, locked, crossed, out of order, repeated, without numbers."""
    with pytest.raises(BadBodyError):
        book_values(bids, asks, levels_asked=10)


def test_a_touch_without_sizes_has_no_imbalance() -> None:
    """Coinbase's ticker gives prices alone."""
    values = touch_values(99.0, 101.0)
    assert values["mid"] == 100
    assert math.isnan(values["imbalance_1"])
    assert math.isnan(values["microprice_offset_bps"])
