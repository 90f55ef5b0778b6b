"""Paths of gains of a known law: a mean-reverting price, and a random walk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from backtests.exit_training.learning.gain_paths import GainPaths

type Floats = NDArray[np.float64]

STEP_NS: Final = 60_000_000_000


@dataclass(frozen=True, kw_only=True)
class MeanReversion:
    """An Ornstein-Uhlenbeck process of the logarithm of a price, about 0, in steps of time 1.

    Long positions are opened some stationary standard deviations below the mean. The value of a
    position is its gain, less the cost of trading, less the cost of the time held.

    Attributes
    ----------
    speed : float
        Of the reversion, a step; 0: a random walk, which is opened anywhere.
    sigma : float
        Standard deviation of the noise of a step.
    depth : float
        Stationary standard deviations below the mean at which positions are opened.
    steps : int
        The horizon.
    cost : float
        Of entering and closing, as a fraction.
    hold_cost : float
        Of holding over the horizon, as a fraction.

    """

    speed: float
    sigma: float = 0.003
    depth: float = 1.5
    steps: int = 60
    cost: float = 0.001
    hold_cost: float = 0.0

    @property
    def horizon_ns(self) -> int:
        """The length of a path, nanoseconds."""
        return self.steps * STEP_NS

    @property
    def entry(self) -> float:
        """The logarithm of the price at which positions are opened."""
        return -self.depth * self.sigma / np.sqrt(2 * self.speed) if self.speed else 0.0

    @property
    def _step(self) -> tuple[float, float]:
        """Weight of the old value, and standard deviation of the new noise, exactly."""
        if not self.speed:
            return 1.0, self.sigma
        weight = np.exp(-self.speed)
        return float(weight), float(self.sigma * np.sqrt((1 - weight**2) / (2 * self.speed)))

    def paths(self, count: int, seed: int) -> GainPaths:
        """Return positions that do not overlap, none of which has an exit of its own."""
        generator = np.random.default_rng(seed)
        weight, noise = self._step
        x = np.full((count, self.steps + 1), self.entry)
        for i in range(self.steps):
            x[:, i + 1] = weight * x[:, i] + noise * generator.normal(size=count)
        gain = np.exp(x - self.entry) - 1
        return GainPaths(
            entry_ns=np.arange(count, dtype=np.int64) * 2 * self.horizon_ns,
            asset=np.zeros(count, dtype=np.int64),
            side=np.ones(count, dtype=np.int64),
            gain=gain,
            best=np.maximum.accumulate(np.maximum(gain, 0), axis=1),
            worst=np.maximum.accumulate(np.maximum(-gain, 0), axis=1),
            # The mean range of a random walk within a step is about 1.6 of its deviation.
            ranges=np.full(gain.shape, 1.6 * self.sigma),
            unit=np.full(count, self.sigma * np.sqrt(self.steps)),
            factors=np.zeros((count, self.steps + 1, 0)),
        )

    def optimal_value(self) -> float:
        """Return the value of the best of all exits, by dynamic programming on a grid.

        Backwards from the horizon: at each step and price the larger of closing and going on (S.
        Peskir & A. Shiryaev, *Optimal Stopping and Free-Boundary Problems*, 2006, I.1). Nothing of
        it is used in training.
        """
        return self._value(None)

    def threshold_value(self) -> float:
        """Return the value of the best fixed threshold, by the same grid."""
        deviation = self.sigma / np.sqrt(2 * self.speed)
        candidates = np.linspace(self.entry, 3 * deviation, 20)
        return max(self._value(float(limit)) for limit in candidates)

    def _value(self, limit: float | None) -> float:
        """Return the value of closing at a threshold; None: wherever going on is worth less."""
        weight, noise = self._step
        deviation = noise / np.sqrt(1 - weight**2)
        grid = np.linspace(-7 * deviation, 7 * deviation, 401)
        half = (grid[1] - grid[0]) / 2
        centre = weight * grid[:, None]
        moves = norm.cdf((grid + half - centre) / noise) - norm.cdf((grid - half - centre) / noise)
        moves /= moves.sum(axis=1, keepdims=True)
        closing = np.exp(grid - self.entry) - 1
        per_step = self.hold_cost / self.steps
        value = closing - self.hold_cost
        for step in range(self.steps - 1, 0, -1):
            going_on = moves @ value
            now = closing - per_step * step
            is_closed = now >= going_on if limit is None else grid >= limit
            value = np.where(is_closed, now, going_on)
        at_entry = np.interp(self.entry, grid, moves @ value)
        return float(at_entry) - self.cost
