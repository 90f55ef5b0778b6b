"""Calendar factors in backtests: as a recording of a catalog, and as a strategy's filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from adapters.catalog import FactorCatalog
from backtests import compute_factors
from dolphin_strategies import (
    CalendarFilter,
    FactorStrategy,
    FactorStrategyConfig,
    calendar_values,
)
from dolphin_strategies.calendar_factors.calendar_table import CALENDAR_FACTORS
from tests.support.catalogs.backtests.backtest_catalogs import START_NS, STEP_NS, make_catalog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dolphin_strategies import ExternalFactors
    from dolphin_strategies.testing.strategy_harness import StrategyHarness

ROWS = 600


def test_a_catalog_gets_a_record_at_each_step_of_its_market(tmp_path: Path) -> None:
    """At its own instant, with the values that the pure function gives there, bit for bit."""
    catalog = make_catalog(tmp_path / "catalog", ROWS)
    words = ["--catalog", str(catalog), "--calendar", "5s"]
    assert compute_factors.main(words) == 0
    found = FactorCatalog(catalog)
    batches = list(found.batches(recordings=["calendar"]))
    ts = np.concatenate([b.ts_init for b in batches])
    end_ns = START_NS + (ROWS - 1) * STEP_NS
    assert ts.tolist() == list(range(START_NS, end_ns + 1, 5_000_000_000))
    assert all((b.ts_event == b.ts_init).all() for b in batches)
    assert batches[0].schema.names == tuple(CALENDAR_FACTORS)
    alone = np.array([*calendar_values(int(ts[3])).values()])
    assert np.concatenate([b.values for b in batches])[3].tobytes() == alone.tobytes()
    (recording,) = [r for r in found.recordings() if r.name == "calendar"]
    assert not recording.is_after_market
    assert compute_factors.main(words) == 2  # it has one already


@pytest.mark.parametrize("step", ["0", "10ms"])
def test_a_step_below_a_second_is_refused(tmp_path: Path, step: str) -> None:
    """And leaves nothing behind."""
    catalog = make_catalog(tmp_path / "catalog", 10)
    assert compute_factors.main(["--catalog", str(catalog), "--calendar", step]) == 2
    assert [r.name for r in FactorCatalog(catalog).recordings()] == ["walk"]


@dataclass(frozen=True, kw_only=True)
class FilteredConfig(FactorStrategyConfig):
    """A strategy's own field holds the ranges."""

    stay_out: tuple[str, ...] = ()


class Filtered(FactorStrategy[FilteredConfig]):
    """Notes each record at which it may enter."""

    required_factors = ("noise",)

    def __init__(self, config: FilteredConfig) -> None:
        super().__init__(config)
        self.calendar = CalendarFilter(config.stay_out)
        self.entries: list[int] = []

    def on_factors(self, f: ExternalFactors) -> None:
        if self.calendar.is_open(f.ts_init):
            self.entries.append(f.ts_init)


def test_a_filter_of_a_strategys_config_keeps_it_out_in_an_engine(
    strategy_harness: Callable[..., StrategyHarness],
) -> None:
    """Of the same records those in the range are left out, and no other."""
    from datetime import UTC, datetime, timedelta

    from adapters.command.user_code.strategy_class import make_config

    rule = "minutes_to_funding_8h < 1"
    given: dict[str, Any] = {"stay_out": [rule]}
    config = make_config(Filtered, given)
    strategy = Filtered(config)  # type: ignore[arg-type]
    harness = strategy_harness(strategy, start=datetime(2026, 5, 1, 15, 58, 57, tzinfo=UTC))
    for _ in range(63):
        harness.factors(noise=1.0)
        harness.wait(timedelta(seconds=2))
    seconds = [(at // 1_000_000_000) % 28_800 for at in strategy.entries]
    assert seconds
    assert all(second <= 28_740 for second in seconds)
    assert any(second < 60 for second in seconds)
    assert any(second > 28_700 for second in seconds)
