"""Factors of the best bid and ask."""

from __future__ import annotations

from dolphin_strategies.computed.computed_factor import ComputedFactor
from dolphin_strategies.computed.states._engine import Formula


class Mid(ComputedFactor):
    """Middle of best bid and ask: ``(bid + ask) / 2``, quote currency. Warm at the first quote.

    Costs 30 ns.
    """

    __slots__ = ()

    def make_formula(self) -> Formula:
        """Return the mid."""
        return Formula("number", self.states, ())


class SpreadBps(ComputedFactor):
    """Best ask over best bid, ``(ask - bid) / mid * 1e4``, bps. Warm at the first quote.

    Costs 30 ns.
    """

    __slots__ = ()

    def make_formula(self) -> Formula:
        """Return the spread."""
        return Formula("spread", self.states, ())


class TouchImbalance(ComputedFactor):
    """``(bid_size - ask_size) / (bid_size + ask_size)`` at the touch, -1 (asks) to 1 (bids).

    Warm at the first quote with sizes. Cartea, Jaimungal and Penalva, *Algorithmic and
    High-Frequency Trading* (2015), 3.4. Costs 40 ns.
    """

    __slots__ = ()

    def make_formula(self) -> Formula:
        """Return the imbalance."""
        return Formula("touch_imbalance", self.states, ())


class MicropriceOffsetBps(ComputedFactor):
    """The mid weighted by the opposite sizes, over the mid, bps.

    ``((bid * ask_size + ask * bid_size) / (bid_size + ask_size) / mid - 1) * 1e4``. Warm at the
    first quote with sizes. Stoikov, *The micro-price* (2018), whose first estimate it is.
    Costs 40 ns.
    """

    __slots__ = ()

    def make_formula(self) -> Formula:
        """Return the offset."""
        return Formula("microprice", self.states, ())
