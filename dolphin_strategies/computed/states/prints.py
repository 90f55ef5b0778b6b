"""Prints: the newest trade, and the newest liquidation."""

from __future__ import annotations

from typing import Any

from dolphin_strategies.computed.market_state import NAN, MarketState


class Prints(MarketState):
    """The newest execution; every one counts.

    Attributes
    ----------
    price : float
        Its price.
    size : float
        Its size, in the instrument's own unit.
    side : int
        1 if the order that took liquidity bought, -1 if it sold, 0 if unknown.
    coins : float
        Its size in coins; NaN while the definition is not known.

    """

    __slots__ = ("coins", "price", "side", "size")

    def __init__(self) -> None:
        super().__init__()
        self.price = self.size = self.coins = NAN
        self.side = 0

    def _take(self, price: float, size: float, side: int, ts_event: int, ts_init: int) -> bool:
        if min(ts_event, ts_init) < self.alive_ns:
            self.backward += 1
        self._stamp(ts_event, ts_init)
        if not (price > 0 and size > 0):
            self.invalid += 1
            return True
        self.price, self.size, self.side = price, size, side
        self.coins = self.definition.coins(size, price) if self.definition else NAN
        self.is_good = True
        for node in self.nodes:
            node()
        return True


class Trades(Prints):
    """The newest TradeTick."""

    __slots__ = ()

    def take(self, data: Any) -> bool:
        """Take over a TradeTick."""
        side = int(data.aggressor_side)
        return self._take(
            float(data.price),
            float(data.size),
            -1 if side == 2 else side,
            data.ts_event,
            data.ts_init,
        )


class Liquidations(Prints):
    """The newest liquidation: a BybitLiquidation or BinanceFuturesLiquidation.

    Bybit gives the position, at its bankruptcy price; a long is liquidated by selling. Binance
    gives the order: its side, its average price and the quantity filled so far.
    """

    __slots__ = ()

    def take(self, data: Any) -> bool:
        """Take over a liquidation."""
        if hasattr(data, "position_side"):
            price, size = data.bankruptcy_price, data.quantity
            side = {"LONG": -1, "SHORT": 1}.get(data.position_side.name, 0)
        else:
            price, size = data.average_price, data.accumulated_qty
            side = {"BUY": 1, "SELL": -1}.get(data.side.name, 0)
        return self._take(float(price), float(size), side, data.ts_event, data.ts_init)
