"""Factors of the best bid and ask."""

from __future__ import annotations

from dolphin_strategies.computed.computed_factor import NAN, ComputedFactor


class Mid(ComputedFactor):
    """Middle of best bid and ask: ``(bid + ask) / 2``, quote currency. Warm at the first quote."""

    __slots__ = ()

    def value_at(self, now_ns: int) -> float:
        """Return the mid."""
        mid: float = self.states[0].mid
        return mid


class SpreadBps(ComputedFactor):
    """Best ask over best bid, ``(ask - bid) / mid * 1e4``, bps. Warm at the first quote."""

    __slots__ = ()

    def value_at(self, now_ns: int) -> float:
        """Return the spread."""
        touch = self.states[0]
        spread: float = (touch.ask - touch.bid) / touch.mid * 1e4
        return spread


class TouchImbalance(ComputedFactor):
    """``(bid_size - ask_size) / (bid_size + ask_size)`` at the touch, -1 (asks) to 1 (bids).

    Warm at the first quote with sizes. Cartea, Jaimungal and Penalva, *Algorithmic and
    High-Frequency Trading* (2015), 3.4.
    """

    __slots__ = ()

    def value_at(self, now_ns: int) -> float:
        """Return the imbalance."""
        touch = self.states[0]
        both = touch.bid_size + touch.ask_size
        return (touch.bid_size - touch.ask_size) / both if both > 0 else NAN


class MicropriceOffsetBps(ComputedFactor):
    """The mid weighted by the opposite sizes, over the mid, bps.

    ``((bid * ask_size + ask * bid_size) / (bid_size + ask_size) / mid - 1) * 1e4``. Warm at the
    first quote with sizes. Stoikov, *The micro-price* (2018), whose first estimate it is.
    """

    __slots__ = ()

    def value_at(self, now_ns: int) -> float:
        """Return the offset."""
        touch = self.states[0]
        both = touch.bid_size + touch.ask_size
        if not both > 0:
            return NAN
        microprice = (touch.bid * touch.ask_size + touch.ask * touch.bid_size) / both
        offset: float = (microprice / touch.mid - 1) * 1e4
        return offset
