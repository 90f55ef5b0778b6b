"""The command line of train_exits.py."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.comma_list import comma_list
from adapters.command.durations import Duration
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES: Final = """\
examples:
  train_exits.py results --horizon 8h --interval 15m --out exits.json
  train_exits.py results1 results2 --horizon 1d --interval 15m --factors funding,taker_ratio
  train_exits.py results --horizon 8h --interval 15m --own-exits replace --hold-cost 0.5

RUN is a folder of run_backtest.py --out. Each bucket of assets gets a rule only if the rule gained
out of sample beyond the strategy's own exits, by the lower end of its error bar; otherwise the
model holds there. docs/exits.md has the definitions.
exit codes: 0 trained, with a gain or without; 1 something failed; 2 bad usage, or results or a
catalog that cannot be used; 130 ended by Ctrl-C, nothing was written.
"""


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What train_exits.py is asked for.

    Attributes
    ----------
    runs : tuple of Path
        Result folders.
    catalog : Path, optional
        The catalog; by default the one that the results name.
    horizon_ns, interval_ns, embargo_ns : int
        Nanoseconds.
    factors : tuple of str
        Factors that the rule may look at.
    cost : float, optional
        Of entering and closing, as a fraction; None: the mean of the positions' fees.
    hold_cost : float
        Of holding over the horizon, as a fraction.
    keeps_own_exits : bool
        Whether a path ends with the position's own exit.
    folds : int
        Walk-forward folds.
    level : float
        Confidence level.
    out : Path
        The model's file.

    """

    runs: tuple[Path, ...]
    catalog: Path | None
    horizon_ns: int
    interval_ns: int
    embargo_ns: int
    factors: tuple[str, ...]
    cost: float | None
    hold_cost: float
    keeps_own_exits: bool
    folds: int
    level: float
    out: Path

    @property
    def steps(self) -> int:
        """The number of intervals of the horizon."""
        return self.horizon_ns // self.interval_ns


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="train_exits.py",
        description="Train a model of exits from the positions of backtests.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("runs", nargs="+", type=Path, metavar="RUN", help="result folders of run_backtest.py")
    add("--catalog", type=Path, metavar="DIR", help="prices and factors (default: the catalog of "
        "the results)")  # fmt: skip
    add("--horizon", required=True, metavar="DURATION", help="how long positions are followed: "
        "8h")  # fmt: skip
    add("--interval", required=True, metavar="DURATION", help="a step, and the interval of "
        "volatility: that of the bars, or 1m of quotes and trades")  # fmt: skip
    add("--own-exits", choices=("keep", "replace"), default="keep", help="whether the strategy's "
        "own exits still hold beside the model (default), or positions are followed over the "
        "whole horizon")  # fmt: skip
    add("--factors", metavar="NAME,...", help="factors that a rule may look at; the strategy must "
        "require them (default: none)")  # fmt: skip
    add("--cost", type=float, metavar="BP", help="what entering and closing cost together, basis "
        "points (default: the mean of the positions' fees)")  # fmt: skip
    add("--hold-cost", type=float, default=0.0, metavar="BP", help="what an hour of holding "
        "costs, basis points: funding, or what money earns elsewhere (default: 0)")  # fmt: skip
    add("--folds", type=int, default=5, metavar="N", help="walk-forward folds (default: 5)")
    add("--embargo", default="0", metavar="DURATION", help="time between what is learned from and "
        "a fold, beyond the horizon (default: 0)")  # fmt: skip
    add("--level", type=float, default=0.98, metavar="P", help="confidence level of the error "
        "bars (default: 0.98)")  # fmt: skip
    add("--out", type=Path, default=Path("exits.json"), metavar="FILE.json", help="the model's "
        "file (default: exits.json)")  # fmt: skip
    return parser.parse_args(arguments)


def options_of(parsed: argparse.Namespace) -> TrainOptions:
    """Return the checked options.

    Raises
    ------
    ConfigError
        If one cannot be used.

    """
    horizon_ns = _positive("--horizon", parsed.horizon)
    interval_ns = _positive("--interval", parsed.interval)
    steps = horizon_ns // interval_ns
    if not 2 <= steps <= 10_000:
        _refuse("--horizon", "2 to 10,000 intervals", f"{steps:,} of {parsed.interval}")
    if not 1 <= parsed.folds <= 100:
        _refuse("--folds", "1 to 100", parsed.folds)
    if not 0.5 < parsed.level < 1:
        _refuse("--level", "more than 0.5 and less than 1", parsed.level)
    for name, cost in (("--cost", parsed.cost), ("--hold-cost", parsed.hold_cost)):
        if cost is not None and not 0 <= cost < 10_000:
            _refuse(name, "0 or more basis points", cost)
    factors = () if parsed.factors is None else tuple(comma_list("--factors", parsed.factors))
    return TrainOptions(
        runs=tuple(parsed.runs),
        catalog=parsed.catalog,
        # Whole intervals: the model's times are fractions of it.
        horizon_ns=steps * interval_ns,
        interval_ns=interval_ns,
        embargo_ns=_duration("--embargo", parsed.embargo),
        factors=factors,
        cost=None if parsed.cost is None else parsed.cost / 1e4,
        hold_cost=parsed.hold_cost / 1e4 * steps * interval_ns / 3.6e12,
        keeps_own_exits=parsed.own_exits == "keep",
        folds=parsed.folds,
        level=parsed.level,
        out=parsed.out,
    )


def _refuse(option: str, expected: str, found: object) -> None:
    msg = f"{option}: expected {expected}, found {found}"
    raise ConfigError(msg)


def _positive(option: str, text: str) -> int:
    found = _duration(option, text)
    if not found:
        _refuse(option, "a duration above 0", text)
    return found


def _duration(option: str, text: str) -> int:
    try:
        return Duration.from_str(text).ns
    except ValueError as error:
        msg = f"{option}: {error}"
        raise ConfigError(msg) from None
