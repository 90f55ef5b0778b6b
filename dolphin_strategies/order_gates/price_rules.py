"""PriceRules: how old a price may be, which data gives one, and what happens to an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from nautilus_trader.model import BarType, ClientId

type StalePrice = Literal["refuse", "wait"]
type PriceKind = Literal["quotes", "trades", "bars"]


@dataclass(frozen=True, kw_only=True)
class PriceRules:
    """The rules of a price gate.

    Attributes
    ----------
    stale_price : "refuse" or "wait"
        What happens to an order whose instrument has no price that is young enough: it is denied,
        or it is sent when the next price comes.
    max_age_ns : mapping of str to int or None
        How old each instrument's price may be, by its id, nanoseconds; None: of any age.
    other_max_age_ns : int, optional
        The same for every other instrument; None: three times the span of its bars, or 1,000
        times the median distance of its newest quotes or trades, 5 s at least.
    kinds : tuple of PriceKind
        The market data on which orders are filled.
    bar_types : tuple of BarType
        Bars that are prices, known before the first of them comes; others are found when they do.
    latency_ns : int
        From sending an order to its arrival, nanoseconds: the price must be young enough then.
    clients : mapping of str to ClientId
        The data client that has the prices of a venue; Nautilus chooses that of any other venue.
    needs_price : bool
        Whether an order of an instrument without any price is refused, or waits; otherwise it is
        sent.

    """

    stale_price: StalePrice = "refuse"
    max_age_ns: Mapping[str, int | None] = field(default_factory=dict)
    other_max_age_ns: int | None = None
    kinds: tuple[PriceKind, ...] = ("quotes", "trades", "bars")
    bar_types: tuple[BarType, ...] = ()
    latency_ns: int = 0
    clients: Mapping[str, ClientId] = field(default_factory=dict)
    needs_price: bool = True


SHORTEST_AGE_NS: Final = 5_000_000_000
"""No default is shorter."""
BAR_SPANS: Final = 3
DISTANCES: Final = 1_000
