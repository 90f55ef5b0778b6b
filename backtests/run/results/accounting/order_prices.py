"""The price at which each fill was expected when its order was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from nautilus_trader.model import ClientOrderId, OrderType
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nautilus_trader.common import Cache

_TRIGGERED: Final = (
    OrderType.STOP_MARKET,
    OrderType.MARKET_IF_TOUCHED,
    OrderType.TRAILING_STOP_MARKET,
)


class PricesSeen(Protocol):
    """The prices that the strategy had before it when it sent its orders."""

    def price(self, order_id: str, instrument_id: str, ts: int) -> float:
        """Return the price when an order was sent; NaN if it was not seen."""


@dataclass(frozen=True, slots=True)
class FillOrders:
    """When the order of each fill was sent, and what was expected of it.

    Attributes
    ----------
    sent_ns : int64 array of shape (fills,)
        UNIX nanoseconds; of an order of the venue, such as a settlement, when it was filled.
    expected : float64 array of shape (fills,)
        The expected price: of an order that waits for a price and then takes what there is, its
        trigger price; of a maker and of the venue, that of the fill; of any other order what the
        strategy had before it, NaN if that was not seen.

    """

    sent_ns: NDArray[np.int64]
    expected: NDArray[np.float64]


def fill_orders(
    cache: Cache, order_ids: Sequence[str], fills: NDArray[Any], seen: PricesSeen, start_ns: int
) -> FillOrders:
    """Look up the orders of fills.

    Parameters
    ----------
    cache : Cache
        Nautilus's cache of the run.
    order_ids : sequence of str
        Client order ids.
    fills : structured array of shape (fills,)
        The fills of a ledger.
    seen : PricesSeen
        The prices when the orders were sent.
    start_ns : int
        The start of the run, UNIX nanoseconds.

    """
    sent, expected = np.zeros(len(order_ids), np.int64), np.full(len(order_ids), np.nan)
    for i, order_id in enumerate(order_ids):
        order: Any = cache.order(ClientOrderId(order_id))
        if order is None or not order.ts_submitted:
            continue
        sent[i] = order.ts_submitted
        if order.order_type in _TRIGGERED:
            expected[i] = order.trigger_price.as_double()
        else:
            expected[i] = seen.price(order_id, str(order.instrument_id), order.ts_init)
    number = fills["order"]
    is_own = (fills["is_maker"] != 0) | (sent[number] == 0)
    return FillOrders(
        sent_ns=np.where(
            sent[number] == 0, fills["ts"], np.clip(sent[number], start_ns, fills["ts"])
        ),
        expected=np.where(is_own, fills["price"], expected[number]),
    )
