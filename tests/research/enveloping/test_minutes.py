"""False warnings of a whole year in which a watch looks at every minute."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from backtests.enveloping.envelope_document import make_document
from backtests.enveloping.run_folder import RunResults
from dolphin_strategies.envelope.envelope import Envelope, envelope_from, sealed
from dolphin_strategies.envelope.watch_rules import TradeResult, WatchRules
from tests.benchmarks.simulated_strategies import LAWS, results_of
from tests.support.lengths import long

if TYPE_CHECKING:
    from numpy.typing import NDArray

MINUTES: Final = 365 * 24 * 60
MINUTE_NS: Final = 60_000_000_000
TRADES: Final = 500
"""Of a year, of the history and of the watched one."""
EVERY: Final = MINUTES // TRADES
OPEN: Final = 240
"""Minutes that a position is open."""
SCALE: Final = 0.01
"""Standard deviation of a result, as a fraction of the notional value."""


def paths_of(results: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the profit of each position at each minute, which ends at its result.

    Returns
    -------
    float64 array of shape (positions, OPEN)
        Brownian bridges.

    """
    walk = np.cumsum(rng.standard_normal((len(results), OPEN)), axis=1) * SCALE / OPEN**0.5
    part = np.arange(1, OPEN + 1) / OPEN
    return np.asarray(walk + (results - walk[:, -1])[:, None] * part, np.float64)


def envelope_of(results: NDArray[np.float64], paths: NDArray[np.float64], seed: int) -> Envelope:
    """Return the envelope that envelope.py makes of a year of such positions."""
    exits = (EVERY * np.arange(1, len(results) + 1) - 1) * MINUTE_NS
    fees = np.zeros(len(results))
    notional = np.full(len(results), 1000.0)
    run = RunResults(
        folder=Path("simulated"),
        result={
            "strategy": "dolphin_strategies.examples.taker_flow:TakerFlow",
            "config": {},
            "instruments": ["BTCUSDT.BINANCE"],
            "catalog": "none",
            "delay": "0",
            "start_ns": 0,
            "end_ns": MINUTES * MINUTE_NS,
        },
        sha256={},
        currency="USDT",
        exit_ns=exits,
        columns={
            "return": results,
            "mae_return": np.minimum(paths.min(axis=1), 0.0),
            "mfe_return": np.maximum(paths.max(axis=1), 0.0),
            "pnl": results * 1000.0,
            "slippage": np.abs(fees),
            "fees": fees,
            "notional": notional,
        },
        equity_ns=np.arange(0, MINUTES, 60) * MINUTE_NS,
        equity=np.interp(
            np.arange(0, MINUTES, 60) * MINUTE_NS, exits, 10_000 + 1000 * np.cumsum(results)
        ),
    )
    return envelope_from(sealed(make_document([run], costs=(), draws=100, seed=seed)))


def warned(
    envelope: Envelope, results: NDArray[np.float64], paths: NDArray[np.float64]
) -> set[str]:
    """Return the kinds of warning of a year, after a look at each of its minutes."""
    rules = WatchRules(envelope)
    interval = envelope.count_interval_ns // MINUTE_NS
    closed = 0
    courses = paths.tolist()
    for minute in range(MINUTES):
        number, at = divmod(minute, EVERY)
        left = EVERY - at
        if number < len(results) and left <= OPEN:
            rules.look(courses[number][OPEN - left])
            if left == 1:
                low, high = min(courses[number]), max(courses[number])
                result = float(results[number])
                rules.take_trade(
                    TradeResult(
                        result=result, slippage=0.0, low=min(low, 0.0), high=max(high, 0.0)
                    )
                )
                closed += 1
        else:
            rules.look(0.0)
        if (minute + 1) % interval == 0:
            rules.take_count(closed)
            closed = 0
    return {warning.kind for warning in rules.warnings}


@pytest.mark.parametrize(("law", "strategies"), [("iid", 1), *(long(law, 100) for law in LAWS)])
def test_a_year_of_the_same_law_is_seldom_warned_of_at_any_minute(
    law: str, strategies: int
) -> None:
    """All tests together, by the 5 % that the envelope states, within three standard errors."""
    rng = np.random.default_rng(31)
    found: dict[str, int] = {}
    years = 0
    for seed, results in enumerate(SCALE * results_of(law, strategies, 2 * TRADES, rng)):
        paths = paths_of(results, rng)
        envelope = envelope_of(results[:TRADES], paths[:TRADES], seed)
        kinds = warned(envelope, results[TRADES:], paths[TRADES:])
        years += bool(kinds)
        for kind in kinds:
            found[kind] = found.get(kind, 0) + 1
    print(f"{law}: {years} of {strategies} years, {MINUTES:,} looks each; {found}")
    allowed = strategies * envelope.budget
    assert years <= allowed + 3 * math.sqrt(allowed)
