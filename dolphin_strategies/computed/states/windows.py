"""Windows over the data of one input, filled as the data come."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dolphin_strategies.computed.market_state import NAN

if TYPE_CHECKING:
    from dolphin_strategies.computed.market_state import MarketState
    from dolphin_strategies.computed.states.lengths import Length
    from dolphin_strategies.computed.states.prints import Prints
    from dolphin_strategies.computed.states.readings import Reading
    from dolphin_strategies.computed.states.touch import Touch


class Arrivals:
    """The number of data."""

    __slots__ = ("_state", "window")

    def __init__(self, state: MarketState, length: Length) -> None:
        self._state = state
        self.window = length.window(0)

    def __call__(self) -> None:
        """Add the newest data."""
        self.window.add(self._state.ts_init)


class Flow:
    """Bought, sold and all sizes, and price times size; the instrument's own unit."""

    __slots__ = ("_state", "window")

    def __init__(self, state: Prints, length: Length) -> None:
        self._state = state
        self.window = length.window(4)

    def __call__(self) -> None:
        """Add the newest execution."""
        s = self._state
        size, side = s.size, s.side
        self.window.add(
            s.ts_init, size if side > 0 else 0.0, size if side < 0 else 0.0, size, s.price * size
        )


class CoinFlow:
    """Bought coins, sold coins, and what they cost; from when the definition is known."""

    __slots__ = ("_state", "window")

    def __init__(self, state: Prints, length: Length) -> None:
        self._state = state
        self.window = length.window(4)

    def __call__(self) -> None:
        """Add the newest execution."""
        s = self._state
        coins, side = s.coins, s.side
        if coins == coins:  # noqa: PLR0124 - not NaN
            bought, sold = (coins if side > 0 else 0.0), (coins if side < 0 else 0.0)
            self.window.add(s.ts_init, bought, sold, s.price * bought, s.price * sold)


class OrderFlow:
    """The order flow of the touch in coins (Cont, Kukanov and Stoikov 2014)."""

    __slots__ = ("_before", "_state", "window")

    def __init__(self, state: Touch, length: Length) -> None:
        self._state = state
        self._before = (NAN, NAN, NAN, NAN)
        self.window = length.window(1)

    def __call__(self) -> None:
        """Add what the newest quote changed."""
        s, definition = self._state, self._state.definition
        if definition is None:
            return
        bid, ask = s.bid, s.ask
        bid_coins, ask_coins = definition.coins(s.bid_size, bid), definition.coins(s.ask_size, ask)
        bid_before, ask_before, bid_coins_before, ask_coins_before = self._before
        self._before = bid, ask, bid_coins, ask_coins
        if bid_before != bid_before:  # noqa: PLR0124 - NaN
            self.window.begin(s.ts_init)
            return
        flow = 0.0
        if bid >= bid_before:
            flow += bid_coins
        if bid <= bid_before:
            flow -= bid_coins_before
        if ask <= ask_before:
            flow -= ask_coins
        if ask >= ask_before:
            flow += ask_coins_before
        self.window.add(s.ts_init, flow)


class Mids:
    """The mid, and the last one that left the window."""

    __slots__ = ("_state", "window")

    def __init__(self, state: Touch, length: Length) -> None:
        self._state = state
        self.window = length.window(1)

    def __call__(self) -> None:
        """Add the newest mid."""
        self.window.add(self._state.ts_init, self._state.mid)


class Numbers:
    """The number of a reading, and the last one that left the window."""

    __slots__ = ("_state", "window")

    def __init__(self, state: Reading, length: Length) -> None:
        self._state = state
        self.window = length.window(1)

    def __call__(self) -> None:
        """Add the newest number."""
        self.window.add(self._state.ts_init, self._state.number)


class Returns:
    """Squared log returns of the mid from quote to quote, and products of neighbours."""

    __slots__ = ("_mid", "_size", "_state", "window")

    def __init__(self, state: Touch, length: Length) -> None:
        self._state = state
        self._mid = NAN
        self._size = 0.0
        self.window = length.window(2)

    def __call__(self) -> None:
        """Add the newest return."""
        mid = self._state.mid
        if self._mid != self._mid:
            self.window.begin(self._state.ts_init)
        else:
            size = abs(math.log(mid / self._mid))
            self.window.add(self._state.ts_init, size * size, size * self._size)
            self._size = size
        self._mid = mid


class Beginning:
    """Begins a window at the first sign of life of an input that seldom has data."""

    __slots__ = ("_alive", "_flow", "_state")

    def __init__(self, alive: MarketState, state: MarketState, flow: CoinFlow) -> None:
        self._alive = alive
        self._state = state
        self._flow = flow

    def __call__(self) -> None:
        """Begin, once the definition is known."""
        if self._state.definition is not None:
            self._flow.window.begin(self._alive.ts_init)
            alive = self._alive
            alive.nodes = tuple(node for node in alive.nodes if node is not self)
