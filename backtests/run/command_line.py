"""The command line of run_backtest.py, and the settings that it makes with its file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.comma_list import comma_list
from adapters.command.instants import instant_option
from adapters.command.market_settings import max_price_age_of
from backtests.engine.funding_choice import FundingChoice
from backtests.inputs.backtest_settings import BacktestSettings, load, override
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = "Run a strategy over recorded or imported factors and market data."
EXAMPLES: Final = """\
examples:
  run_backtest.py --catalog DIR --strategy my_module:MyStrategy
  run_backtest.py --catalog DIR --config backtest.toml --start 2026-05-01 --end 2026-06-01
  run_backtest.py --catalog DIR --config backtest.toml --show basis,imbal_btc --out results
  run_backtest.py --catalog DIR --config backtest.toml --factor-delay 0,50ms,500ms,5s
  run_backtest.py --catalog DIR --config backtest.toml --compute my_factors.toml
  run_backtest.py --catalog DIR --config backtest.toml --factor-delay basis=1s,imbal_btc=50ms
  run_backtest.py --catalog DIR --config backtest.toml --prove-no-lookahead
  run_backtest.py --catalog DIR --config b.toml --prove-no-lookahead --remake my_module:remake
  run_backtest.py --catalog DIR --config backtest.toml --drill drills.toml
  run_backtest.py --catalog DIR --config backtest.toml --drill random --seed 7

Ctrl-C ends the run and writes what there is; a second one leaves at once.
exit codes: 0 done; 1 the strategy raised an exception, something failed, or look-ahead was
found; 2 bad usage or configuration, or a required factor is not covered; 3 the look-ahead proof
had nothing to prove; 130 ended by Ctrl-C.
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="run_backtest.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--catalog", type=Path, required=True, metavar="DIR", help="recorded or imported data")
    add("--strategy", metavar="MODULE:CLASS", help="the FactorStrategy that trades")
    add("--config", type=Path, metavar="FILE.toml", help="settings; see docs/backtest.md")
    add("--start", metavar="INSTANT", help="begin here, for example 2024-08-08T23:55 (UTC)")
    add("--end", metavar="INSTANT", help="end before this instant")
    add("--recording", action="append", metavar="NAME", help="use this recording of factors only; "
        "may be given several times")  # fmt: skip
    add("--compute", type=Path, metavar="FILE.toml", help="compute the factors of its tables "
        "[[computed]] on the way from the market data, instead of reading recordings")  # fmt: skip
    add("--show", metavar="NAME,...", help="factors that the report draws (default: those that "
        "the strategy requires)")  # fmt: skip
    add("--funding", metavar="auto|none|FILE|factor:NAME", help="where the funding rates of "
        "perpetuals are from (default: auto, the catalog)")  # fmt: skip
    add(
        "--out", type=Path, metavar="DIR", help="where the results go (default: a new folder here)"
    )
    add("--max-price-age", metavar="DURATION", help="how old a price may be for an order: 15m; by "
        "instrument: ID=15m,ID=1h; or none: of any age (default: 3 bars, or 1,000 times the "
        "median distance of quotes or trades, 5 s at least)")  # fmt: skip
    add("--stale-price", choices=("refuse", "wait"), help="whether an order whose price is older "
        "is refused (default) or waits for the next price")  # fmt: skip
    add("--factor-delay", metavar="DELAY", help="let factors come later: 50ms; several delays for "
        "a table of what freshness is worth: 0,50ms,5s; by name: basis=1s,imbal_btc=50ms; or a "
        "TOML file of such lines")  # fmt: skip
    add("--prove-no-lookahead", action="store_true", help="run again on copies of the catalog in "
        "which the future is scrambled, and compare the decisions")  # fmt: skip
    add("--instants", type=int, default=5, metavar="N", help="instants of the proof (default: 5)")
    add("--remake", metavar="MODULE:FUNCTION", help="in the proof: make recorded columns anew "
        "with this function at each instant, and compare them too (docs/backtest.md)")  # fmt: skip
    add("--drill", metavar="FILE.toml", help="run without and with the failures of its tables "
        "[[drill]]: factors without a value, frozen, wrong, late or without a name, a feed or a "
        "market that stops; `random` draws one of each kind (docs/backtest.md)")  # fmt: skip
    add("--seed", type=int, default=1, metavar="N", help="seed of the proof and of random drills "
        "(default: 1)")  # fmt: skip
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace) -> BacktestSettings:
    """Return the file's settings with the command line's on top.

    Raises
    ------
    ConfigError
        If they contradict each other or cannot be used.

    """
    if options.instants < 1:
        msg = f"--instants: expected at least 1, found {options.instants}"
        raise ConfigError(msg)
    settings = override(
        load(options.config),
        start=instant_option("--start", options.start),
        end=instant_option("--end", options.end),
        recordings=options.recording,
        compute=options.compute,
        funding=_funding(options.funding),
        show=None if options.show is None else comma_list("--show", options.show),
        strategy=options.strategy,
        max_price_age=max_price_age_of(options.max_price_age),
        stale_price=options.stale_price,
    )
    if options.prove_no_lookahead and settings.backtest.compute is not None:
        msg = (
            "--prove-no-lookahead changes factors of recordings: write the computed ones into the "
            "catalog with compute_factors.py, and name that --recording instead of --compute"
        )
        raise ConfigError(msg)
    if options.remake is not None and not options.prove_no_lookahead:
        msg = "--remake: expected together with --prove-no-lookahead, of which it is a part"
        raise ConfigError(msg)
    if options.drill is not None and options.prove_no_lookahead:
        msg = "--drill and --prove-no-lookahead: expected one of them, found both"
        raise ConfigError(msg)
    if not settings.strategy.path:
        msg = (
            "no strategy: give --strategy module:Class, or `class` in a table [strategy] of the "
            "configuration"
        )
        raise ConfigError(msg)
    return settings


def _funding(text: str | None) -> FundingChoice | None:
    if text is None:
        return None
    try:
        return FundingChoice.from_str(text)
    except ValueError as error:
        msg = f"--funding: {error}"
        raise ConfigError(msg) from None
