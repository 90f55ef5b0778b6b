"""Books: where they begin, and changes that come with an old stamp."""

from __future__ import annotations

import math
from typing import Any, Final

import pytest
from nautilus_trader.model import (
    BookAction,
    BookOrder,
    InstrumentId,
    OrderBookDelta,
    OrderBookDeltas,
    OrderBookDepth,
    OrderSide,
    Price,
    Quantity,
    RecordFlag,
)

from dolphin_strategies.computed.factor_set import ComputedFactors
from tests.support.computed.events import PERPETUAL, spec
from tests.support.computed.plain import SECOND

ID: Final = InstrumentId.from_str(PERPETUAL)
START: Final = 1_700_000_000 * SECOND
SNAPSHOT: Final = RecordFlag.F_SNAPSHOT.value


def order(price: float, size: float) -> BookOrder:
    """Return a level, a bid below 1,000."""
    side = OrderSide.BUY if price < 1000 else OrderSide.SELL
    return BookOrder(side, Price(price, 1), Quantity(size, 3), 0)


def change(
    ts_event: int, ts_init: int, price: float, size: float, flags: int = 0
) -> OrderBookDelta:
    """Return a change of one level."""
    return OrderBookDelta(ID, BookAction.UPDATE, order(price, size), flags, 0, ts_event, ts_init)


def clear(ts: int) -> OrderBookDelta:
    """Return the beginning of a book."""
    return OrderBookDelta.clear(ID, 0, ts, ts)


def imbalance() -> ComputedFactors:
    """Return the imbalance of the best levels of a book."""
    return ComputedFactors([spec("LevelImbalance", levels=1, time_to_live_s=10.0)])


def value_at(factors: ComputedFactors, now: int) -> float:
    """Return the only value at an instant."""
    factors.evaluate(now)
    (value,) = factors.values
    return value


def snapshots() -> list[list[Any]]:
    """Return the forms in which a whole book comes: bids 3, asks 1."""
    ts = START + SECOND
    levels = [change(ts, ts, 999.0, 3.0), change(ts, ts, 1001.0, 1.0)]
    flagged = [change(ts, ts, 999.0, 3.0, SNAPSHOT), change(ts, ts, 1001.0, 1.0, SNAPSHOT)]
    ones = [1]
    depth = OrderBookDepth(ID, [order(999.0, 3.0)], [order(1001.0, 1.0)], ones, ones, 0, 0, ts, ts)
    return [
        [OrderBookDeltas(ID, [clear(ts), *levels])],
        [clear(ts), *levels],
        [OrderBookDeltas(ID, flagged)],
        flagged,
        [depth],
    ]


@pytest.mark.parametrize("form", range(5))
def test_a_book_has_no_values_before_its_snapshot(form: int) -> None:
    """Changes before it leave no level behind, with whatever form the snapshot comes."""
    factors = imbalance()
    factors.update(OrderBookDeltas(ID, [change(START, START, 999.5, 8.0)]))
    factors.update(change(START, START, 1000.5, 2.0))
    assert math.isnan(value_at(factors, START))
    for data in snapshots()[form]:
        factors.update(data)
    assert value_at(factors, START + SECOND) == 0.5
    factors.update(change(START + 2 * SECOND, START + 2 * SECOND, 999.0, 1.0))
    assert value_at(factors, START + 2 * SECOND) == 0.0


@pytest.mark.parametrize("old_ns", [1, SECOND, START])
@pytest.mark.parametrize("in_one", [True, False])
def test_a_change_with_an_old_stamp_changes_the_book(old_ns: int, *, in_one: bool) -> None:
    """It is counted, and the age of the value counts from the newest stamp all the same."""
    factors = imbalance()
    (book,) = snapshots()[0]
    factors.update(book)
    at = START + 2 * SECOND
    old = change(max(book.ts_event - old_ns, 1), at, 999.0, 1.0)
    factors.update(OrderBookDeltas(ID, [old]) if in_one else old)
    assert value_at(factors, at) == 0.0
    assert factors.expiry_ns == book.ts_event + 10 * SECOND
    assert [n for name, n in factors.problems.items() if "backward" in name] == [1]
    # What comes after it builds on it.
    factors.update(change(at, at, 1001.0, 3.0))
    assert value_at(factors, at) == -0.5


def test_a_change_without_a_stamp_that_arrives_late_changes_the_book() -> None:
    """``ts_event`` 0 counts as ``ts_init``, which may be before the newest stamp."""
    factors = imbalance()
    (book,) = snapshots()[0]
    factors.update(book)
    factors.update(change(0, book.ts_init - 5, 999.0, 1.0))
    assert value_at(factors, book.ts_init) == 0.0


def test_an_old_whole_book_is_left_out() -> None:
    """Nothing builds on it, and it is not what is there now."""
    factors = imbalance()
    (book,) = snapshots()[0]
    factors.update(book)
    old = book.ts_event - 1
    bids, asks = [order(999.0, 1.0)], [order(1001.0, 1.0)]
    factors.update(OrderBookDepth(ID, bids, asks, [1], [1], 0, 0, old, book.ts_init))
    assert value_at(factors, book.ts_init) == 0.5
