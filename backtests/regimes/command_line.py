"""The command line of fit_regimes.py."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.durations import Duration
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = "Fit a model of regimes to a catalog's prices, for RegimeProbability."
EXAMPLES: Final = """\
examples:
  fit_regimes.py --catalog DIR --step 5s --memory 30m --out regimes.json
  fit_regimes.py --catalog DIR --instrument BTCUSDT-PERP.BINANCE --end 2026-05-01 --out r.json
  fit_regimes.py --catalog DIR --factor mid --states 3 --holdout 0.5 --seed 7 --out r.json

The window's last part, --holdout, is not fitted to: on it the verdict is made. A backtest that
uses the model should begin after the window that was fitted to. docs/computed.md has the rest.
exit codes: 0 written, whatever the verdict; 2 bad usage or catalog; 130 ended by Ctrl-C, nothing
was written.
"""
MOST_STATES: Final = 4
MOST_STARTS: Final = 100


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="fit_regimes.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--catalog", type=Path, required=True, metavar="DIR", help="recorded or imported prices")
    of = parser.add_mutually_exclusive_group()
    of.add_argument("--instrument", metavar="ID", help="whose mid, or trades, or bars (default: "
        "the only one)")  # fmt: skip
    of.add_argument("--factor", metavar="NAME", help="a recorded factor that is a price, instead")
    add("--step", default="5s", metavar="DURATION", help="of a return (default: %(default)s)")
    add(
        "--memory",
        default="30m",
        metavar="DURATION",
        help="after which the filter begins anew: "
        "a multiple of the step, many times as long as a state lasts (default: %(default)s)",
    )
    add("--states", type=int, default=2, metavar="N", help="2 to 4 (default: %(default)s)")
    add("--start", metavar="INSTANT", help="begin here, for example 2026-05-01 (UTC)")
    add("--end", metavar="INSTANT", help="end before this instant")
    add("--holdout", type=float, default=0.25, metavar="SHARE", help="of the window, at its end, "
        "that the fit is judged on (default: %(default)g)")  # fmt: skip
    add(
        "--starts",
        type=int,
        default=5,
        metavar="N",
        help="from how many places to search (default: %(default)s)",
    )
    add("--seed", type=int, default=1, metavar="N", help="of those places (default: %(default)s)")
    add("--out", type=Path, required=True, metavar="FILE.json", help="the model")
    return parser.parse_args(arguments)


def check(options: argparse.Namespace) -> None:
    """Refuse options that cannot be used.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    for option, value, low, high in (
        ("--states", options.states, 2, MOST_STATES),
        ("--starts", options.starts, 1, MOST_STARTS),
        ("--seed", options.seed, 0, 2**63),
    ):
        if not low <= value <= high:
            msg = f"{option}: expected {low} to {high:,}, found {value}"
            raise ConfigError(msg)
    if not 0 <= options.holdout <= 0.9:
        msg = f"--holdout: expected a share from 0 to 0.9, found {options.holdout:g}"
        raise ConfigError(msg)
    step_ns, memory_ns = lengths_of(options)
    if step_ns < 1 or memory_ns < 2 * step_ns or memory_ns % step_ns:
        msg = (
            f"--memory: expected a multiple of the step {options.step}, 2 steps or more, found "
            f"{options.memory}"
        )
        raise ConfigError(msg)


def lengths_of(options: argparse.Namespace) -> tuple[int, int]:
    """Return step and memory, nanoseconds.

    Raises
    ------
    ConfigError
        If one is no duration.

    """
    found = []
    for option, text in (("--step", options.step), ("--memory", options.memory)):
        try:
            found.append(Duration.from_str(text).ns)
        except ValueError as error:
            msg = f"{option}: {error}"
            raise ConfigError(msg) from None
    return found[0], found[1]
