"""Market statuses: what tells NautilusTrader's matching engine that a market is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import (
    InstrumentClose,
    InstrumentCloseType,
    InstrumentId,
    InstrumentStatus,
    MarketStatusAction,
)

from adapters.catalog.reading.market.presence.last_price import last_price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.catalog.reading.market.market_tables import MarketTable
    from adapters.catalog.reading.market.presence.market_gaps import MarketPresence

REASON: Final = "the price is older than max_price_age"


def market_statuses(presence: MarketPresence, tables: Sequence[MarketTable]) -> list[Any]:
    """Return the statuses of an instrument, and the close at the end of its data.

    At the greatest age of a price a status ``NONE``, which lets Nautilus process the orders that
    are on their way; one nanosecond later ``HALT``, after which every order is rejected; at the
    next price ``TRADING``, which must come before that price, so that resting orders meet it.
    Where the instrument's data end, an ``InstrumentClose`` with the last price comes after
    ``HALT``: it closes the position, cancels the orders, and later ones are rejected.

    Parameters
    ----------
    presence : MarketPresence
        The gaps of the instrument's market.
    tables : sequence of MarketTable
        What moves it, in the order of delivery.

    Returns
    -------
    list of InstrumentStatus and InstrumentClose
        In the order of ``ts_init``.

    """
    found: list[Any] = []
    if presence.max_age_ns is None:
        return found
    instrument_id = InstrumentId.from_str(presence.instrument_id)
    for gap in presence.gaps:
        oldest_ns = gap.after_ns + presence.max_age_ns
        none = MarketStatusAction.NONE
        found.append(InstrumentStatus(instrument_id, none, oldest_ns, oldest_ns))
        halted_ns = oldest_ns + 1
        found.append(_status(instrument_id, MarketStatusAction.HALT, halted_ns))
        if gap.until_ns is not None:
            found.append(_status(instrument_id, MarketStatusAction.TRADING, gap.until_ns))
        elif gap.after_ns == max(t.last_ns for t in tables):
            price = last_price(tables, gap.after_ns)
            expired = InstrumentCloseType.CONTRACT_EXPIRED
            found.append(InstrumentClose(instrument_id, price, expired, halted_ns, halted_ns))
    return found


def _status(
    instrument_id: InstrumentId, action: MarketStatusAction, at_ns: int
) -> InstrumentStatus:
    is_trading = action == MarketStatusAction.TRADING
    return InstrumentStatus(
        instrument_id,
        action,
        at_ns,
        at_ns,
        reason=None if is_trading else REASON,
        is_trading=is_trading,
        is_quoting=is_trading,
    )
