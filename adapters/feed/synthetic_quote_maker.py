"""Synthetic QuoteTicks from factors: one way for a live node and for a recording."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from nautilus_trader.model import Price, Quantity, QuoteTick

from dolphin_strategies import synthetic_quote_of
from dolphin_strategies.computed.inputs import number_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nautilus_trader.model import CryptoPerpetual, TradeTick

    from dolphin_strategies import ExternalFactors

MAX_PRICE: Final = 1e9
"""Far above any price, and within the range of Nautilus's fixed-point numbers."""
SIZE: Final = 1.0


class QuoteMaker:
    """Convert factors into quotes of an instrument, and count records that give no quote.

    Parameters
    ----------
    instrument : CryptoPerpetual
        The quoted instrument; prices are rounded to its precision. Both sizes are 1.

    Attributes
    ----------
    quotes, without_price, unusable : int
        Quotes made; records that came before any real price; records whose spread or imbalance
        is NaN or out of range, or whose prices cannot be written with the precision.

    """

    def __init__(self, instrument: CryptoPerpetual) -> None:
        self.quotes = self.without_price = self.unusable = 0
        self._id: Final = instrument.id
        self._precision: Final = instrument.price_precision
        self._size: Final = Quantity(SIZE, instrument.size_precision)

    def make(self, f: ExternalFactors, last_price: float | None) -> QuoteTick | None:
        """Return the quote of a record around a real price, stamped like the record.

        The bid is never above the ask, and both are above 0.
        """
        if last_price is None or math.isnan(last_price):
            self.without_price += 1
            return None
        quote = synthetic_quote_of(f, last_price)
        if quote is None or quote.ask > MAX_PRICE:
            self.unusable += 1
            return None
        bid, ask = Price(quote.bid, self._precision), Price(quote.ask, self._precision)
        if bid.raw <= 0:
            self.unusable += 1
            return None
        self.quotes += 1
        return QuoteTick(self._id, bid, ask, self._size, self._size, f.ts_event, f.ts_init)


def real_price(quote: QuoteTick | None, trade: TradeTick | None) -> float | None:
    """Return the mid of the newest real quote, else the newest real trade's price, or None."""
    if quote is not None:
        return (number_of(quote.bid_price) + number_of(quote.ask_price)) / 2
    return None if trade is None else number_of(trade.price)


def synthetic_quotes(
    maker: QuoteMaker,
    factors: Iterable[ExternalFactors],
    quotes: Iterable[QuoteTick] = (),
    trades: Iterable[TradeTick] = (),
) -> list[QuoteTick]:
    """Return the quotes of recorded factors as a live node would have made them.

    Parameters
    ----------
    maker : QuoteMaker
        Makes and counts the quotes.
    factors, quotes, trades : iterables
        Recorded factors, and the real market's quotes and trades, each in order of ``ts_init``.

    Returns
    -------
    list of QuoteTick
        In order of ``ts_init``. Each depends only on prices from before its record: a price of
        the same nanosecond is delivered after the record. Add the quotes to a
        ``BacktestEngine`` after the factors.

    """
    made = []
    next_quote, next_trade = iter(quotes), iter(trades)
    coming_quote, coming_trade = next(next_quote, None), next(next_trade, None)
    quote: QuoteTick | None = None
    trade: TradeTick | None = None
    for f in factors:
        while coming_quote is not None and coming_quote.ts_init < f.ts_init:
            quote, coming_quote = coming_quote, next(next_quote, None)
        while coming_trade is not None and coming_trade.ts_init < f.ts_init:
            trade, coming_trade = coming_trade, next(next_trade, None)
        synthetic = maker.make(f, real_price(quote, trade))
        if synthetic is not None:
            made.append(synthetic)
    return made
