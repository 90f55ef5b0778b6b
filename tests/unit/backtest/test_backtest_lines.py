"""Lines that are drawn: few points, and every extreme."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.run.results.page.chart_lines import ChartLine
from tests.support.lengths import long


@pytest.mark.parametrize("size", [long(7), 1000, 200_000])
def test_a_line_keeps_first_last_lowest_and_highest_of_each_span(size: int) -> None:
    """However it comes in, 200,000 points become at most four a span, the extremes among them."""
    random = np.random.default_rng(1)
    n, bins = 200_000, 100
    ts = np.arange(n, dtype=np.int64) * 10
    values = np.cumsum(random.normal(size=n))
    line = ChartLine(0, 10 * n, bins)
    for at in range(0, n, size):
        line.add(ts[at : at + size], values[at : at + size])
    found_ts, found = line.drawn()
    assert len(found_ts) <= 4 * (bins + 1)
    assert (np.diff(found_ts) > 0).all()
    kept = set(found_ts.tolist())
    for part in np.split(np.arange(n), bins):
        for wanted in (
            part[0],
            part[-1],
            part[values[part].argmin()],
            part[values[part].argmax()],
        ):
            assert int(ts[wanted]) in kept
    assert np.isin(found, values).all()


def test_a_hole_breaks_the_line() -> None:
    """Where a factor has no value, the drawing has a gap."""
    ts = np.arange(1000, dtype=np.int64)
    values = np.ones(1000)
    values[400:420] = np.nan
    line = ChartLine(0, 1000, 10)
    line.add(ts, values)
    drawn_ts, drawn = line.drawn()
    assert np.isnan(drawn[(drawn_ts >= 400) & (drawn_ts < 420)]).any()
    assert not np.isnan(drawn[(drawn_ts < 400) | (drawn_ts >= 420)]).any()


def test_a_line_of_nothing_is_empty() -> None:
    """No points, no error."""
    line = ChartLine(0, 1000)
    line.add(np.empty(0, np.int64), np.empty(0))
    assert [len(part) for part in line.drawn()] == [0, 0]
