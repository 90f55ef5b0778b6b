"""Moment: the clock, the price and the query that a body is about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

ETH_OVER_BTC: Final = 0.04
LEVELS: Final = 120
TICK: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a body is about.

    Attributes
    ----------
    unix_ms : int
        The exchange's clock.
    price : float
        Of BTC, USD.
    query : mapping of str to str
        What was asked.
    accept : str
        The form that was asked for: the header of that name.

    """

    unix_ms: int
    price: float
    query: Mapping[str, str]
    accept: str = ""

    def price_of(self, symbol: str) -> float:
        """Return the price of what a symbol names."""
        if "USDTUSD" in symbol:
            return 0.9995
        return self.price * ETH_OVER_BTC if "ETH" in symbol else self.price

    @property
    def period_ms(self) -> int:
        """The beginning of the last whole five minutes."""
        return self.unix_ms // 300_000 * 300_000

    @property
    def iso(self) -> str:
        """The moment as ISO 8601."""
        moment = datetime.fromtimestamp(self.unix_ms / 1000, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def levels(mid: float, step: float, n: int, size: float = 1.0) -> list[list[str]]:
    """Return n levels as strings; a negative step gives bids."""
    return [
        [f"{mid + step * (i + 0.5):.4f}", f"{size * (1 + 0.5 * math.sin(i)):.4f}"]
        for i in range(n)
    ]


def asked_levels(m: Moment, name: str) -> int:
    """Return how many levels a side a query asks for."""
    return min(int(m.query.get(name, "20")), LEVELS)
