"""Prints: the newest trade, and the newest liquidation."""

from __future__ import annotations

from typing import Any

from dolphin_strategies.computed.inputs import number_of
from dolphin_strategies.computed.states.market_state import MarketState


class Prints(MarketState):
    """The newest execution; every one counts.

    Attributes
    ----------
    price : float
        Its price.
    size : float
        Its size, in the instrument's own unit.
    side : float
        1 if the order that took liquidity bought, -1 if it sold, 0 if unknown.
    coins : float
        Its size in coins; NaN while the definition is not known.

    """

    __slots__ = ()

    price = MarketState.number
    size = MarketState.number_1
    side = MarketState.number_2
    coins = MarketState.number_3


class Trades(Prints):
    """The newest TradeTick."""

    __slots__ = ()

    # Without a Python frame in between.
    take = MarketState.take_trade


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
        return self.put_print(data.ts_event, data.ts_init, number_of(price), number_of(size), side)
