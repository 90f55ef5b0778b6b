"""SimulatedPath: a seeded BTCUSDT market whose factors predict some of its next move."""

from __future__ import annotations

import random
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

STEP_NS: Final = 5_000_000
STEPS_PER_SECOND: Final = 200
BLOCK_STEPS: Final = 120_000
START_PRICE: Final = 60_000.0
TICKS_PER_USDT: Final = 10

_PRESSURE_TIME_S: Final = 6.0
"""How long order-book pressure lasts (time constant of its mean reversion)."""
_DRIFT_PER_S: Final = 25.0
"""USDT a second that one unit of pressure moves the price."""
_NOISE_PER_SQRT_S: Final = 6.0
_CHUNK_STEPS: Final = 1_000
_VENUES: Final = ("binance", "bybit", "okx", "deribit", "hyperliquid")
_COINS: Final = ("btc", "eth")
_METRICS: Final = {
    "funding_{}_{}_8h": (0.0001, 0.00002),
    "basis_bps_{}_{}": (2.0, 0.3),
    "spread_bps_{}_{}": (0.5, 0.05),
    "imbal_{}_{}": (0.0, 0.05),
    "open_interest_{}_{}_usd": (5e9, 1e7),
    "long_short_{}_{}": (1.2, 0.01),
    "taker_buy_sell_{}_{}": (1.0, 0.02),
    "turnover_24h_{}_{}_usd": (2e10, 5e7),
}
_SLOW: Final = {
    "dvol_btc": (48.0, 0.1),
    "fear_greed": (55.0, 0.5),
    **{
        name.format(coin, venue): numbers
        for venue in _VENUES
        for coin in _COINS
        for name, numbers in _METRICS.items()
    },
}

SCHEMA: Final = FactorSchema(("imbal_btc", "basis", "spread", *_SLOW))
"""85 factors: the first three change at each step, the others once a second."""


class _Factors(NamedTuple):
    """The factors of a block."""

    fast: NDArray[np.float64]
    """Of each step, shape ``(BLOCK_STEPS, 3)``."""
    slow: NDArray[np.float64]
    """Of each second, a column for each of the others."""
    order: NDArray[np.int64]
    """The chunks of the block in random order, for shuffled factors."""


class _Block:
    """Some minutes of the market, from the price and the pressure at the end of those before.

    Attributes
    ----------
    mid : ndarray
        USDT, of each step.
    lean : ndarray
        ``imbal_btc``, of each step.
    end_price, end_pressure : float
        What the next block begins with.

    """

    def __init__(self, seed: int, number: int, price: float, pressure: float) -> None:
        self._rng: Final = np.random.Generator(np.random.PCG64([seed, number]))
        dt = 1 / STEPS_PER_SECOND
        keep = float(np.exp(-dt / _PRESSURE_TIME_S))
        self._pressure: Final = _decaying(
            pressure, keep, self._rng.normal(0, np.sqrt(1 - keep**2), BLOCK_STEPS)
        )
        noise = self._rng.normal(0, _NOISE_PER_SQRT_S * np.sqrt(dt), BLOCK_STEPS)
        self.mid: Final = price + np.cumsum(_DRIFT_PER_S * dt * self._pressure + noise)
        seen = self._rng.normal(0, 0.1, BLOCK_STEPS)
        self.lean: Final = np.tanh(0.7 * self._pressure + seen)
        self.end_price: Final = float(self.mid[-1])
        self.end_pressure: Final = float(self._pressure[-1])

    @cached_property
    def factors(self) -> _Factors:
        """The factors, which a node with a producer elsewhere never asks for."""
        rng = self._rng
        basis = 2.0 + 1.5 * self._pressure + rng.normal(0, 0.5, BLOCK_STEPS)
        spread = 5.0 * np.exp(rng.normal(0, 0.1, BLOCK_STEPS))
        seconds = BLOCK_STEPS // STEPS_PER_SECOND
        start, wander = np.array(list(_SLOW.values())).T
        slow = start + wander * np.cumsum(rng.normal(size=(seconds, len(_SLOW))), axis=0)
        order = rng.permutation(BLOCK_STEPS // _CHUNK_STEPS)
        return _Factors(np.column_stack([self.lean, basis, spread]), slow, order)


def _decaying(value: float, keep: float, pushes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a value after each push, of which a part is kept until the next."""
    values = []
    for push in pushes.tolist():
        value = keep * value + push
        values.append(value)
    return np.array(values)


class MarketStep(NamedTuple):
    """The market at one step."""

    bid: float
    ask: float
    bid_size: float
    ask_size: float


class SimulatedPath:
    """The market at step 0, 1, 2, ... of 5 ms each; the same for the same seed, anywhere.

    Hidden pressure on the book drifts the price for some seconds and is visible in ``imbal_btc``
    and, weaker, in ``basis``. This is a toy market, far more predictable than a real one.

    Parameters
    ----------
    seed : int
        At least 0.
    shuffle_factors : bool
        Return the factors of other moments: their distribution stays, their information is lost.

    """

    def __init__(self, seed: int, *, shuffle_factors: bool = False) -> None:
        self._seed = seed
        self._shuffle = shuffle_factors
        self._number = 0
        self._block = _Block(seed, 0, START_PRICE, 1.0)
        self._values = np.empty(len(SCHEMA))

    def quotes(self, step: int, count: int) -> Iterator[MarketStep]:
        """Return best bid and ask (USDT) with sizes (BTC) of a step and those after it.

        Parameters
        ----------
        step : int
            The first; steps go forward.
        count : int
            How many, at least 1; a block's end cuts them short, but never the first.

        """
        block = self._at(step)
        i = step % BLOCK_STEPS
        ticks = np.rint(block.mid[i : i + count] * TICKS_PER_USDT)
        lean = block.lean[i : i + count]
        columns = (
            ticks / TICKS_PER_USDT,
            (ticks + 1) / TICKS_PER_USDT,
            3.0 * (1.1 + lean),
            3.0 * (1.1 - lean),
        )
        return map(MarketStep, *(column.tolist() for column in columns))

    def delay_ns(self, step: int) -> int:
        """Return how long after its quote a step's factors are due: 0 to 5 ms, anew for each."""
        return random.Random(f"{self._seed} {step}").randrange(STEP_NS)  # noqa: S311 - no secret

    def factors(self, step: int) -> NDArray[np.float64]:
        """Return the factors at a step: float64, shape ``(85,)``, the same buffer each time."""
        block = self._at(step).factors
        i = step % BLOCK_STEPS
        if self._shuffle:
            chunk, offset = divmod(i, _CHUNK_STEPS)
            i = int(block.order[chunk]) * _CHUNK_STEPS + offset
        self._values[:3] = block.fast[i]
        self._values[3:] = block.slow[i // STEPS_PER_SECOND]
        return self._values

    def _at(self, step: int) -> _Block:
        """Return the block of a step; blocks are made in order, each from the last one's end."""
        number = step // BLOCK_STEPS
        if number < self._number:
            msg = f"step: expected {self._number * BLOCK_STEPS} or later, found {step}"
            raise ValueError(msg)
        while self._number < number:
            self._number += 1
            end = self._block
            self._block = _Block(self._seed, self._number, end.end_price, end.end_pressure)
        return self._block
