"""LevelBook: a book of price levels, for venues that give the snapshot by another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.exchange.streaming.venue_streams import Levels


class LevelBook:
    """Two sides of levels and the number of the last change."""

    def __init__(self, update: int) -> None:
        self.update = update
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}

    def replace(self, bids: Levels, asks: Levels) -> None:
        """Forget what was there, and take these levels."""
        self._bids.clear()
        self._asks.clear()
        self.change(bids, asks)

    def change(self, bids: Levels, asks: Levels) -> None:
        """Change some levels; size 0 removes one."""
        for side, levels in ((self._bids, bids), (self._asks, asks)):
            for price, size in levels:
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)

    def bids(self, n: int) -> list[tuple[float, float]]:
        """Return the best bids, the highest first."""
        return sorted(self._bids.items(), reverse=True)[:n]

    def asks(self, n: int) -> list[tuple[float, float]]:
        """Return the best asks, the lowest first."""
        return sorted(self._asks.items())[:n]
