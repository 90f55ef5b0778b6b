"""The filtered regime: the same wherever it began, and over a silence."""

from __future__ import annotations

import math
import random
from typing import Any

from dolphin_strategies.computed.factor_set import ComputedFactors
from tests.support.computed.events import PERPETUAL, START_NS, Quote, data_of, spec
from tests.support.computed.plain import SECOND

MODEL: dict[str, Any] = {
    "step_s": 1,
    "memory_s": 60,
    "transition": ((0.98, 0.02), (0.05, 0.95)),
    "mean_bps": (0.0, 0.0),
    "deviation_bps": (1.0, 6.0),
}
BEGIN_NS = START_NS - START_NS % (60 * SECOND)


def _quotes(seconds: int) -> list[Quote]:
    rng, price, found = random.Random(5), 60_000.0, []  # noqa: S311 - no secret
    for n in range(seconds * 2):
        price *= math.exp(rng.gauss(0, 6e-4 if n // 200 % 2 else 1e-4))
        ts = BEGIN_NS + n * SECOND // 2
        bid = round(price, 1)
        found.append(Quote(ts, PERPETUAL, bid, round(bid + 0.1, 1), 1.0, 1.0, ts))
    return found


def _factors(**changed: Any) -> ComputedFactors:
    return ComputedFactors([spec("RegimeProbability", **(MODEL | changed))])


def test_a_later_start_has_the_same_bits_once_it_is_warm() -> None:
    """So a node that started at noon agrees with the archive of the whole day."""
    quotes = _quotes(400)
    early, late = _factors(), _factors()
    compared = 0
    for quote in quotes:
        early.update(data_of(quote))
        early.evaluate(quote.ts)
        if quote.ts >= BEGIN_NS + 75 * SECOND:
            late.update(data_of(quote))
            late.evaluate(quote.ts)
        if not math.isnan(late.values[0]):
            compared += 1
            assert bytes(late.values) == bytes(early.values)
    assert compared > 300
    # It is no constant: the market changed its state on the way.
    assert 0.0 <= early.values[0] <= 1.0


def test_it_tells_the_states_of_a_market_apart() -> None:
    """Low in the calm seconds, high in the others."""
    factors = _factors()
    calm: list[float] = []
    storm: list[float] = []
    for n, quote in enumerate(_quotes(1000)):
        factors.update(data_of(quote))
        factors.evaluate(quote.ts)
        if not math.isnan(factors.values[0]) and n % 200 > 40:
            (storm if n // 200 % 2 else calm).append(factors.values[0])
    assert sum(calm) / len(calm) < 0.2
    assert sum(storm) / len(storm) > 0.8


def test_over_a_silence_the_states_are_predicted() -> None:
    """The return over it is of no single step; long after it nothing is remembered."""
    quotes = _quotes(600)
    whole, holed = (
        ComputedFactors([spec("RegimeProbability", time_to_live_s=5, **MODEL)]) for _ in range(2)
    )
    for quote in quotes:
        whole.update(data_of(quote))
        whole.evaluate(quote.ts)
        if not BEGIN_NS + 200 * SECOND <= quote.ts < BEGIN_NS + 400 * SECOND:
            holed.update(data_of(quote))
            holed.evaluate(quote.ts)
            if quote.ts == BEGIN_NS + 400 * SECOND:
                # Of three silent memories: the share of time that the state has.
                assert math.isclose(holed.values[0], 0.02 / 0.07)
    # Two memories later what came before the silence has no part in either.
    assert bytes(holed.values) == bytes(whole.values)
