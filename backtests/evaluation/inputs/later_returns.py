"""Later returns: what could be earned from each instant on, over each horizon and delay."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.evaluation.inputs.traded_prices import KnownPrices, NextPrices, read_prices
from backtests.evaluation.measures.ranks import ranks_of, value_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from adapters.catalog.reading.market.market_tables import MarketTable
    from backtests.evaluation.inputs.sampling import Sampling
    from backtests.evaluation.inputs.time_groups import TimeGroups


class LaterReturns:
    """The returns of one instrument that begin after each instant.

    Parameters
    ----------
    sampling : Sampling
        The instants, horizons and delays.
    max_age_ns : int
        How old a known price may be, and how long after an instant the next may come.

    Notes
    -----
    A return begins at the first price after the instant and its delay, and ends at the first one
    after the horizon more: both could be traded by who decides at these instants.

    """

    def __init__(self, sampling: Sampling, max_age_ns: int) -> None:
        self._sampling: Final = sampling
        self._max_age_ns: Final = max_age_ns
        step, instants = sampling.step_ns, sampling.instants
        self._before: Final = sampling.horizons[-1]
        delays = {*sampling.delays_ns, *sampling.horizons_ns, step}
        after = self._before + max(delays) // step + 1
        count = len(instants) + self._before + after
        first_ns = int(instants[0]) - self._before * step
        grid = first_ns + np.arange(count, dtype=np.int64) * step
        # A delay that is no multiple of the step has instants of its own.
        self._next: Final = {
            phase: NextPrices(grid + phase, max_age_ns)
            for phase in sorted({delay % step for delay in delays})
        }
        self._known: Final = KnownPrices(instants, max_age_ns)
        self.returns = cache(self._returns)
        self.order = cache(self._order)
        self.ranks = cache(self._ranks)

    @property
    def known(self) -> NDArray[np.float64]:
        """The last price known at each instant, float64 of shape (instants,); NaN: none."""
        return self._known.prices

    def read(self, table: MarketTable, show: Callable[[int, int], None]) -> None:
        """Read the prices; see :func:`~backtests.evaluation.inputs.traded_prices.read_prices`.

        Raises
        ------
        ConfigError
            If a file cannot be read.

        """
        grids = [one.instants for one in self._next.values()]
        first_ns = min(int(grid[0]) for grid in grids) - self._max_age_ns
        end_ns = max(int(grid[-1]) for grid in grids) + self._max_age_ns + 1
        window = max(table.first_ns, first_ns), min(table.last_ns + 1, end_ns)
        read_prices(table, self._known, [*self._next.values()], window, show)

    def _returns(self, horizon: int, delay_ns: int = 0) -> NDArray[np.float64]:
        """Return what was earned from each instant on.

        Parameters
        ----------
        horizon : int
            In steps.
        delay_ns : int
            How much later it begins; minus the horizon: the return until the instant.

        Returns
        -------
        float64 array of shape (instants,)
            A fraction; NaN where a price is missing.

        """
        steps, phase = divmod(delay_ns, self._sampling.step_ns)
        prices = self._next[phase].prices
        first = self._before + steps
        count = len(self._sampling.instants)
        begin = prices[first : first + count]
        end = prices[first + horizon : first + horizon + count]
        return np.asarray(end / begin - 1)

    def _order(self, horizon: int, delay_ns: int = 0) -> NDArray[np.int32]:
        """Return the order of :meth:`returns`, by ``value_order``."""
        return value_order(self.returns(horizon, delay_ns))

    def _ranks(
        self, horizon: int, delay_ns: int = 0, division: TimeGroups | None = None
    ) -> NDArray[np.float32]:
        """Return the ranks of all returns that there are, by ``ranks_of``.

        They are halves up to the number of instants, which a float32 holds exactly.
        """
        later = self.returns(horizon, delay_ns)
        groups = None if division is None else division.groups
        found = ranks_of(later, self.order(horizon, delay_ns), ~np.isnan(later), groups)
        return found.astype(np.float32)
