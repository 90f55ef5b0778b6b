"""Factors of the flow of orders and trades through a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from dolphin_strategies.computed.computed_factor import ComputedFactor
from dolphin_strategies.computed.inputs import DataKind
from dolphin_strategies.computed.states._engine import Formula
from dolphin_strategies.computed.states.lengths import length
from dolphin_strategies.computed.states.windows import arrivals, coin_flow, flow, order_flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.computed.states._engine import WindowSums
    from dolphin_strategies.computed.states.lengths import Length


class WindowFactor(ComputedFactor):
    """A factor of one window over its first input.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument.
    length : Length
        The length of the window.
    alive : DataKind or str, optional
        See :class:`ComputedFactor`.

    """

    __slots__ = ("_length",)

    kind: ClassVar[str]
    node: ClassVar[Callable[..., WindowSums]]

    def __init__(
        self, instrument: InstrumentId, length: Length, alive: DataKind | str | None = None
    ) -> None:
        self._length: Final = length
        super().__init__(instrument, alive=alive)

    def make_formula(self) -> Formula:
        """Return the formula over the window."""
        state = self.states[0]
        seconds = (self._length.window_ns or 0) / 1e9
        return Formula(self.kind, (state,), (state.node(self.node, self._length),), seconds)


class OrderFlowImbalance(WindowFactor):
    """Order flow at the touch over a window, coins.

    The sum over quotes of ``[b >= b'] q_b - [b <= b'] q_b' - [a <= a'] q_a + [a >= a'] q_a'``
    with bid ``b``, ask ``a``, their sizes ``q`` in coins, and ``'`` for the quote before. Cont,
    Kukanov and Stoikov, *The price impact of order book events* (2014), (4). Above 0: buying.
    Crossed quotes are left out. Warm when the window is full; needs the definition. Costs 110 ns.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; quotes.
    window_s : float, optional
        Length of the window, seconds.
    events : int, optional
        Length of the window, changes from quote to quote; one of the two.

    """

    __slots__ = ()

    needs_definition: ClassVar = True

    kind: ClassVar = "total"
    node: ClassVar = staticmethod(order_flow)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float | None = None,
        events: int | None = None,
    ) -> None:
        super().__init__(instrument, length(window_s=window_s, events=events))


class QuoteRate(WindowFactor):
    """Quotes in the window over its length, quotes a second. Warm when the window is full.

    Crossed quotes are left out. Costs 60 ns.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; quotes.
    window_s : float
        Length of the window, seconds.

    """

    __slots__ = ()

    kind: ClassVar = "rate"
    node: ClassVar = staticmethod(arrivals)

    def __init__(self, instrument: InstrumentId, *, window_s: float) -> None:
        super().__init__(instrument, length(window_s=window_s))


class TradeFlowImbalance(WindowFactor):
    """``(bought - sold) / (bought + sold)`` over a window, by takers, -1 to 1.

    NaN without a trade of known side in the window. Warm when the window is full. Easley, López
    de Prado and O'Hara, *Flow toxicity and liquidity* (2012), has its absolute value in bins of
    equal volume. Costs 90 ns.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; trades.
    window_s : float, optional
        Length of the window, seconds.
    events : int, optional
        Length of the window, trades; one of the two.
    alive : str, optional
        ``"quotes"``: the time to live is for quotes, because trades are rare.

    """

    __slots__ = ()

    kinds: ClassVar = (DataKind.TRADES,)
    kind: ClassVar = "imbalance"
    node: ClassVar = staticmethod(flow)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float | None = None,
        events: int | None = None,
        alive: DataKind | str | None = None,
    ) -> None:
        super().__init__(instrument, length(window_s=window_s, events=events), alive)


class CumulativeVolumeDelta(WindowFactor):
    """Bought minus sold by takers, coins, over a window or since midnight UTC.

    Warm when the window is full, since midnight: from the first midnight on. Needs the
    definition. Costs 80 ns.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; trades.
    window_s : float, optional
        Length of the window, seconds.
    events : int, optional
        Length of the window, trades.
    session : bool
        Since midnight UTC; one of the three.
    alive : str, optional
        ``"quotes"``: the time to live is for quotes, because trades are rare.

    """

    __slots__ = ()

    needs_definition: ClassVar = True

    kinds: ClassVar = (DataKind.TRADES,)
    kind: ClassVar = "difference"
    node: ClassVar = staticmethod(coin_flow)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float | None = None,
        events: int | None = None,
        session: bool = False,
        alive: DataKind | str | None = None,
    ) -> None:
        lasts = length(window_s=window_s, events=events, session=session)
        super().__init__(instrument, lasts, alive)


class TradeRate(WindowFactor):
    """Trades in the window over its length, trades a second. Warm when the window is full.

    NaN while all that came within the window could not be used. Costs 60 ns.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; trades.
    window_s : float
        Length of the window, seconds.
    alive : str, optional
        ``"quotes"``: the time to live is for quotes, because trades are rare.

    """

    __slots__ = ()

    kinds: ClassVar = (DataKind.TRADES,)
    kind: ClassVar = "rate"
    node: ClassVar = staticmethod(flow)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float,
        alive: DataKind | str | None = None,
    ) -> None:
        super().__init__(instrument, length(window_s=window_s), alive)
