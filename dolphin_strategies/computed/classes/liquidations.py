"""Factors of liquidations."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from dolphin_strategies.computed.computed_factor import ComputedFactor
from dolphin_strategies.computed.inputs import DataKind
from dolphin_strategies.computed.states.lengths import length
from dolphin_strategies.computed.states.windows import Beginning, coin_flow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.computed.inputs import Input
    from dolphin_strategies.computed.states.market_state import MarketState


class LiquidationFactor(ComputedFactor):
    """A factor of the liquidations of a window.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; liquidations.
    window_s : float
        Length of the window, seconds.
    alive : str
        The kind of data whose first arrival begins the window, and whose age is compared with
        the time to live, because liquidations are rare: ``"quotes"`` or ``"mark"``.

    """

    __slots__ = ("_length", "_window")

    needs_definition: ClassVar = True

    kinds: ClassVar = (DataKind.LIQUIDATIONS,)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float,
        alive: DataKind | str = DataKind.QUOTES,
    ) -> None:
        self._length: Final = length(window_s=window_s)
        super().__init__(instrument, alive=alive)

    def connect(self, states: Mapping[Input, MarketState]) -> None:
        """Use these states from now on."""
        super().connect(states)
        liquidations, alive = self.states
        self._window = liquidations.node(coin_flow, self._length)
        alive.node(Beginning, liquidations, self._window)

    def _costs(self, now_ns: int) -> tuple[float, float]:
        """Return the quote currency of forced buys and forced sells."""
        _, _, bought, sold = self._window.sums(now_ns)
        self.due_ns = self._window.due_ns
        return bought, sold


class LiquidationImbalance(LiquidationFactor):
    """``(bought - sold) / (bought + sold)`` of liquidations in a window, -1 to 1, by value.

    Forced buys close shorts, forced sells close longs. 0 without liquidations. Warm when the
    window is full; needs the definition. Costs 0.7 µs.
    """

    __slots__ = ()

    def value_at(self, now_ns: int) -> float:
        """Return the imbalance."""
        bought, sold = self._costs(now_ns)
        both = bought + sold
        return (bought - sold) / both if both else 0.0


class LiquidatedNotional(LiquidationFactor):
    """What was liquidated in a window, quote currency.

    Warm when the window is full; needs the definition. Costs 0.9 µs.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; liquidations.
    window_s : float
        Length of the window, seconds.
    side : str
        ``"long"`` (forced sells), ``"short"`` (forced buys) or ``"both"``.
    alive : str
        See :class:`LiquidationFactor`.

    """

    __slots__ = ("_side",)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float,
        side: str = "both",
        alive: DataKind | str = DataKind.QUOTES,
    ) -> None:
        if side not in {"long", "short", "both"}:
            msg = f"side: expected long, short or both, found {side!r}"
            raise ValueError(msg)
        self._side: Final = side
        super().__init__(instrument, window_s=window_s, alive=alive)

    def value_at(self, now_ns: int) -> float:
        """Return the amount."""
        bought, sold = self._costs(now_ns)
        return {"long": sold, "short": bought}.get(self._side, bought + sold)
