"""The instants of a look-ahead proof: where decisions, market and factors overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from nautilus_trader.persistence import ParquetDataCatalog

from backtests.inputs.backtest_settings import BacktestSettings
from backtests.inputs.catalog_search import find_data
from backtests.lookahead.chosen_instants import choose_instants
from backtests.lookahead.reruns.overlap import common, joined, overlap
from tests.support.catalogs.backtests.backtest_catalogs import (
    START_NS,
    STEP_NS,
    make_catalog,
    quote,
    write_factors,
)
from tests.support.strategies.backtest_strategies import Follower, FollowerConfig

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400_000_000_000


def test_one_instant_is_drawn_from_each_part_of_the_window() -> None:
    """Where nearly all decisions are in the first tenth, the rest of the window is tested too."""
    crowd = np.arange(0, DAY, DAY // 1_000)
    few = np.arange(DAY, 10 * DAY, DAY // 2)
    moments = np.concatenate([crowd, few])
    chosen = choose_instants(moments, [(0, 10 * DAY)], 10, 1)
    assert [ns // DAY for ns in chosen] == list(range(10))
    assert len(set(chosen) & set(moments.tolist())) >= 7, "two of three are decisions"
    assert choose_instants(moments, [(0, 10 * DAY)], 10, 1) == chosen
    assert choose_instants(moments, [(0, 10 * DAY)], 10, 2) != chosen


@pytest.mark.parametrize("seed", range(20))
def test_no_instant_lies_in_a_hole_before_a_decision_or_at_the_end(seed: int) -> None:
    """Each has decisions to compare, a market around it, and data after it."""
    spans = [(0, 1_000), (5_000, 6_000)]
    moments = np.array([300, 700, 2_000, 4_000, 5_500, 6_000, 9_000])
    chosen = choose_instants(moments, spans, 6, seed)
    assert len(chosen) == 6
    assert all(300 <= ns <= 1_000 or 5_000 <= ns < 6_000 for ns in chosen)


@pytest.mark.parametrize(
    ("moments", "spans"),
    [([], [(0, 100)]), ([50], []), ([150, 170], [(0, 100)]), ([100], [(0, 100)])],
)
def test_without_a_decision_in_the_overlap_there_is_no_instant(
    moments: list[int], spans: list[tuple[int, int]]
) -> None:
    """A decision at the very end has no data after it."""
    assert choose_instants(np.array(moments, np.int64), spans, 3, 1) == []


def test_a_stratum_without_a_decision_is_represented_by_a_decision_of_another() -> None:
    """As long as there are any that were not drawn; then by an instant of its own."""
    moments = np.array([0, 10, 20, 30])
    assert sum(ns in moments for ns in choose_instants(moments, [(0, 1_000)], 5, 1)) == 4
    chosen = choose_instants(np.array([0]), [(0, 1_000)], 5, 1)
    assert len(chosen) == 5
    assert chosen[0] == 0


def test_spans_are_joined_and_intersected() -> None:
    """Touching spans are one; what both have is left."""
    assert joined([(5, 9), (1, 3), (4, 6), (20, 21)]) == [(1, 9), (20, 21)]
    assert joined([(1, 3), (8, 9)], within_ns=5) == [(1, 9)]
    assert common([(0, 10), (20, 30)], [(5, 22), (25, 40)]) == [(5, 10), (20, 22), (25, 30)]
    assert common([(0, 10)], []) == []


def test_the_overlap_of_a_catalog_knows_holes_of_market_and_factors(tmp_path: Path) -> None:
    """The market pauses for ten minutes and ends early; a factor has no value for a while."""
    catalog = make_catalog(tmp_path / "catalog", 600, holes=slice(100, 300))
    minutes = 600 * STEP_NS
    later = START_NS + 10 * minutes
    quotes = [quote(60_000, later + i * STEP_NS) for i in range(300)]
    ParquetDataCatalog(str(catalog)).write_quote_ticks(quotes)
    ts = later + STEP_NS * np.arange(3_000)
    write_factors(catalog, "later", ts, np.ones((3_000, 3)), stream_id=78)
    strategy = Follower(FollowerConfig())
    data = find_data(catalog, BacktestSettings(), strategy)
    step = STEP_NS
    assert overlap(data, ["momentum"]) == [
        (START_NS, START_NS + 99 * step),
        (START_NS + 300 * step, START_NS + 599 * step),
        (later, later + 299 * step),
    ]
    whole = (START_NS, START_NS + 599 * step)
    assert overlap(data, [])[0] == overlap(data, ["noise"])[0] == whole
