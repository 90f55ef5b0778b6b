"""Factors of the levels of an order book; the formulas of the polled books."""

from __future__ import annotations

import math
from bisect import bisect_right
from math import sumprod
from typing import TYPE_CHECKING, ClassVar, Final

from dolphin_strategies.computed.computed_factor import NAN, ComputedFactor
from dolphin_strategies.computed.inputs import DataKind

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.computed.states.levels import Levels, Side

FIRST_LEVELS: Final = 32
MOST_LEVELS: Final = 1 << 16


class LevelImbalance(ComputedFactor):
    """``(bids - asks) / (bids + asks)`` of the sizes of the best levels, -1 to 1.

    Of fewer levels if the book has fewer. Cao, Hansch and Wang, *The information content of an
    open limit-order book* (2009). Warm at the first book with both sides.
    Costs 0.3 µs for each level read.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; its book.
    levels : int
        Levels a side.

    """

    __slots__ = ("_levels",)

    kinds: ClassVar = (DataKind.BOOK,)

    def __init__(self, instrument: InstrumentId, *, levels: int) -> None:
        if not isinstance(levels, int) or not 1 <= levels <= MOST_LEVELS:
            msg = f"levels: expected 1 to {MOST_LEVELS}, found {levels!r}"
            raise ValueError(msg)
        self._levels: Final = levels
        super().__init__(instrument)

    def value_at(self, now_ns: int) -> float:
        """Return the imbalance."""
        book, n = self.states[0], self._levels
        if not book.is_good:
            return NAN
        bids, asks = book.side(0, n), book.side(1, n)
        return _imbalance(math.fsum(bids.sizes[:n]), math.fsum(asks.sizes[:n]))


class WithinFactor(ComputedFactor):
    """A factor of the levels within a distance from the mid.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; its book.
    within_bps : float
        The distance from the mid, bps, itself included.

    """

    __slots__ = ("_bps",)

    kinds: ClassVar = (DataKind.BOOK,)

    def __init__(self, instrument: InstrumentId, *, within_bps: float) -> None:
        if not isinstance(within_bps, int | float) or not 0 < within_bps < 1e4:
            msg = f"within_bps: expected above 0 and below 10,000, found {within_bps!r}"
            raise ValueError(msg)
        self._bps: Final = within_bps
        super().__init__(instrument)

    def _reach(self, book: Levels, side: int) -> tuple[Side, int] | None:
        """Return a side and how many of its levels are within; None: further than is known."""
        count, reach = FIRST_LEVELS, book.mid * self._bps / 1e4
        while True:
            found = book.side(side, count)
            n = bisect_right([abs(price - book.mid) for price in found.prices], reach)
            if n < len(found.prices):
                return found, n
            if len(found.prices) < count or count >= MOST_LEVELS:
                return None
            count *= 4


class Depth(WithinFactor):
    """Quote currency of the bids or asks within a distance of the mid.

    ``sum(price * coins)``. NaN if no known level is beyond the distance, because the venue may
    not have given all; needs the definition. Warm at the first book with both sides.
    Costs 0.3 µs for each level read.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; its book.
    side : str
        ``"bid"`` or ``"ask"``.
    within_bps : float
        The distance from the mid, bps, itself included.

    """

    __slots__ = ("_side",)

    needs_definition: ClassVar = True

    def __init__(self, instrument: InstrumentId, *, side: str, within_bps: float) -> None:
        if side not in {"bid", "ask"}:
            msg = f"side: expected bid or ask, found {side!r}"
            raise ValueError(msg)
        self._side: Final = 0 if side == "bid" else 1
        super().__init__(instrument, within_bps=within_bps)

    def value_at(self, now_ns: int) -> float:
        """Return the depth."""
        book, definition = self.states[0], self.states[0].definition
        if definition is None or not book.is_good:
            return NAN
        found = self._reach(book, self._side)
        if found is None:
            return NAN
        side, n = found
        sizes = side.sizes[:n]
        amount = sum(sizes) if definition.is_inverse else sumprod(side.prices[:n], sizes)
        depth: float = amount * definition.multiplier
        return depth


class DepthImbalance(WithinFactor):
    """``(bids - asks) / (bids + asks)`` of the sizes within a distance of the mid, -1 to 1.

    NaN if no known level of a side is beyond the distance, and without sizes within it. Warm at
    the first book with both sides. Costs 0.3 µs for each level read.
    """

    __slots__ = ()

    def value_at(self, now_ns: int) -> float:
        """Return the imbalance."""
        book = self.states[0]
        if not book.is_good:
            return NAN
        bids, asks = self._reach(book, 0), self._reach(book, 1)
        if bids is None or asks is None:
            return NAN
        return _imbalance(math.fsum(bids[0].sizes[: bids[1]]), math.fsum(asks[0].sizes[: asks[1]]))


def _imbalance(bids: float, asks: float) -> float:
    both = bids + asks
    return (bids - asks) / both if both > 0 else NAN
