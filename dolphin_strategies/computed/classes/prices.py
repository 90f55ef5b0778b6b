"""Factors of prices over time: returns, volatility, distance from the VWAP, price impact."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final

from dolphin_strategies.computed.computed_factor import ComputedFactor
from dolphin_strategies.computed.inputs import DataKind
from dolphin_strategies.computed.states._engine import Formula
from dolphin_strategies.computed.states.lengths import Length, length, nanoseconds, steps
from dolphin_strategies.computed.states.windows import (
    flow,
    impact_grid,
    numbers,
    return_grid,
    returns,
)

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId

YEAR_NS: Final = 365 * 86_400_000_000_000


class ReturnBps(ComputedFactor):
    """The mid over the mid a while ago, ``(mid / before - 1) * 1e4``, bps. Warm after ``lag_s``.

    Costs 90 ns.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; quotes.
    lag_s : float
        The while, seconds; the mid before is the last good one at ``now - lag_s``.

    """

    __slots__ = ("_lag",)

    def __init__(self, instrument: InstrumentId, *, lag_s: float) -> None:
        self._lag: Final = Length(window_ns=nanoseconds("lag_s", lag_s))
        super().__init__(instrument)

    def make_formula(self) -> Formula:
        """Return the return."""
        window = self.states[0].node(numbers, self._lag)
        return Formula("change", self.states, (window,), scale=1e4)


class RealisedVolatility(ComputedFactor):
    """The root of the sum of squared log returns of the mid over a window.

    Percent a year, ``sqrt(sum * year / window) * 100`` with a year of 365 days, or bps over the
    window, ``sqrt(sum) * 1e4``. Andersen, Bollerslev, Diebold and Labys, *Modeling and
    forecasting realized volatility* (2003). Returns are from sample to sample, or from quote to
    quote, which adds the noise of the spread. A sample is the last good mid before its instant.
    Crossed quotes are left out. Warm when the window is full. Costs 120 ns.

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

    __slots__ = ("_length", "_sample_ns", "_scale")

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
        window_ns = nanoseconds("window_s", window_s)
        self._length: Final = Length(window_ns=window_ns)
        self._sample_ns: Final = steps("sample_s", sample_s, window_ns) if sample_s else 0
        self._scale: Final = math.sqrt(YEAR_NS / window_ns) * 100 if annualised else 1e4
        super().__init__(instrument)

    def make_formula(self) -> Formula:
        """Return the volatility."""
        touch = self.states[0]
        if self._sample_ns:
            window = touch.node(return_grid, self._sample_ns, self._length)
        else:
            window = touch.node(returns, self._length)
        return Formula("volatility", self.states, (window,), self.weight, self._scale, self.column)


class BipowerVolatility(RealisedVolatility):
    """The root of the bipower variation of the mid over a window, which jumps do not move.

    As :class:`RealisedVolatility` with ``pi / 2 * sum(|r| * |r'|)`` in place of the sum of
    squares; ``r'`` is the return before ``r``, and ``r`` is in the window. Barndorff-Nielsen and
    Shephard, *Power and bipower variation with stochastic volatility and jumps* (2004).
    Costs 120 ns.
    """

    __slots__ = ()

    column: ClassVar[int] = 1
    weight: ClassVar[float] = math.pi / 2


class VwapDistanceBps(ComputedFactor):
    """The mid over the volume-weighted average price of a window, bps.

    ``(mid / vwap - 1) * 1e4`` with ``vwap = sum(price * size) / sum(size)``, sizes in the
    instrument's own unit. NaN without a trade in the window. Warm when the window is full.
    Berkowitz, Logue and Noser, *The total cost of transactions on the NYSE* (1988). Costs 100 ns.

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

    __slots__ = ("_length",)

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

    def make_formula(self) -> Formula:
        """Return the distance."""
        touch, trades = self.states[:2]
        return Formula("vwap", (touch,), (trades.node(flow, self._length),), scale=1e4)


class KylesLambda(ComputedFactor):
    """Kyle's lambda: the slope of the mid's change over the net coins bought, by least squares.

    ``(n sum(xy) - sum(x) sum(y)) / (n sum(xx) - sum(x)^2)`` over the ``n`` steps of the window;
    ``x``: coins bought minus sold by takers in the step, ``y``: change of the mid over it.
    Quote currency per coin. NaN without trades in the window. Kyle, *Continuous auctions and
    insider trading* (1985); Hasbrouck, *Trading costs and returns for US equities* (2009), (4).
    Warm when the window is full; needs the definition. Costs 130 ns.

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

    __slots__ = ("_length", "_step_ns", "_steps")

    needs_definition: ClassVar = True

    kinds: ClassVar = (DataKind.QUOTES, DataKind.TRADES)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float,
        step_s: float = 1.0,
        alive: DataKind | str | None = None,
    ) -> None:
        window_ns = nanoseconds("window_s", window_s)
        self._length: Final = Length(window_ns=window_ns)
        self._step_ns: Final = steps("step_s", step_s, window_ns)
        self._steps: Final = window_ns // self._step_ns
        super().__init__(instrument, instrument, alive=alive)

    def make_formula(self) -> Formula:
        """Return the slope."""
        touch, trades = self.states[:2]
        window = touch.node(impact_grid, trades, self._step_ns, self._length)
        return Formula("slope", (touch,), (window,), self._steps)
