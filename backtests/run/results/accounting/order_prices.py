"""The price at which each order was expected to be filled when it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from nautilus_trader.model import ClientOrderId, OrderType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nautilus_trader.common import Cache
    from numpy.typing import NDArray

_TRIGGERED: Final = (
    OrderType.STOP_MARKET,
    OrderType.MARKET_IF_TOUCHED,
    OrderType.TRAILING_STOP_MARKET,
)


class PricesSeen(Protocol):
    """The prices that the strategy had before it when it sent its orders."""

    def price(self, order_id: str, instrument_id: str, ts: int) -> float:
        """Return the price when an order was sent; NaN if it was not seen."""


def order_prices(
    cache: Cache, order_ids: Sequence[str], seen: PricesSeen
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return when orders were sent, and their expected prices.

    Parameters
    ----------
    cache : Cache
        Nautilus's cache of the run.
    order_ids : sequence of str
        Client order ids.
    seen : PricesSeen
        The prices when the orders were sent.

    Returns
    -------
    tuple of int64 array and float64 array, both of shape (orders,)
        UNIX nanoseconds, and prices: the trigger price of an order that waits for one and then
        takes what there is; of another one what was seen, NaN if that is not known.

    """
    sent, expected = np.zeros(len(order_ids), np.int64), np.full(len(order_ids), np.nan)
    for i, order_id in enumerate(order_ids):
        order: Any = cache.order(ClientOrderId(order_id))
        if order is None:
            continue
        sent[i] = order.ts_submitted or order.ts_init
        if order.order_type in _TRIGGERED:
            expected[i] = order.trigger_price.as_double()
        else:
            expected[i] = seen.price(order_id, str(order.instrument_id), order.ts_init)
    return sent, expected
