"""The command line of evaluate_factors.py, and the settings that it makes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.comma_list import comma_list
from adapters.command.durations import Duration
from adapters.command.instants import instant_option
from backtests.evaluation.evaluation_settings import DEFAULT_COST_BPS, EvaluationSettings
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = (
    "Say what each factor is worth: how well it predicts, how long, and at what cost."
)
EXAMPLES: Final = """\
examples:
  evaluate_factors.py --catalog DIR
  evaluate_factors.py --catalog DIR --show basis,imbal_btc --horizons 5m,15m,1h,4h
  evaluate_factors.py --catalog DIR --instrument BTCUSDT-PERP.BINANCE --cost 2 --out evaluation
  evaluate_factors.py --catalog DIR --instrument BTCUSDT-PERP.BINANCE,ETHUSDT-PERP.BINANCE
  evaluate_factors.py --catalog DIR --step 5m --delays 0,1m,5m,1h,4h --start 2026-05-01

docs/evaluate.md has every figure with its formula. Ctrl-C keeps the factors that are finished; a
second one leaves at once.
exit codes: 0 evaluated; 1 something could not be read or written; 2 bad usage or catalog, or the
extra `research` is missing; 130 ended by Ctrl-C.
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="evaluate_factors.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--catalog", type=Path, required=True, metavar="DIR", help="recorded or imported factors "
        "and prices")  # fmt: skip
    add("--show", metavar="NAME,...", help="evaluate these factors (default: all)")
    add("--horizons", metavar="DURATION,...", help="how far ahead, for example 5m,1h,1d (default: "
        "up to eight that fit the data)")  # fmt: skip
    add("--step", metavar="DURATION", help="look at the factors this often (default: the shortest "
        "horizon)")  # fmt: skip
    add("--delays", metavar="DURATION,...", help="what the factors are worth so much later "
        "(default: 0 to 48 steps)")  # fmt: skip
    add("--cost", type=float, default=DEFAULT_COST_BPS, metavar="BPS", help="fee, half the spread "
        "and slippage of a trade, in 0.01 %% of its value (default: %(default)g)")  # fmt: skip
    add("--instrument", metavar="ID,...", help="whose returns count; of several, each has its own "
        "results (default: the only one)")  # fmt: skip
    add("--prices", choices=("auto", "quotes", "trades", "bars"), default="auto",
        help="which prices (default: the first of these that there are)")  # fmt: skip
    add("--recording", action="append", metavar="NAME", help="use this recording of factors only; "
        "may be given several times")  # fmt: skip
    add("--start", metavar="INSTANT", help="begin here, for example 2026-05-01 (UTC)")
    add("--end", metavar="INSTANT", help="end before this instant")
    add("--max-age", metavar="DURATION", help="how long a record holds when no other follows "
        "(default: ten mean distances of the records)")  # fmt: skip
    add("--quantiles", type=int, default=5, metavar="N", help="(default: %(default)s)")
    add("--resamples", type=int, default=500, metavar="N", help="of the bootstrap, from which the "
        "error bars are (default: %(default)s)")  # fmt: skip
    add("--rate", type=float, default=0.05, metavar="SHARE", help="of what is called a discovery, "
        "how much may be chance (default: %(default)g)")  # fmt: skip
    add("--seed", type=int, default=1, metavar="N", help="of the bootstrap (default: %(default)s)")
    add("--out", type=Path, metavar="DIR", help="where evaluation.html and evaluation.json go "
        "(default: a new folder here)")  # fmt: skip
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace) -> EvaluationSettings:
    """Return the settings of a command line.

    Raises
    ------
    ConfigError
        If they cannot be used.

    """
    return EvaluationSettings(
        show=_names("--show", options.show),
        recordings=None if options.recording is None else tuple(options.recording),
        instruments=_names("--instrument", options.instrument) or (),
        prices=options.prices,
        start_ns=instant_option("--start", options.start),
        end_ns=instant_option("--end", options.end),
        step_ns=_duration("--step", options.step),
        horizons_ns=_durations("--horizons", options.horizons),
        delays_ns=_durations("--delays", options.delays),
        max_age_ns=_duration("--max-age", options.max_age),
        cost_bps=options.cost,
        quantiles=options.quantiles,
        resamples=options.resamples,
        rate=options.rate,
        seed=options.seed,
    )


def _names(option: str, text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(dict.fromkeys(comma_list(option, text)))


def _duration(option: str, text: str | None) -> int | None:
    found = _durations(option, text)
    if found is None:
        return None
    if len(found) != 1 or not found[0]:
        msg = f"{option}: expected one duration of more than 0, found {text!r}"
        raise ConfigError(msg)
    return found[0]


def _durations(option: str, text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(Duration.from_str(part).ns for part in comma_list(option, text))
    except ValueError as error:
        msg = f"{option}: {error}"
        raise ConfigError(msg) from None
