"""Grids: what the data were at regular instants.

A sample at an instant is made of the data before it. Data of the instant itself belong to the
next sample, so that a sample never changes, however many data of one instant come.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dolphin_strategies.computed.market_state import NAN, NEVER
from dolphin_strategies.computed.states._windows import WindowSums

if TYPE_CHECKING:
    from dolphin_strategies.computed.states.prints import Prints
    from dolphin_strategies.computed.states.touch import Touch


class ReturnGrid:
    """Squared log returns of the mid from sample to sample, and products of neighbours."""

    __slots__ = ("_at_ns", "_mid", "_sample", "_size", "_state", "_step_ns", "window")

    def __init__(self, state: Touch, step_ns: int, window_ns: int) -> None:
        self._state = state
        self._step_ns = step_ns
        self._at_ns = 0
        self._mid = self._sample = NAN
        self._size = 0.0
        self.window = WindowSums(2, window_ns=window_ns)

    def __call__(self) -> None:
        """Take over the newest mid."""
        self.advance(self._state.ts_init)
        self._mid = self._state.mid

    def advance(self, now_ns: int) -> None:
        """Make the samples up to an instant."""
        at_ns = now_ns - now_ns % self._step_ns
        if at_ns <= self._at_ns:
            return
        first_ns = self._at_ns + self._step_ns
        self._at_ns = at_ns
        mid, before = self._mid, self._sample
        if mid != mid:  # noqa: PLR0124 - NaN
            return
        self._sample = mid
        if before != before:  # noqa: PLR0124 - NaN
            self.window.begin(first_ns)
            return
        size = abs(math.log(mid / before)) if mid != before else 0.0
        if size:
            self.window.add(first_ns, size * size, size * self._size)
        # All later samples until now had the same mid.
        self._size = size if at_ns == first_ns else 0.0

    @property
    def due_ns(self) -> int:
        """The next instant at which the window changes without data."""
        is_pending = self._mid != self._sample and self._mid == self._mid
        return min(self.window.due_ns, self._at_ns + self._step_ns if is_pending else NEVER)


class ImpactGrid:
    """Signed coins of the trades and change of the mid, from sample to sample."""

    __slots__ = ("_at_ns", "_coins", "_mid", "_sample", "_step_ns", "_touch", "_trades", "window")

    def __init__(self, touch: Touch, trades: Prints, step_ns: int, window_ns: int) -> None:
        self._touch = touch
        self._trades = trades
        self._step_ns = step_ns
        self._at_ns = 0
        self._mid = self._sample = NAN
        self._coins = 0.0
        self.window = WindowSums(2, window_ns=window_ns, products=((0, 0), (0, 1)))
        trades.node(_Trading, self)

    def __call__(self) -> None:
        """Take over the newest mid."""
        self.advance(self._touch.ts_init)
        self._mid = self._touch.mid

    def trade(self) -> None:
        """Take over the newest trade."""
        self.advance(self._trades.ts_init)
        self._coins += self._trades.side * self._trades.coins

    def advance(self, now_ns: int) -> None:
        """Make the samples up to an instant."""
        at_ns = now_ns - now_ns % self._step_ns
        if at_ns <= self._at_ns:
            return
        first_ns = self._at_ns + self._step_ns
        self._at_ns = at_ns
        mid, before, coins = self._mid, self._sample, self._coins
        self._sample, self._coins = mid, 0.0
        if mid != mid:  # noqa: PLR0124 - NaN
            return
        if before != before or coins != coins:  # noqa: PLR0124 - NaN
            self.window.begin(first_ns)
        elif coins or mid != before:
            self.window.add(first_ns, coins, mid - before)

    @property
    def due_ns(self) -> int:
        """The next instant at which the window changes without data."""
        is_pending = self._coins != 0 or self._mid != self._sample
        return min(self.window.due_ns, self._at_ns + self._step_ns if is_pending else NEVER)


class _Trading:
    """Passes trades to an ImpactGrid."""

    __slots__ = ("_grid",)

    def __init__(self, trades: Prints, grid: ImpactGrid) -> None:
        self._grid = grid

    def __call__(self) -> None:
        """Pass the newest trade."""
        self._grid.trade()


class BasisGrid:
    """The mid of one instrument over that of another, bps, from sample to sample."""

    __slots__ = ("_at_ns", "_basis", "_other", "_state", "_step_ns", "_window_ns", "window")

    def __init__(self, state: Touch, other: Touch, step_ns: int, window_ns: int) -> None:
        self._state = state
        self._other = other
        self._step_ns = step_ns
        self._window_ns = window_ns
        self._at_ns = 0
        self._basis = NAN
        self.window = WindowSums(1, window_ns=window_ns, products=((0, 0),))
        other.node(_Basing, self)

    def __call__(self) -> None:
        """Take over the newest mid of the first instrument."""
        self.take(self._state.ts_init)

    def take(self, ts_init: int) -> None:
        """Take over the newest mids."""
        self.advance(ts_init)
        basis = (self._state.mid / self._other.mid - 1) * 1e4
        if basis == basis:  # noqa: PLR0124 - not NaN
            self._basis = basis

    def other_took(self) -> None:
        """Take over the newest mid of the other instrument."""
        self.take(self._other.ts_init)

    def advance(self, now_ns: int) -> None:
        """Make the samples up to an instant."""
        at_ns = now_ns - now_ns % self._step_ns
        if at_ns <= self._at_ns:
            return
        first_ns, self._at_ns = self._at_ns + self._step_ns, at_ns
        if self._basis != self._basis:
            return
        self.window.begin(first_ns)
        steps = self._window_ns // self._step_ns
        first_ns = max(first_ns, at_ns - steps * self._step_ns)
        for sample_ns in range(first_ns, at_ns + 1, self._step_ns):
            self.window.add(sample_ns, self._basis)

    @property
    def due_ns(self) -> int:
        """The next instant at which the window changes without data."""
        is_pending = self._basis == self._basis
        return self._at_ns + self._step_ns if is_pending else NEVER


class _Basing:
    """Passes mids of the other instrument to a BasisGrid."""

    __slots__ = ("_grid",)

    def __init__(self, other: Touch, grid: BasisGrid) -> None:
        self._grid = grid

    def __call__(self) -> None:
        """Pass the newest mid."""
        self._grid.other_took()
