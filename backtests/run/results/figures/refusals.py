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
