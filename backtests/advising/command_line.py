"""The command line of advise.py."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = (
    "Say whether a strategy's result depends on the calendar, and when to stay out."
)
EXAMPLES: Final = """\
examples:
  advise.py results                          what its trades say, and lines for its config
  advise.py results-2023 results-2024        the trades of several runs together
  advise.py results --level 0.01 --out advice.json

A RESULT is a folder of run_backtest.py --out; a recorded session becomes one by
run_backtest.py --catalog SESSION --out. Needs the extra: uv run --extra research …
exit codes: 0 done, whatever the verdict; 2 bad usage, or a run that cannot be used; 130 ended by
Ctrl-C.
"""
MOST_DRAWS: Final = 200_000


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="advise.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("runs", type=Path, nargs="+", metavar="RESULT", help="folders of run_backtest.py --out")
    add("--out", type=Path, metavar="FILE.json", help="every figure (default: advice.json in the "
        "first RESULT); the page is beside it, with .html")  # fmt: skip
    add("--level", type=float, default=0.02, metavar="SHARE", help="chance of any advice where "
        "there is nothing (default: 0.02)")  # fmt: skip
    add("--draws", type=int, default=2_000, metavar="N", help="orders by chance (default: 2000)")
    add("--seed", type=int, default=1, metavar="N", help="seed of the draws (default: 1)")
    return parser.parse_args(arguments)


def check(options: argparse.Namespace) -> None:
    """Refuse options that cannot be used.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    if not 0 < options.level < 1:
        msg = f"--level: expected more than 0 and less than 1, found {options.level}"
        raise ConfigError(msg)
    if not 100 <= options.draws <= MOST_DRAWS:
        msg = f"--draws: expected 100 to {MOST_DRAWS:,}, found {options.draws}"
        raise ConfigError(msg)
    if 1 / (options.draws + 1) > options.level:
        msg = (
            f"--draws: expected at least {int(1 / options.level):,} for a level of "
            f"{options.level:g}, found {options.draws}"
        )
        raise ConfigError(msg)
    if options.seed < 0:
        msg = f"--seed: expected 0 or more, found {options.seed}"
        raise ConfigError(msg)
    if options.out is not None and options.out.suffix == ".html":
        msg = f"--out: expected a file such as advice.json, found {options.out}"
        raise ConfigError(msg)
