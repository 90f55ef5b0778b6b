"""Refusals: why orders were denied or rejected, and how often."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import OrderDenied, OrderRejected, OrderStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

REFUSED: Final = (OrderStatus.DENIED, OrderStatus.REJECTED)
"""The states of an order that was refused."""
_EXIT: Final = "MARKET_EXIT"
"""The tag that Nautilus gives the orders of an exit (``manage_stop``, ``market_exit``)."""
_NUMBERS: Final = re.compile(r"\b(O-\d{8}-[\w-]+|[\d.,:_TZ-]*\d[\d.,:_TZ-]*)")
"""What differs between orders that are refused for one reason: ids, amounts, instants."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One reason.

    Attributes
    ----------
    what : "denied" or "rejected"
        Before it left the node, or by the venue.
    reason : str
        The words of the first order that was refused for it.
    count : int
        How many orders were: reasons that differ in their numbers only are one.

    """

    what: str
    reason: str
    count: int


def refusals(orders: Iterable[Any]) -> list[Refusal]:
    """Return the reasons of refused orders, the most frequent one first.

    Parameters
    ----------
    orders : iterable of Nautilus's orders
        Orders whose status is one of ``REFUSED``.

    """
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], str] = {}
    for order in orders:
        event = order.last_event
        if not isinstance(event, OrderDenied | OrderRejected):
            continue
        what = "denied" if isinstance(event, OrderDenied) else "rejected"
        reason = str(event.reason)
        key = (what, _NUMBERS.sub("#", reason))
        counts[key] += 1
        first.setdefault(key, reason)
    return [
        Refusal(what=key[0], reason=first[key], count=count) for key, count in counts.most_common()
    ]


def without_repeats(orders: Iterable[Any]) -> list[Any]:
    """Return orders by their time, each refused exit once.

    Nautilus sends the order of an exit that the venue rejects again and again, by default a
    hundred times in ten seconds. Those that repeat one are left out.

    Parameters
    ----------
    orders : iterable of Nautilus's orders
        All orders of a run.

    """
    kept: list[Any] = []
    tried: dict[Any, dict[tuple[Any, ...], int]] = {}
    for order in sorted(orders, key=lambda o: o.ts_init):
        if order.status not in REFUSED or _EXIT not in (order.tags or ()):
            tried.pop(order.instrument_id, None)
        else:
            exits = tried.setdefault(order.instrument_id, {})
            first_ns = exits.setdefault((order.side, order.quantity), order.ts_init)
            # Several positions may be left at one instant.
            if order.ts_init > first_ns:
                continue
        kept.append(order)
    return kept
