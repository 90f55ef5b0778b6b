"""A trial of a worker beside the backtest that a person runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tests.research.sweeping.sweeps import ROOT

if TYPE_CHECKING:
    from pathlib import Path

START_NS: Final = 1_772_411_400_000_000_000
END_NS: Final = 1_772_668_800_000_000_000
HOUR_NS: Final = 3_600_000_000_000


def test_a_trial_has_the_equity_of_the_backtest(catalog: Path) -> None:
    """The returns of whole hours, of the first trial of a worker and of its next one."""
    from adapters.command.instants import Instant
    from adapters.command.settings_file import override
    from adapters.command.user_code.strategy_class import make_strategy
    from backtests.run.one_backtest import replayed
    from backtests.run.preparation import prepare
    from backtests.sweeping.setup.sweep_settings import load_sweep
    from backtests.sweeping.trials.trial_job import TrialJob
    from backtests.sweeping.trials.trial_runner import TrialRunner

    settings, _ = load_sweep(ROOT / "docs/examples/sweep.toml")
    job = TrialJob(
        fold=1, number=0, values={}, start_ns=START_NS, end_ns=END_NS, from_ns=START_NS,
        step_ns=HOUR_NS,
    )  # fmt: skip
    runner = TrialRunner(catalog, settings, None)
    first, second = runner.run(job), runner.run(job)
    window = override(settings.backtest, start=Instant(START_NS), end=Instant(END_NS))
    data = prepare(catalog, override(settings, backtest=window), None).data
    strategy = make_strategy(settings.strategy.path, settings.strategy.config)
    with replayed(data, settings, strategy) as (_, figures, _):
        books = figures.books
        edges = np.arange(-(-START_NS // HOUR_NS), END_NS // HOUR_NS + 1) * HOUR_NS
        at = np.searchsorted(books.stated_ts, edges, side="right") - 1
        equity = books.stated_equity("USDT")[at]
    assert first.problem == ""
    assert first.positions == figures.trading.positions > 0
    np.testing.assert_allclose(first.returns, equity[1:] / equity[:-1] - 1, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(first.returns, second.returns)
