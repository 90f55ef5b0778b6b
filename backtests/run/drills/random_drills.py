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
_S: Final = 1_000_000_000
_UNITS_NS: Final = tuple(
    [10**i for i in range(10)] + [s * _S for s in (10, 60, 600, 3_600, 21_600, 86_400)]
)
_FINENESS: Final = 10
"""A length of time is whole units of which it has at least so many."""


def random_drills(data: BacktestData, required: Sequence[str], seed: int) -> list[Drill]:
    """Draw one drill of each kind that the data permits.

    The part of the window in which there are market data and every required factor is divided
    into as many equal parts as there are drills, so that the effect of one does not meet the next.
    Drills of factors hit a required one.

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
    first_ns, end_ns = _common(data)
    part_ns = (end_ns - first_ns) // len(kinds)
    for number, index in enumerate(random.permutation(len(kinds)).tolist()):
        kind = kinds[index]
        length_ns = _rounded(int(part_ns * random.uniform(*_LENGTHS)))
        begin_ns = first_ns + part_ns * number
        start_ns = begin_ns + int(random.integers(0, max(part_ns - length_ns, 1)))
        start_ns = max(start_ns - start_ns % _unit_of(length_ns), begin_ns)
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
            delay_ns = _rounded(int(length_ns * random.uniform(*_DELAYS)))
            given["delay"] = Duration(show_duration(delay_ns), delay_ns)
        found.append(
            Drill(kind=kind, start=Instant(start_ns), end=Instant(start_ns + length_ns), **given)
        )
    return found


def _common(data: BacktestData) -> tuple[int, int]:
    """Return from when to when there are market data and all required factors."""
    first = [data.start_ns, *(c.first_ns for c in data.coverage if c.first_ns is not None)]
    last = [data.end_ns - 1, *(c.last_ns for c in data.coverage if c.last_ns is not None)]
    if data.tables:
        first.append(min(t.first_ns for t in data.tables))
        last.append(max(t.last_ns for t in data.tables))
    if max(first) >= min(last):
        return data.start_ns, data.end_ns
    return max(first), min(last) + 1


def _rounded(ns: int) -> int:
    """Return a length of time in units that are easy to read, at least a nanosecond."""
    unit_ns = _unit_of(ns)
    return max(ns - ns % unit_ns, 1)


def _unit_of(ns: int) -> int:
    """Return the largest unit of which a length of time has ten or more, nanoseconds."""
    return max((u for u in _UNITS_NS if u * _FINENESS <= ns), default=1)
