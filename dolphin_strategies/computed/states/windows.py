"""Windows over the data of one or two inputs, filled as the data come.

Grids hold what the data were at regular instants. A sample at an instant is made of the data
before it; data of the instant itself belong to the next sample, so that a sample never changes,
however many data of one instant come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dolphin_strategies.computed.states import _engine

if TYPE_CHECKING:
    from dolphin_strategies.computed.states._engine import WindowSums
    from dolphin_strategies.computed.states.lengths import Length
    from dolphin_strategies.computed.states.market_state import MarketState


def arrivals(state: MarketState, length: Length) -> WindowSums:
    """Return a window over the data, without columns."""
    return _window(length, _engine.ARRIVALS)


def flow(trades: MarketState, length: Length) -> WindowSums:
    """Return bought, sold and all sizes, and price times size, in the instrument's own unit."""
    return _window(length, _engine.FLOW)


def coin_flow(trades: MarketState, length: Length) -> WindowSums:
    """Return bought coins, sold coins and what each cost, since the definition is known."""
    return _window(length, _engine.COIN_FLOW)


def order_flow(touch: MarketState, length: Length) -> WindowSums:
    """Return the order flow of the touch in coins, since the definition is known."""
    return _window(length, _engine.ORDER_FLOW)


def numbers(state: MarketState, length: Length) -> WindowSums:
    """Return the mid or number, for the sake of the last one that left."""
    return _window(length, _engine.NUMBER)


def returns(touch: MarketState, length: Length) -> WindowSums:
    """Return squared log returns of the mid, and products of the sizes of neighbours."""
    return _window(length, _engine.RETURNS)


def return_grid(touch: MarketState, step_ns: int, length: Length) -> WindowSums:
    """Return the same from sample to sample."""
    return _window(length, _engine.RETURN_GRID, step_ns)


def impact_grid(
    touch: MarketState, trades: MarketState, step_ns: int, length: Length
) -> WindowSums:
    """Return coins bought less coins sold, and change of the mid, from sample to sample."""
    window = _window(length, _engine.IMPACT_GRID, step_ns, touch)
    trades.nodes += (window,)
    return window


def basis_grid(touch: MarketState, other: MarketState, step_ns: int, length: Length) -> WindowSums:
    """Return samples of the mid of one instrument over that of another, bps."""
    window = _window(length, _engine.BASIS_GRID, step_ns, touch)
    other.nodes += (window,)
    return window


class Beginning:
    """Begins a window at the first sign of life of an input that seldom has data."""

    __slots__ = ("_alive", "_state", "_window")

    def __init__(self, alive: MarketState, state: MarketState, window: WindowSums) -> None:
        self._alive = alive
        self._state = state
        self._window = window

    def __call__(self) -> None:
        """Begin, once the definition is known."""
        if self._state.definition is not None:
            self._window.begin(self._alive.ts_init)
            # What is computed from the window has a due instant from now on.
            self._state.define(self._state.definition)
            alive = self._alive
            alive.nodes = tuple(node for node in alive.nodes if node is not self)


def _window(
    length: Length, recipe: int, step_ns: int = 0, first: MarketState | None = None
) -> WindowSums:
    return _engine.WindowSums(
        0,
        window_ns=length.window_ns,
        count=length.events,
        period_ns=length.period_ns,
        recipe=recipe,
        step_ns=step_ns,
        first=first,
    )
