"""Touch: the best bid and ask of the newest quote."""

from __future__ import annotations

from typing import Any

from dolphin_strategies.computed.states.market_state import MarketState


class Touch(MarketState):
    """The best bid and ask of the newest QuoteTick.

    All numbers are NaN before the first quote and while the quote is crossed or locked.

    Attributes
    ----------
    mid, bid, ask : float
        Prices.
    bid_size, ask_size : float
        Sizes at these prices, in the instrument's own unit (contracts or coins).

    """

    __slots__ = ()

    mid = MarketState.number
    bid = MarketState.number_1
    ask = MarketState.number_2
    bid_size = MarketState.number_3
    ask_size = MarketState.number_4

    def take(self, data: Any) -> bool:
        """Take over a QuoteTick."""
        return self.put_quote(
            data.ts_event,
            data.ts_init,
            float(data.bid_price),
            float(data.ask_price),
            float(data.bid_size),
            float(data.ask_size),
        )
