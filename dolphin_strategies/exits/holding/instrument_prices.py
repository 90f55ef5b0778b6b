"""InstrumentPrices: the ranges of an instrument's prices, and the positions held in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from nautilus_trader.model import Bar, BarType, PositionId

    from dolphin_strategies.exits.holding.held_position import HeldPosition
    from dolphin_strategies.exits.policies.price_ranges import PriceRanges

BARS: Final = 0
TRADES: Final = 1
QUOTES: Final = 2


class InstrumentPrices:
    """Takes in the prices of an instrument.

    Every price counts for the excursions of positions. Ranges are of one kind of data, so that
    they do not measure the distance between two of them: quotes before trades before bars, of
    bars the first kind that came.

    Parameters
    ----------
    ranges : PriceRanges
        Measures the ranges.

    Attributes
    ----------
    ranges : PriceRanges
        The ranges.
    held : dict of PositionId to HeldPosition
        The open positions.

    """

    __slots__ = ("_bar_type", "_bar_types", "_rank", "held", "ranges")

    def __init__(self, ranges: PriceRanges) -> None:
        self.ranges: Final = ranges
        self.held: Final[dict[PositionId, HeldPosition]] = {}
        self._rank = BARS
        self._bar_type: BarType | None = None
        self._bar_types: Final[dict[BarType, int]] = {}

    def tick(self, rank: int, price: float, at_ns: int) -> None:
        """Take in the mid of a quote or the price of a trade.

        Parameters
        ----------
        rank : int
            ``QUOTES`` or ``TRADES``.
        price : float
            In quote currency.
        at_ns : int
            ``ts_init``, UNIX nanoseconds.

        """
        if rank >= self._rank:
            self._rank = rank
            self.ranges.add(price, price, price, at_ns)
        for held in self.held.values():
            held.view.see(price, price, price, at_ns)

    def bar(self, bar: Bar) -> None:
        """Take in a bar.

        Its low and high count for a position that was open during all of it; of the bar in which
        a position was opened only the close is known to be after the entry.
        """
        bar_type, at_ns = bar.bar_type, bar.ts_init
        low, high, close = float(bar.low), float(bar.high), float(bar.close)
        if self._bar_type is None:
            self._bar_type = bar_type
        if self._rank == BARS and bar_type == self._bar_type:
            self.ranges.add(close, low, high, at_ns)
        begun_ns = self._bar_types.get(bar_type)
        self._bar_types[bar_type] = at_ns
        for held in self.held.values():
            if begun_ns is not None and begun_ns >= held.view.opened_ns:
                held.view.see(close, low, high, at_ns)
            else:
                held.view.see(close, close, close, at_ns)
