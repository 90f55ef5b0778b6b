"""Random drills: one of each kind, each in its own part of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.command.durations import Duration, show_duration
from adapters.command.instants import Instant
from backtests.run.drills.drill import KINDS, MARKET_KINDS, Drill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.inputs.backtest_data import BacktestData

_FACTOR_JUMPS: Final = (-1.0, 0.1, 10.0)
_PRICE_JUMPS: Final = (0.97, 0.99, 1.01, 1.03)
_LENGTHS: Final = (0.1, 0.5)
"""The shortest and the longest window of a drill, as shares of its part of the run's window."""
_DELAYS: Final = (0.1, 0.5)
"""The shortest and the longest delay, as shares of the drill's window."""
_MS: Final = 1_000_000


def random_drills(data: BacktestData, required: Sequence[str], seed: int) -> list[Drill]:
    """Draw one drill of each kind that the data permits.

    The window is divided into as many equal parts as there are drills, so that the effect of one
    does not meet the next. Drills of factors hit a required one.

    Parameters
    ----------
    data : BacktestData
        The data of the backtest.
    required : sequence of str
        The strategy's required factors; without one, any factor.
    seed : int
        The same seed draws the same drills.

    Returns
    -------
    list of Drill
        In order of time.

    """
    random = np.random.default_rng(seed)
    schema = list(data.schema())
    instruments = sorted({str(table.instrument_id) for table in data.tables})
    kinds = [
        kind
        for kind in KINDS
        if not (kind in MARKET_KINDS and (not instruments or data.computed is not None))
        and not (kind == "lose_name" and len(schema) < 2)
    ]
    found = []
    part_ns = (data.end_ns - data.start_ns) // len(kinds)
    for number, index in enumerate(random.permutation(len(kinds)).tolist()):
        kind = kinds[index]
        length_ns = _rounded(part_ns * random.uniform(*_LENGTHS))
        begin_ns = data.start_ns + part_ns * number
        start_ns = begin_ns + int(random.integers(0, part_ns - length_ns))
        # Whole milliseconds where that is finer than the part of the window.
        start_ns = max(start_ns // _MS * _MS, begin_ns) if part_ns > 100 * _MS else start_ns
        given: dict[str, Any] = {}
        if kind in MARKET_KINDS:
            given["instruments"] = [str(random.choice(instruments))]
        elif kind != "feed_stop":
            given["factors"] = [str(random.choice(list(required) or schema))]
        if kind == "jump":
            given["times"] = float(random.choice(_FACTOR_JUMPS))
        elif kind == "market_jump":
            given["times"] = float(random.choice(_PRICE_JUMPS))
        elif kind == "late":
            delay_ns = _rounded(length_ns * random.uniform(*_DELAYS))
            given["delay"] = Duration(show_duration(delay_ns), delay_ns)
        found.append(
            Drill(kind=kind, start=Instant(start_ns), end=Instant(start_ns + length_ns), **given)
        )
    return found


def _rounded(ns: float) -> int:
    """Return a length of time in whole milliseconds, or in nanoseconds if it is shorter."""
    return max(int(ns) // _MS * _MS, 1) if ns >= _MS else max(int(ns), 1)
