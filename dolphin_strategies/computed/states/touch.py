"""Touch: the best bid and ask of the newest quote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.computed.market_state import NAN, MarketState

if TYPE_CHECKING:
    from nautilus_trader.model import QuoteTick

LARGEST: Final = 1e300


class Touch(MarketState):
    """The best bid and ask of the newest QuoteTick.

    Attributes
    ----------
    bid, ask, mid : float
        Prices; NaN before the first quote and while the quote is crossed or locked.
    bid_size, ask_size : float
        Sizes at these prices, in the instrument's own unit (contracts or coins).

    """

    __slots__ = ("ask", "ask_size", "bid", "bid_size", "mid")

    def __init__(self) -> None:
        super().__init__()
        self.bid = self.ask = self.mid = self.bid_size = self.ask_size = NAN

    def take(self, data: QuoteTick | Any) -> bool:
        """Take over a QuoteTick."""
        ts_event, ts_init = data.ts_event, data.ts_init
        if self._is_backward(ts_event, ts_init):
            return False
        bid, ask = float(data.bid_price), float(data.ask_price)
        self._stamp(ts_event, ts_init)
        if 0 < bid < ask < LARGEST:
            self.bid, self.ask, self.mid = bid, ask, (bid + ask) / 2
            self.bid_size, self.ask_size = float(data.bid_size), float(data.ask_size)
            self.is_good = True
            for node in self.nodes:
                node()
            return True
        if 0 < ask <= bid:
            self.crossed += 1
        else:
            self.invalid += 1
        self.is_good = False
        self.bid = self.ask = self.mid = self.bid_size = self.ask_size = NAN
        return True
