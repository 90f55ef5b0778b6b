"""Factors of prices over time: returns, volatility, distance from the VWAP, price impact."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final

from dolphin_strategies.computed.computed_factor import NAN, ComputedFactor
from dolphin_strategies.computed.market_state import DataKind
from dolphin_strategies.computed.states.grids import ImpactGrid, ReturnGrid
from dolphin_strategies.computed.states.lengths import Length, length, nanoseconds, steps
from dolphin_strategies.computed.states.windows import Flow, Mids, Returns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.computed.market_state import Input, MarketState

YEAR_NS: Final = 365 * 86_400_000_000_000


class ReturnBps(ComputedFactor):
    """The mid over the mid a while ago, ``(mid / before - 1) * 1e4``, bps. Warm after ``lag_s``.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; quotes.
    lag_s : float
        The while, seconds; the mid before is the last good one at ``now - lag_s``.

    """

    __slots__ = ("_lag", "_window")

    def __init__(self, instrument: InstrumentId, *, lag_s: float) -> None:
        self._lag: Final = Length(window_ns=nanoseconds("lag_s", lag_s))
        super().__init__(instrument)

    def connect(self, states: Mapping[Input, MarketState]) -> None:
        """Use these states from now on."""
        super().connect(states)
        self._window = self.states[0].node(Mids, self._lag).window

    def value_at(self, now_ns: int) -> float:
        """Return the return."""
        before = self._window.left(now_ns)
        self.due_ns = self._window.due_ns
        value: float = (self.states[0].mid / before - 1) * 1e4
        return value


class RealisedVolatility(ComputedFactor):
    """The root of the sum of squared log returns of the mid over a window.

    Percent a year, ``sqrt(sum * year / window) * 100`` with a year of 365 days, or bps over the
    window, ``sqrt(sum) * 1e4``. Andersen, Bollerslev, Diebold and Labys, *Modeling and
    forecasting realized volatility* (2003). Returns are from sample to sample, or from quote to
    quote, which adds the noise of the spread. A sample is the last good mid before its instant.
    Crossed quotes are left out. Warm when the window is full.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; quotes.
    window_s : float
        Length of the window, seconds.
    sample_s : float
        Seconds from sample to sample, counted since 1970; 0: from quote to quote.
    annualised : bool
        Percent a year, else bps over the window.

    """

    __slots__ = ("_grid", "_sample_ns", "_scale", "_window", "_window_ns")

    column: ClassVar[int] = 0
    weight: ClassVar[float] = 1.0

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float,
        sample_s: float = 1.0,
        annualised: bool = True,
    ) -> None:
        self._window_ns: Final = nanoseconds("window_s", window_s)
        self._sample_ns: Final = steps("sample_s", sample_s, self._window_ns) if sample_s else 0
        self._scale: Final = math.sqrt(YEAR_NS / self._window_ns) * 100 if annualised else 1e4
        super().__init__(instrument)

    def connect(self, states: Mapping[Input, MarketState]) -> None:
        """Use these states from now on."""
        super().connect(states)
        touch = self.states[0]
        self._grid: ReturnGrid | None = None
        if self._sample_ns:
            self._grid = touch.node(ReturnGrid, self._sample_ns, self._window_ns)
            self._window = self._grid.window
        else:
            self._window = touch.node(Returns, Length(window_ns=self._window_ns)).window

    def value_at(self, now_ns: int) -> float:
        """Return the volatility."""
        if self._grid is not None:
            self._grid.advance(now_ns)
        total = self._window.sums(now_ns)[self.column]
        self.due_ns = self._window.due_ns if self._grid is None else self._grid.due_ns
        return math.sqrt(self.weight * total) * self._scale if self.states[0].is_good else NAN


class BipowerVolatility(RealisedVolatility):
    """The root of the bipower variation of the mid over a window, which jumps do not move.

    As :class:`RealisedVolatility` with ``pi / 2 * sum(|r| * |r'|)`` in place of the sum of
    squares; ``r'`` is the return before ``r``, and ``r`` is in the window. Barndorff-Nielsen and
    Shephard, *Power and bipower variation with stochastic volatility and jumps* (2004).
    """

    __slots__ = ()

    column: ClassVar[int] = 1
    weight: ClassVar[float] = math.pi / 2


class VwapDistanceBps(ComputedFactor):
    """The mid over the volume-weighted average price of a window, bps.

    ``(mid / vwap - 1) * 1e4`` with ``vwap = sum(price * size) / sum(size)``, sizes in the
    instrument's own unit. NaN without a trade in the window. Warm when the window is full.
    Berkowitz, Logue and Noser, *The total cost of transactions on the NYSE* (1988).

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; quotes and trades.
    window_s : float, optional
        Length of the window, seconds.
    events : int, optional
        Length of the window, trades; one of the two.
    alive : str, optional
        ``"quotes"``: the time to live is for quotes only, because trades are rare.

    """

    __slots__ = ("_length", "_window")

    kinds: ClassVar = (DataKind.QUOTES, DataKind.TRADES)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float | None = None,
        events: int | None = None,
        alive: DataKind | str | None = None,
    ) -> None:
        self._length: Final = length(window_s=window_s, events=events)
        super().__init__(instrument, instrument, alive=alive)

    def connect(self, states: Mapping[Input, MarketState]) -> None:
        """Use these states from now on."""
        super().connect(states)
        self._window = self.states[1].node(Flow, self._length).window

    def value_at(self, now_ns: int) -> float:
        """Return the distance."""
        _, _, size, cost = self._window.sums(now_ns)
        self.due_ns = self._window.due_ns
        if not size > 0:
            return NAN
        distance: float = (self.states[0].mid / (cost / size) - 1) * 1e4
        return distance


class KylesLambda(ComputedFactor):
    """Kyle's lambda: the slope of the mid's change over the net coins bought, by least squares.

    ``(n sum(xy) - sum(x) sum(y)) / (n sum(xx) - sum(x)^2)`` over the ``n`` steps of the window;
    ``x``: coins bought minus sold by takers in the step, ``y``: change of the mid over it.
    Quote currency per coin. NaN without trades in the window. Kyle, *Continuous auctions and
    insider trading* (1985); Hasbrouck, *Trading costs and returns for US equities* (2009), (4).
    Warm when the window is full; needs the definition.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; quotes and trades.
    window_s : float
        Length of the window, seconds.
    step_s : float
        Length of a step, seconds, counted since 1970; data at its very end belong to the next.
    alive : str, optional
        ``"quotes"``: the time to live is for quotes only, because trades are rare.

    """

    __slots__ = ("_grid", "_step_ns", "_window_ns")

    kinds: ClassVar = (DataKind.QUOTES, DataKind.TRADES)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float,
        step_s: float = 1.0,
        alive: DataKind | str | None = None,
    ) -> None:
        self._window_ns: Final = nanoseconds("window_s", window_s)
        self._step_ns: Final = steps("step_s", step_s, self._window_ns)
        super().__init__(instrument, instrument, alive=alive)

    def connect(self, states: Mapping[Input, MarketState]) -> None:
        """Use these states from now on."""
        super().connect(states)
        touch, trades = self.states[:2]
        self._grid = touch.node(ImpactGrid, trades, self._step_ns, self._window_ns)

    def value_at(self, now_ns: int) -> float:
        """Return the slope."""
        grid = self._grid
        grid.advance(now_ns)
        n = self._window_ns // self._step_ns
        variation = grid.window.covariation(now_ns, 0, n)
        covariation = grid.window.covariation(now_ns, 1, n)
        self.due_ns = grid.due_ns
        is_known = variation > 0 and self.states[0].is_good
        return covariation / variation if is_known else NAN
