"""The command line of sweep.py, and the settings that it makes with its file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.instants import instant_option
from adapters.command.settings_file import override as override_table
from backtests.inputs.backtest_settings import BacktestSettings, override
from backtests.sweeping.setup.sweep_settings import SweepSettings, load_sweep
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = "Search the parameters of a strategy over walk-forward folds."
EXAMPLES: Final = """\
examples:
  sweep.py --catalog DIR --strategy my_module:MyStrategy --trials 30
  sweep.py --catalog DIR --config sweep.toml --out results
  sweep.py --catalog DIR --config sweep.toml --workers 4 --sampler random
  sweep.py --catalog DIR --config sweep.toml --ray local
  sweep.py --catalog DIR --config sweep.toml --ray 10.0.0.5:6379

Ctrl-C keeps all; the same command goes on, also after a kill. Needs the extra:
uv run --extra research backtests/sweep.py ...
exit codes: 0 done, whatever the verdict; 1 all trials of a fold failed, or workers died; 2 bad
usage or configuration, or the study was made with something else; 130 ended by Ctrl-C.
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="sweep.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--catalog", type=Path, required=True, metavar="DIR", help="recorded or imported data")
    add("--strategy", metavar="MODULE:CLASS", help="the FactorStrategy to search")
    add("--config", type=Path, metavar="FILE.toml", help="settings of the backtest, with a table "
        "[sweep]; see docs/sweep.md")  # fmt: skip
    add("--start", metavar="INSTANT", help="begin here, for example 2024-08-08T23:55 (UTC)")
    add("--end", metavar="INSTANT", help="end before this instant")
    add("--trials", type=int, metavar="N", help="trials of each fold (default: 50)")
    add("--folds", type=int, metavar="N", help="walk-forward folds (default: 4)")
    add("--sampler", choices=("tpe", "random", "qmc"), help="who proposes parameters "
        "(default: tpe)")  # fmt: skip
    add("--seed", type=int, metavar="N", help="seed of the sampler (default: 1)")
    add("--workers", type=int, default=len(os.sched_getaffinity(0)), metavar="N",
        help="worker processes, or Ray's (default: the cores of this machine)")  # fmt: skip
    add("--ray", metavar="local|ADDRESS", help="run the trials on a Ray cluster: one that is "
        "started here, on loopback, or the one at HOST:PORT")  # fmt: skip
    add("--out", type=Path, metavar="DIR", help="study and results (default: a folder here that "
        "is named after the strategy)")  # fmt: skip
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace) -> tuple[BacktestSettings, SweepSettings]:
    """Return the file's settings with the command line's on top.

    Raises
    ------
    ConfigError
        If they contradict each other or cannot be used.

    """
    if options.workers < 1:
        msg = f"--workers: expected at least 1, found {options.workers}"
        raise ConfigError(msg)
    settings, sweep = load_sweep(options.config)
    settings = override(
        settings,
        start=instant_option("--start", options.start),
        end=instant_option("--end", options.end),
        strategy=options.strategy,
    )
    sweep = override_table(
        sweep,
        trials=options.trials,
        folds=options.folds,
        sampler=options.sampler,
        seed=options.seed,
    )
    if not settings.strategy.path:
        msg = (
            "no strategy: give --strategy module:Class, or `class` in a table [strategy] of the "
            "configuration"
        )
        raise ConfigError(msg)
    return settings, sweep
