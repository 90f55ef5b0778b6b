"""Settlements as data of an engine: each is booked on the position that its instant finds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from nautilus_trader.model import FundingRateUpdate, MarkPriceUpdate, Price

from adapters.catalog.reading.market.funding.newest_prices import newest_prices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nautilus_trader.model import InstrumentId
    from numpy.typing import NDArray

    from adapters.catalog.reading.market.funding.settlements import (
        FundingRows,
        FundingSettlements,
    )
    from adapters.catalog.reading.market.market_tables import MarketTable

BEFORE_NS: Final = 1
"""How long before its settlement a booking is delivered, so that no order of that instant is part
of the position. NautilusTrader books at the end of an instant, after all orders of it."""
FRESH_MARK_NS: Final = 60_000_000_000
"""A mark price that is older is not used: the newest price of the market is."""
_STEP: Final = Decimal(1).scaleb(-16)


class EngineFunding(NamedTuple):
    """Data of an engine about the funding of one perpetual.

    Attributes
    ----------
    ts : int64 array of shape (items,)
        Their ``ts_init``, UNIX nanoseconds, not falling.
    items : list of MarkPriceUpdate or FundingRateUpdate
        The data.

    """

    ts: NDArray[np.int64]
    items: list[Any]


def bookings(
    instrument_id: InstrumentId,
    found: FundingSettlements,
    prices: Sequence[MarketTable],
    marks: Sequence[MarketTable],
    window: tuple[int, int],
) -> EngineFunding:
    """Make the data that books settlements, each at the price of its instant.

    The price is the newest mark price of the minute before, else the market's newest. Nothing is
    booked where the instrument has no price yet, nor after its last one.

    Parameters
    ----------
    instrument_id : InstrumentId
        The perpetual.
    found : FundingSettlements
        Its settlements.
    prices : sequence of MarketTable
        What moves its market.
    marks : sequence of MarketTable
        Its mark prices.
    window : tuple of int
        The window, half-open, UNIX nanoseconds; nothing is booked at its start.

    Returns
    -------
    EngineFunding
        For each booking a price and a rate, whose ``ts_event`` is the settlement and whose
        ``ts_init`` is before it, as is that of no other data.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    start_ns, end_ns = booked_within(prices, window)
    inside = np.flatnonzero((found.instants > start_ns) & (found.instants < end_ns))
    at = found.instants[inside].tolist()
    rates = [found.rates[i] for i in inside.tolist()]
    items: list[Any] = []
    of_market, of_mark = newest_prices(prices, at), newest_prices(marks, at)
    for at_ns, rate, price, mark in zip(at, rates, of_market, of_mark, strict=True):
        if price is None:
            continue
        is_fresh = mark is not None and mark.ts_init >= at_ns - FRESH_MARK_NS
        value = mark.value if mark is not None and is_fresh else price.value
        items += booking(instrument_id, at_ns, rate, value)
    return EngineFunding(np.array([item.ts_init for item in items], np.int64), items)


def heard(instrument_id: InstrumentId, rows: FundingRows) -> EngineFunding:
    """Make the rates of which a strategy hears, without what would book them.

    Parameters
    ----------
    instrument_id : InstrumentId
        The perpetual.
    rows : FundingRows
        The rates.

    """
    stamps = np.minimum(rows.ts_event, rows.ts_init).tolist()
    items = [
        FundingRateUpdate(instrument_id, Decimal(rate), ts_event, ts_init)
        for rate, ts_event, ts_init in zip(
            rows.rates.tolist(), stamps, rows.ts_init.tolist(), strict=True
        )
    ]
    return EngineFunding(rows.ts_init, items)


def booked_within(prices: Sequence[MarketTable], window: tuple[int, int]) -> tuple[int, int]:
    """Return the part of a window in which settlements are booked: while there is a market.

    Parameters
    ----------
    prices : sequence of MarketTable
        What moves the market.
    window : tuple of int
        The window, half-open, UNIX nanoseconds.

    Returns
    -------
    tuple of int
        Settlements later than the first and before the second are booked, UNIX nanoseconds.

    """
    if not prices:
        return window[0], window[0]
    first_ns, last_ns = min(t.first_ns for t in prices), max(t.last_ns for t in prices)
    return max(window[0], first_ns - 1), min(window[1], last_ns + 1)


def booking(instrument_id: InstrumentId, at_ns: int, rate: Decimal, price: Decimal) -> list[Any]:
    """Return the data by which NautilusTrader books one settlement.

    Parameters
    ----------
    instrument_id : InstrumentId
        The perpetual.
    at_ns : int
        When is settled, UNIX nanoseconds.
    rate : Decimal
        A fraction of the notional, which longs pay if it is positive.
    price : Decimal
        The price of the notional.

    Returns
    -------
    list of MarkPriceUpdate and FundingRateUpdate

    """
    exact = f"{price.quantize(_STEP).normalize():f}"
    before_ns = at_ns - BEFORE_NS
    return [
        MarkPriceUpdate(instrument_id, Price.from_str(exact), at_ns, before_ns),
        FundingRateUpdate(instrument_id, rate, at_ns, before_ns, None, before_ns),
    ]
