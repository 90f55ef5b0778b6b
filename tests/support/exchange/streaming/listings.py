"""The instruments that the local exchange lists: invented prices, usual ticks and lots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One coin's market, the same at every venue but for its symbol.

    Attributes
    ----------
    asset : str
        The coin.
    price : float
        About where it trades, USD.
    tick, lot : str
        The steps of price and of size, the latter in coins; venues that trade contracts
        have a multiplier of their own.
    funding_hours : int
        The funding interval.
    is_trading : bool
        False if the venue has suspended or closed it.
    quote : str
        The currency of its price, where the venue lists several.

    """

    asset: str
    price: float
    tick: str
    lot: str
    funding_hours: int = 8
    is_trading: bool = True
    quote: str = "USDT"

    @property
    def key(self) -> str:
        """Its name among a venue's listings: of the USDT market the coin alone."""
        return self.asset if self.quote == "USDT" else self.asset + self.quote

    @cached_property
    def _price_format(self) -> str:
        return f".{decimals(self.tick)}f"

    @cached_property
    def _size_format(self) -> str:
        return f".{decimals(self.lot)}f"

    def price_text(self, price: float) -> str:
        """Return a price as exchanges print it."""
        return format(price, self._price_format)

    def size_text(self, size: float) -> str:
        """Return a size as exchanges print it."""
        return format(size, self._size_format)

    def level_texts(self, levels: Iterable[Sequence[float]]) -> list[list[str]]:
        """Return levels as exchanges print them."""
        return [[self.price_text(price), self.size_text(size)] for price, size in levels]

    def closed(self) -> Listing:
        """Return this market closed."""
        return replace(self, is_trading=False)


@cache
def in_lots(row: Listing, lot: str) -> Listing:
    """Return a market whose sizes have another step: of a venue that counts otherwise."""
    return replace(row, lot=lot)


def decimals(step: str) -> int:
    """Return the decimals of a step."""
    return len(step.partition(".")[2])


LISTINGS: Final = (
    Listing(asset="BTC", price=60_000.0, tick="0.1", lot="0.001"),
    Listing(asset="ETH", price=2_400.0, tick="0.01", lot="0.01", funding_hours=4),
    Listing(asset="SOL", price=150.0, tick="0.01", lot="0.1"),
    Listing(asset="XRP", price=2.5, tick="0.0001", lot="0.1"),
    Listing(asset="DOGE", price=0.2, tick="0.00001", lot="1"),
)
