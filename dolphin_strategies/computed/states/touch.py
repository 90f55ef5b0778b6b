"""Touch: the best bid and ask of the newest quote."""

from __future__ import annotations

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

    # Without a Python frame in between.
    take = MarketState.take_quote
