"""Exits: what a decision costs, and what training reaches on known laws and a recorded month."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from timeit import Timer
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.model import QuoteTick

from backtests.exit_training.command_line import options_of, parse
from backtests.exit_training.learning.exit_steps import rule_steps
from backtests.exit_training.learning.rule_search import search_rule
from backtests.exit_training.learning.training import TrainingSettings, net_gains, train_bucket
from backtests.exit_training.training_run import train
from dolphin_strategies import ExternalFactors, FactorSchema
from dolphin_strategies.exits import (
    AdaptiveExit,
    ExitModel,
    FixedExit,
    HoldExit,
    TrailingExit,
    TripleBarrierExit,
)
from dolphin_strategies.exits.model.exit_model import Bucket, ExitRule, ModelFactor
from dolphin_strategies.testing import StrategyHarness
from tests.benchmarks.report import Group, Options, Row, Target, require
from tests.support.exits.exit_trader import BTC, ExitTrader, exit_trader
from tests.support.exits.simulated_paths import MeanReversion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backtests.exit_training.learning.gain_paths import Floats
    from dolphin_strategies.exits import ExitPolicy

PATH: Final = """
  decisions: quote --> strategy.on_quote --> desk: excursions, ranges, stops, policy --> held on
             |<------------------------------ timed ------------------------------------->|
  laws:      paths of a known law --> rule --> value on fresh paths / value of the optimum
  month:     btcusdt_15m --> TakerFlow --> positions --> walk-forward training --> verdict
"""
CALLS: Final = 2_000
FACTORS: Final = 8
LAWS: Final = (
    MeanReversion(speed=0.02, depth=1.0),
    MeanReversion(speed=0.05, depth=1.5, hold_cost=0.01),
    MeanReversion(speed=0.1, depth=2.0, hold_cost=0.01),
    MeanReversion(speed=0.2, depth=1.0, hold_cost=0.02),
)
LEARNED: Final = 1_000
"""Positions that a rule is learned from."""
_ROOT: Final = Path(__file__).parents[4]


def run(options: Options) -> Group:
    """Measure everything; the recorded month only where DOLPHIN_DATA is set."""
    rows = _decisions(25 if options.is_quick else 100)
    rows += [_law(law, 20_000 if options.is_quick else 100_000) for law in LAWS]
    rows.append(_random_walk(20 if options.is_quick else 200))
    remarks = [
        "decisions in microseconds of CPU time; means of 2,000 calls",
        "means and error bars in basis points of the entry price, after costs",
    ]
    if os.environ.get("DOLPHIN_DATA"):
        rows += _month(Path(os.environ["DOLPHIN_DATA"]))
    else:
        remarks.append("the recorded month was left out: DOLPHIN_DATA is not set")
    return Group("exits: decisions, known laws, a recorded month", PATH, rows, remarks)


def _policies() -> dict[str, tuple[ExitPolicy | None, tuple[str, ...]]]:
    names = tuple(f"factor_{i}" for i in range(FACTORS))
    rule = ExitRule(take=9.0, decay=0.5, stop=9.0, trail=9.0, time=1.0, weights=(0.01,) * FACTORS)
    model = ExitModel(
        horizon_ns=86_400_000_000_000,
        interval_ns=60_000_000_000,
        factors=tuple(ModelFactor(name=name, mean=0.0, scale=1.0) for name in names),
        buckets={"other": Bucket(rule=rule)},
        assets={},
    )
    limit = timedelta(days=1)
    return {
        "without exits": (None, ()),
        "HoldExit, hard stop, time stop": (HoldExit(), ()),
        "FixedExit": (FixedExit(take=9.0, stop=0.9), ()),
        "TrailingExit": (TrailingExit(multiple=99), ()),
        "TripleBarrierExit": (TripleBarrierExit(take=99, stop=99, limit=limit), ()),
        f"AdaptiveExit, {FACTORS} factors": (AdaptiveExit(model), names),
    }


def _decisions(repeats: int) -> list[Row]:
    """Time a quote of an instrument with an open position, policy after policy."""
    found: dict[str, Floats] = {}
    for name, (policy, factors) in _policies().items():
        stops = {} if policy is None else {"hard_stop": 0.9, "time_stop": timedelta(days=2)}
        strategy = exit_trader(policy, required_factors=factors, **stops)
        with StrategyHarness(strategy) as harness:
            for i in range(40):
                harness.quote(100.0 + i % 2)
                harness.wait(timedelta(minutes=1))
            harness.factors(dict.fromkeys(factors, 0.5), btc=1.0)
            at_ns = harness.ts_ns
            instrument = harness.instruments[0]
            price, size = instrument.make_price(100.0), instrument.make_qty(1.0)
            quote = QuoteTick(BTC, price, price, size, size, at_ns, at_ns)
            found[name] = _timed(partial(strategy.on_quote, quote), repeats)
            if name.startswith("AdaptiveExit"):
                call = partial(_give_next, strategy, cycle(_records(factors, at_ns)))
                found["AdaptiveExit, a new record each"] = _timed(call, repeats)
            require(harness.position() == 1, f"{name} did not hold the position")
            desk = strategy.exit_desk
            require(desk is None or not desk.orders.sent, f"{name} sent an order")
    return [
        Row(
            name,
            {
                "median us": float(np.median(times)),
                "p99 us": float(np.percentile(times, 99)),
                "n": repeats * CALLS,
            },
            () if name == "without exits" else (Target("p99 us", "<=", 20),),
        )
        for name, times in found.items()
    ]


def _timed(call: Callable[[], object], repeats: int) -> Floats:
    """Return microseconds of a call on the CPU, the means of each repeat.

    Of this thread: what others do on the machine meanwhile does not count.
    """
    timer = Timer(call, timer=time.thread_time)
    return np.array([timer.timeit(CALLS) * 1e6 / CALLS for _ in range(repeats)])


def _give_next(strategy: ExitTrader, records: Iterator[ExternalFactors]) -> None:
    strategy.on_factors(next(records))


def _records(names: tuple[str, ...], at_ns: int) -> list[ExternalFactors]:
    """Return two records with which nothing is bought, and a position is held."""
    schema = FactorSchema((*names, "btc"))
    values = [[each] * len(names) + [0.0] for each in (0.4, 0.6)]
    return [ExternalFactors.from_values(schema, v, ts_event=at_ns, ts_init=at_ns) for v in values]


def _law(law: MeanReversion, fresh: int) -> Row:
    """Return the value of a learned rule as a share of the optimum's."""
    settings = TrainingSettings(horizon_ns=law.horizon_ns, cost=law.cost, hold_cost=law.hold_cost)
    rule = search_rule(law.paths(LEARNED, 1), (), law.hold_cost)
    paths = law.paths(fresh, 2)
    gains = net_gains(paths, rule_steps(paths, rule), settings)
    optimum, threshold = law.optimal_value(), law.threshold_value()
    error = gains.std() / np.sqrt(fresh)
    return Row(
        f"mean reversion {law.speed:g}, entry {law.depth:g} sd, holding {law.hold_cost:g}",
        {
            "value bp": float(gains.mean()) * 1e4,
            "optimum bp": optimum * 1e4,
            "best threshold bp": threshold * 1e4,
            "share": float(gains.mean()) / optimum,
            "standard error": float(error) / optimum,
            "n": fresh,
        },
        (Target("share", ">=", 0.95),),
        f"learned from {LEARNED:,} positions",
    )


def _random_walk(runs: int) -> Row:
    law = MeanReversion(speed=0.0)
    settings = TrainingSettings(horizon_ns=law.horizon_ns, cost=law.cost)
    verdicts = [train_bucket(law.paths(300, i), (), settings).verdict for i in range(runs)]
    return Row(
        "random walk: runs without a claim",
        {"share": verdicts.count("no gain") / runs, "n": runs},
        (Target("share", ">=", 0.95),),
        "300 positions a run",
    )


def _month(data: Path) -> list[Row]:
    """Train on the recorded month: beside the strategy's own exits, and instead of them."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="dolphin-exits-") as folder:
        catalog, results = Path(folder) / "catalog", Path(folder) / "results"
        examples = _ROOT / "docs" / "examples"
        _command("import_factors.py", "--spec", examples / "import_btcusdt_15m.toml", "--data",
                 data, "--catalog", catalog)  # fmt: skip
        _command("run_backtest.py", "--catalog", catalog, "--config", examples / "backtest.toml",
                 "--out", results)  # fmt: skip
        for horizon, own in (("4h", "keep"), ("8h", "replace")):
            words = [str(results), "--horizon", horizon, "--interval", "15m", "--own-exits", own]
            trained = train(options_of(parse(words)), lambda line: None)
            result = trained.results["other"]
            for name, bar in result.means.items():
                against = result.against.get(name)
                figures = {"value bp": bar.mean * 1e4, "n": bar.count}
                figures |= {"from bp": bar.lower * 1e4, "to bp": bar.upper * 1e4}
                if against is not None:
                    figures["adaptive beyond bp"] = against.mean * 1e4
                    figures["beyond from bp"] = against.lower * 1e4
                    figures["beyond to bp"] = against.upper * 1e4
                rows.append(
                    Row(f"month, {own} own, {horizon}: {name}", figures, note=result.verdict)
                )
    return rows


def _command(script: str, *arguments: Any) -> None:
    words = [sys.executable, str(_ROOT / "backtests" / script), *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    require(done.returncode == 0, f"{script} failed: {done.stderr}")
