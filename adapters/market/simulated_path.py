"""SimulatedPath: a seeded BTCUSDT market whose factors predict some of its next move."""

from __future__ import annotations

import random
from itertools import accumulate
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


class _Block(NamedTuple):
    mid: NDArray[np.float64]
    fast: NDArray[np.float64]
    slow: NDArray[np.float64]
    end_price: float
    end_pressure: float
    order: NDArray[np.int64]
    """The chunks of the block in random order, for shuffled factors."""


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
        self._block = self._make(0, START_PRICE, 1.0)
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
        lean = block.fast[i : i + count, 0]
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
        block = self._at(step)
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
            self._block = self._make(self._number, end.end_price, end.end_pressure)
        return self._block

    def _make(self, number: int, price: float, x: float) -> _Block:
        rng = np.random.Generator(np.random.PCG64([self._seed, number]))
        dt = 1 / STEPS_PER_SECOND
        keep = float(np.exp(-dt / _PRESSURE_TIME_S))
        push: list[float] = rng.normal(0, np.sqrt(1 - keep**2), BLOCK_STEPS).tolist()
        pressure = np.array([*accumulate(push, lambda x, p: keep * x + p, initial=x)][1:])
        noise = rng.normal(0, _NOISE_PER_SQRT_S * np.sqrt(dt), BLOCK_STEPS)
        mid = price + np.cumsum(_DRIFT_PER_S * dt * pressure + noise)
        fast = np.column_stack(
            [
                np.tanh(0.7 * pressure + rng.normal(0, 0.1, BLOCK_STEPS)),
                2.0 + 1.5 * pressure + rng.normal(0, 0.5, BLOCK_STEPS),
                5.0 * np.exp(rng.normal(0, 0.1, BLOCK_STEPS)),
            ]
        )
        seconds = BLOCK_STEPS // STEPS_PER_SECOND
        start, wander = np.array(list(_SLOW.values())).T
        slow = start + wander * np.cumsum(rng.normal(size=(seconds, len(_SLOW))), axis=0)
        order = rng.permutation(BLOCK_STEPS // _CHUNK_STEPS)
        return _Block(mid, fast, slow, float(mid[-1]), float(pressure[-1]), order)
