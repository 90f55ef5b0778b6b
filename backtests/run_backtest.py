"""Run a strategy over recorded or imported factors and market data."""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.command.strategy_class import find_strategy, make_config
from adapters.command.terminal import say
from backtests.inputs.backtest_settings import BacktestSettings, Instant, load, override
from dolphin_strategies.errors import ConfigError, DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.command.strategy_class import AnyFactorStrategy
    from backtests.inputs.backtest_inputs import Inputs
    from backtests.inputs.factor_delay import FactorDelay
    from backtests.run.interrupt import Interrupt
    from backtests.run.results import Figures

EXAMPLES: Final = """\
examples:
  run_backtest.py --catalog DIR --strategy my_module:MyStrategy
  run_backtest.py --catalog DIR --config backtest.toml --start 2026-05-01 --end 2026-06-01
  run_backtest.py --catalog DIR --config backtest.toml --show basis,imbal_btc --out results
  run_backtest.py --catalog DIR --config backtest.toml --factor-delay 0,50ms,500ms,5s
  run_backtest.py --catalog DIR --config backtest.toml --factor-delay basis=1s,imbal_btc=50ms
  run_backtest.py --catalog DIR --config backtest.toml --prove-no-lookahead

Ctrl-C ends the run and writes what there is; a second one leaves at once.
exit codes: 0 done; 1 the strategy raised an exception, something failed, or look-ahead was
found; 2 bad usage or configuration, or a required factor is not covered; 130 ended by Ctrl-C.
"""
FAILED: Final = 1
BAD_CONFIG: Final = 2


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="run_backtest.py",
        description=__doc__,
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
    add("--show", metavar="NAME,...", help="factors that the report draws (default: those that "
        "the strategy requires)")  # fmt: skip
    add(
        "--out", type=Path, metavar="DIR", help="where the results go (default: a new folder here)"
    )
    add("--factor-delay", metavar="DELAY", help="let factors come later: 50ms; several delays for "
        "a table of what freshness is worth: 0,50ms,5s; by name: basis=1s,imbal_btc=50ms; or a "
        "TOML file of such lines")  # fmt: skip
    add("--prove-no-lookahead", action="store_true", help="run again on copies of the catalog in "
        "which the future is scrambled, and compare the decisions")  # fmt: skip
    add("--instants", type=int, default=5, metavar="N", help="instants of the proof (default: 5)")
    add("--seed", type=int, default=1, metavar="N", help="seed of the proof (default: 1)")
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace) -> BacktestSettings:
    """Return the file's settings with the command line's on top.

    Raises
    ------
    ConfigError
        If they contradict each other or cannot be used.

    """
    settings = override(
        load(options.config),
        start=_instant("--start", options.start),
        end=_instant("--end", options.end),
        recordings=options.recording,
        show=None if options.show is None else [n for n in options.show.split(",") if n],
        strategy=options.strategy,
    )
    if not settings.strategy.path:
        msg = (
            "no strategy: give --strategy module:Class, or `class` in a table [strategy] of the "
            "configuration"
        )
        raise ConfigError(msg)
    return settings


def make_strategy(settings: BacktestSettings) -> AnyFactorStrategy:
    """Make the strategy of the settings; each run needs a new one.

    Raises
    ------
    ConfigError
        If there is no such strategy, or its configuration does not fit.

    """
    found = find_strategy(settings.strategy.path)
    config = make_config(found, settings.strategy.config)
    try:
        return found(config)
    except Exception as error:
        msg = f"strategy {settings.strategy.path!r} cannot be made: {error!r}"
        raise ConfigError(msg) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    # After the check of the command line: they take a second to load.
    from backtests.inputs.backtest_inputs import find_inputs  # noqa: PLC0415
    from backtests.inputs.factor_delay import NO_DELAY, read_delays  # noqa: PLC0415
    from backtests.lookahead.proof_folder import put_right  # noqa: PLC0415
    from backtests.run.interrupt import EXIT_CODE, Interrupt  # noqa: PLC0415

    try:
        if put_right(options.catalog):
            say(f"{options.catalog} was left moved aside by a killed proof; it is back")
        if options.instants < 1:
            msg = f"--instants: expected at least 1, found {options.instants}"
            raise ConfigError(msg)
        settings = settings_of(options)
        delays = [NO_DELAY] if options.factor_delay is None else read_delays(options.factor_delay)
        inputs = find_inputs(options.catalog, settings, make_strategy(settings))
        for delay in delays:
            delay.check(inputs.schema())
    except DolphinError as error:
        say(f"run_backtest.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    for line in inputs.describe():
        say(line)
    try:
        if options.prove_no_lookahead:
            return prove(options, arguments, inputs, delays)
        with Interrupt() as interrupt:
            found = [
                run_once(inputs, settings, delay, interrupt, _folder(options, delay, delays))
                for delay in delays
                if not interrupt.is_asked
            ]
            if len(delays) > 1:
                _tell_delays(found)
            return EXIT_CODE if interrupt.is_asked else 0
    except DolphinError as error:
        say(f"run_backtest.py: {error}", to=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        say("run_backtest.py: ended by a signal; the catalog is as it was", to=sys.stderr)
        return EXIT_CODE


def run_once(
    inputs: Inputs,
    settings: BacktestSettings,
    delay: FactorDelay,
    interrupt: Interrupt,
    folder: Path | None,
) -> Figures:
    """Run one backtest, tell its result and write its files.

    Raises
    ------
    DolphinError
        If it did not come to its end.

    """
    from backtests.run.backtest import replayed  # noqa: PLC0415 - see main
    from backtests.run.report import write_report  # noqa: PLC0415
    from backtests.run.results import summary, write_result, write_tables  # noqa: PLC0415

    strategy = make_strategy(settings)
    name = type(strategy).__name__
    inputs = dataclasses.replace(inputs, delay=delay)
    label = name if folder is not None else f"{delay} later"
    with replayed(inputs, settings, strategy, interrupt, label) as (engine, figures, _):
        if folder is None:
            return figures
        say(summary(name, figures))
        folder.mkdir(parents=True, exist_ok=True)
        write_tables(engine, folder)
        more: dict[str, Any] = {
            "strategy": settings.strategy.path,
            "config": {k: str(v) for k, v in settings.strategy.config.items()},
            "catalog": str(inputs.path),
        }
        write_result(folder / "result.json", figures, more)
        write_report(folder / "report.html", engine, inputs, f"{name} on {inputs.path.name}")
        say(f"\nresults in {folder}: report.html, result.json, orders, fills, positions, account")
        return figures


def prove(
    options: argparse.Namespace,
    arguments: Sequence[str],
    inputs: Inputs,
    delays: Sequence[FactorDelay],
) -> int:
    """Make the look-ahead proof; return the exit code.

    Raises
    ------
    DolphinError
        If it cannot be made.

    """
    from backtests.lookahead.proof import Proof  # noqa: PLC0415 - see main

    say(f"proof with seed {options.seed}: {options.instants} instants")
    required = [covered.name for covered in inputs.coverage]
    proof = Proof(arguments, options.catalog, required, delays[0], options.seed, say)
    # Ended by either signal, it leaves nothing behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    verdict = proof.run(options.instants)
    say(f"\n{verdict}")
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        document = {"verdict": str(verdict), "seed": options.seed, **dataclasses.asdict(verdict)}
        text = json.dumps(document, indent=2) + "\n"
        (options.out / "proof.json").write_text(text, encoding="utf-8")
    return 0 if verdict.is_clean else FAILED


def _tell_delays(found: list[Figures]) -> None:
    from backtests.run.results import delay_table  # noqa: PLC0415

    say("\nwhat freshness is worth:")
    say(delay_table(found))


def _folder(
    options: argparse.Namespace, delay: FactorDelay, delays: Sequence[FactorDelay]
) -> Path | None:
    """Return where a run's results go; of several delays only the first one's are written."""
    if delay is not delays[0]:
        return None
    return options.out or Path(f"backtest-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")


def _instant(option: str, text: str | None) -> Instant | None:
    if text is None:
        return None
    try:
        return Instant.from_str(text)
    except ValueError as error:
        msg = f"{option}: {error}"
        raise ConfigError(msg) from None


if __name__ == "__main__":
    # Python put this script's folder there; a strategy's module may have the name of one of ours.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
