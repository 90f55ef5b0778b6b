"""One pass over prices answers as a search through all of them does."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.run.results.accounting.prices.market_marks import MarketMarks
from backtests.run.results.accounting.prices.price_rows import PriceRows


@pytest.mark.parametrize("seed", range(40))
def test_marks_and_extremes_are_those_of_a_search(seed: int) -> None:
    """Pieces of every length, equal instants, spans over each other, before and after prices."""
    random = np.random.default_rng(seed)
    count = int(random.integers(0, 60))
    ts = np.sort(random.integers(10, 60, count))
    mark = random.integers(50, 150, count).astype(float)
    low, high = mark - 9 * random.random(count), mark + 9 * random.random(count)
    instants = np.sort(random.integers(0, 70, 30))
    begins = np.sort(random.integers(0, 70, 25))
    ends = begins + random.integers(0, 40, 25)
    has_end = random.integers(0, 2, 25).astype(bool)
    marks = MarketMarks(instants, begins, ends, has_end)
    cuts = np.sort(random.integers(0, count + 1, int(random.integers(0, 9))))
    for first, last in zip([0, *cuts], [*cuts, count], strict=True):
        piece = slice(int(first), int(last))
        marks.take(PriceRows(ts[piece], mark[piece], low[piece], high[piece]))
    marks.finish()
    for at, found in zip(instants, marks.marks, strict=True):
        known = mark[ts <= at]
        assert (np.isnan(found) and not len(known)) or found == known[-1]
    for i in range(len(begins)):
        is_last = (ts == ends[i]) & bool(has_end[i])
        inside = (ts > begins[i]) & ((ts < ends[i]) | is_last)
        assert marks.lows[i] == low[inside].min(initial=np.inf)
        assert marks.highs[i] == high[inside].max(initial=-np.inf)


def test_the_days_of_prices_end_at_midnight() -> None:
    """A bar of the last quarter of an hour is stamped with the next day's first instant."""
    day = 86_400_000_000_000
    marks = MarketMarks(*(np.empty(0, np.int64),) * 3, np.empty(0, bool))
    one = np.ones(3)
    marks.take(PriceRows(np.array([day - 5, day, day + 1]), one, one, one))
    assert marks.days == {0, 1}
