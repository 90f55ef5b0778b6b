"""Envelopes and watches of simulated strategies whose laws are known, beside a tuned CUSUM."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.enveloping.alarm_limits import log_capital
from backtests.enveloping.horizon_bands import draw_futures
from backtests.enveloping.result_grid import ResultGrid
from tests.benchmarks.report import Group, Options, Row, Target
from tests.benchmarks.simulated_strategies import (
    EDGE,
    LAWS,
    cusum,
    results_of,
    scores_of,
    watched,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dolphin_strategies.envelope.envelope import Stream

HISTORY: Final = 500
FUTURE: Final = 50
YEAR: Final = 500
"""Trades."""
YEARS: Final = 3
COVERED: Final = 2_000
WATCHED: Final = 500
QUICK: Final = 60
DRAWS: Final = 600

PATH: Final = """
  coverage:  500 trades --> 95 % interval of the PnL of the next 50 --> the next 50
  watch:     500 trades --> envelope's test of results --> each of 1,500 trades --> first warning
  CUSUM:     500 trades --> mean, deviation -------------> the same trades ------> first alarm
"""


def run(options: Options) -> Group:
    """Put both to the test on each law, on the same paths."""
    coverage_count, watch_count = (QUICK, QUICK) if options.is_quick else (COVERED, WATCHED)
    rows = [_coverage(law, coverage_count) for law in LAWS]
    for law in LAWS:
        rows += _delays(law, watch_count)
    return Group(
        "envelope: coverage, false warnings and delays on known laws",
        PATH,
        rows,
        [
            f"a year is {YEAR} trades, the expected edge {EDGE} standard deviations a trade; half "
            f"of it is lost from the trade named on, and one is looked for over {YEARS} years: "
            "what is not found by then counts as found at their end, in both",
            "CUSUM: reference value half of the loss; its limit is the quantile of its own maxima "
            "on the same years without a loss, at which it warns falsely as often as the watch",
        ],
    )


def _coverage(law: str, count: int) -> Row:
    random = np.random.default_rng(5)
    began_s = time.process_time()
    covered = 0
    for results in results_of(law, count, HISTORY + FUTURE, random):
        table = np.zeros((HISTORY, 6))
        table[:, 0], table[:, 1] = results[:HISTORY], 1.0
        drawn = draw_futures(ResultGrid(10**9, table), {"x": FUTURE}, DRAWS, random)["x"]["pnl"]
        low, high = np.quantile(drawn, [0.025, 0.975])
        covered += bool(low <= results[HISTORY:].sum() <= high)
    figures = {
        "covered %": 100 * covered / count,
        "n": count,
        "CPU s": time.process_time() - began_s,
    }
    goals = (Target("covered %", ">=", 93.0), Target("covered %", "<=", 97.0))
    return Row(f"95 % envelope of PnL, {law}", figures, goals)


def _delays(law: str, count: int) -> list[Row]:
    random = np.random.default_rng(7)
    began_s = time.process_time()
    drift = EDGE / 2
    starts = (0, YEAR // 2)
    quiet = np.empty((2, count))
    courses: dict[int, list[tuple[NDArray[np.float64], NDArray[np.float64]]]]
    courses = {start: [] for start in starts}
    for i, results in enumerate(results_of(law, count, HISTORY + YEARS * YEAR, random)):
        history, live = results[:HISTORY], results[HISTORY:]
        stream = watched(history, YEAR, random)

        def watch(
            trades: NDArray[np.float64],
            stream: Stream = stream,
            history: NDArray[np.float64] = history,
        ) -> NDArray[np.float64]:
            return log_capital(stream, scores_of(history, trades, random)) - stream.limit

        quiet[:, i] = watch(live[:YEAR]).max(), cusum(live[:YEAR], history, drift).max()
        for start in starts:
            moved = live.copy()
            moved[start:] -= drift
            courses[start].append((watch(moved), cusum(moved, history, drift)))
    false = float(np.mean(quiet[0] >= 0))
    limit = float(np.quantile(quiet[1], 1 - false))
    rows = [
        Row(
            f"false warnings of results in a year, {law}",
            {"%": 100 * false, "n": count, "CPU s": time.process_time() - began_s},
            (Target("%", "<=", 5.0),),
        )
    ]
    for start in starts:
        ours = _delay([one for one, _ in courses[start]], 0.0, start)
        other = _delay([peer for _, peer in courses[start]], limit, start)
        figures = {
            "watch": float(ours.mean()),
            "CUSUM": float(other.mean()),
            "times": float(ours.mean() / other.mean()),
            "median": float(np.median(ours) / np.median(other)),
        }
        name = f"trades to warn, loss from trade {start}, {law}"
        rows.append(Row(name, figures, (Target("times", "<=", 1.2),)))
    return rows


def _delay(courses: list[NDArray[np.float64]], limit: float, start: int) -> NDArray[np.float64]:
    """Return the trades from a start to a limit; of paths that reached it before: none."""
    found = []
    for course in courses:
        reached = np.flatnonzero(course >= limit)
        at = int(reached[0]) + 1 if len(reached) else len(course)
        if at > start:
            found.append(at - start)
    return np.array(found, np.float64)
