"""The command line of envelope.py."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.comma_list import comma_list
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = "Make the envelope of a strategy: what live may look like, by its backtests."
EXAMPLES: Final = """\
examples:
  envelope.py results                              what may come, and the file of a watch
  envelope.py results results-wider results-late   runs with other parameters, or later factors
                                                   (run_backtest.py --factor-delay), beside it
  envelope.py results --cost 1.5,2 --out live.json fees and slippage of 1.5 and 2 times too
  envelope.py results --perturb 0.2 --config backtest.toml
                                                   each number of the strategy's configuration 20 %
                                                   lower and higher too, by backtests of their own

The first RUN is the strategy as it is to trade. Needs the extra: uv run --extra research …
exit codes: 0 done; 2 bad usage, or a run that cannot be used; 130 ended by Ctrl-C, the backtests
of neighbours that were done are kept.
"""
MOST_DRAWS: Final = 200_000
MOST_WORKERS: Final = 64


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="envelope.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("runs", type=Path, nargs="+", metavar="RUN", help="folders of run_backtest.py --out")
    add("--cost", metavar="FACTOR,...", help="take the first run again with fees and slippage "
        "multiplied, for example 1.5,2")  # fmt: skip
    add("--perturb", type=float, metavar="SHARE", help="run the first backtest again with each "
        "number of the strategy's configuration so much of itself lower and higher, for example "
        "0.2; the files are in neighbours of the first RUN")  # fmt: skip
    add("--factor-delay", metavar="DELAY,...", help="run the first backtest again with factors so "
        "much later, for example 5s,30s")  # fmt: skip
    add("--config", type=Path, metavar="FILE.toml", help="the file with which the first RUN was "
        "made, for --perturb and --factor-delay")  # fmt: skip
    add("--workers", type=int, metavar="N", help="backtests at a time (default: a core each)")
    add("--out", type=Path, metavar="FILE.json", help="the envelope (default: envelope.json in "
        "the first RUN); the page is beside it, with .html")  # fmt: skip
    add("--draws", type=int, default=5_000, metavar="N", help="futures drawn (default: 5000)")
    add("--seed", type=int, default=1, metavar="N", help="seed of the draws (default: 1)")
    return parser.parse_args(arguments)


def costs_of(text: str | None) -> list[float]:
    """Return the factors of ``--cost``.

    Raises
    ------
    ConfigError
        If one is not a number from 0 to 100.

    """
    found: list[float] = []
    for word in [] if text is None else comma_list("--cost", text):
        try:
            factor = float(word)
        except ValueError:
            factor = -1.0
        if not 0 <= factor <= 100:
            msg = f"--cost: expected a number from 0 to 100, found {word!r:.40}"
            raise ConfigError(msg)
        found.append(factor)
    return found


def check(options: argparse.Namespace) -> None:
    """Refuse options that cannot be used.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    if not 100 <= options.draws <= MOST_DRAWS:
        msg = f"--draws: expected 100 to {MOST_DRAWS:,}, found {options.draws}"
        raise ConfigError(msg)
    if options.perturb is not None and not 0 < options.perturb < 1:
        msg = f"--perturb: expected a share above 0 and below 1, found {options.perturb:g}"
        raise ConfigError(msg)
    if options.workers is not None and not 1 <= options.workers <= MOST_WORKERS:
        msg = f"--workers: expected 1 to {MOST_WORKERS}, found {options.workers}"
        raise ConfigError(msg)
    if options.config is not None and options.perturb is None and options.factor_delay is None:
        msg = "--config: expected together with --perturb or --factor-delay, which run backtests"
        raise ConfigError(msg)
    if options.seed < 0:
        msg = f"--seed: expected 0 or more, found {options.seed}"
        raise ConfigError(msg)
