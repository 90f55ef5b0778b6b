"""Run a strategy over recorded or imported factors and market data."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from adapters.process.stop_signals import interrupt_at_stop_signals
from backtests.run.command_line import parse, settings_of
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from backtests.inputs.backtest_data import BacktestData
    from backtests.inputs.backtest_settings import BacktestSettings
    from backtests.inputs.factor_delay import FactorDelay

FAILED: Final = 1
BAD_CONFIG: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    # After the check of the command line: loading takes a second.
    from backtests.run.interrupt import EXIT_CODE  # noqa: PLC0415

    try:
        settings, data, delays = find(options)
    except DolphinError as error:
        say(f"run_backtest.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    for line in data.describe():
        say(line)
    try:
        if options.prove_no_lookahead:
            return prove(options, arguments, data, delays[0])
        return run(options, settings, data, delays)
    except DolphinError as error:
        say(f"run_backtest.py: {error}", to=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        say("run_backtest.py: ended by a signal; the catalog is as it was", to=sys.stderr)
        return EXIT_CODE


def find(
    options: argparse.Namespace,
) -> tuple[BacktestSettings, BacktestData, list[FactorDelay]]:
    """Return the settings, the strategy's data in the catalog, and the delays.

    Raises
    ------
    DolphinError
        If something is missing or cannot be used.

    """
    from adapters.command.strategy_class import make_strategy  # noqa: PLC0415 - see main
    from backtests.inputs.catalog_search import find_data  # noqa: PLC0415
    from backtests.inputs.factor_delay import NO_DELAY, read_delays  # noqa: PLC0415
    from backtests.lookahead.proof_folder import put_right  # noqa: PLC0415

    if put_right(options.catalog):
        say(f"{options.catalog} was left moved aside by a killed proof; it is back")
    settings = settings_of(options)
    delays = [NO_DELAY] if options.factor_delay is None else read_delays(options.factor_delay)
    strategy = make_strategy(settings.strategy.path, settings.strategy.config)
    data = find_data(options.catalog, settings, strategy)
    for delay in delays:
        delay.check(data.schema())
    return settings, data, delays


def run(
    options: argparse.Namespace,
    settings: BacktestSettings,
    data: BacktestData,
    delays: Sequence[FactorDelay],
) -> int:
    """Run the backtest for each delay.

    Parameters
    ----------
    options : argparse.Namespace
        The command line.
    settings : BacktestSettings
        The settings, with the strategy and the venue.
    data : BacktestData
        The data to replay.
    delays : sequence of FactorDelay
        The delays, one for each run.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    DolphinError
        If a run did not reach its end.

    """
    from backtests.run.delay_runs import run_each  # noqa: PLC0415 - see main
    from backtests.run.interrupt import EXIT_CODE, Interrupt  # noqa: PLC0415

    folder = options.out or Path(f"backtest-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    with Interrupt() as interrupt:
        run_each(delays, data, settings, folder, lambda: interrupt.is_asked)
        return EXIT_CODE if interrupt.is_asked else 0


def prove(
    options: argparse.Namespace,
    arguments: Sequence[str],
    data: BacktestData,
    delay: FactorDelay,
) -> int:
    """Make the look-ahead proof.

    Parameters
    ----------
    options : argparse.Namespace
        The command line.
    arguments : sequence of str
        The same as words, for the proof's own runs.
    data : BacktestData
        The data to replay.
    delay : FactorDelay
        The delays of the factors.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    DolphinError
        If the proof cannot be made.

    """
    from backtests.lookahead.proof import Proof, write_proof  # noqa: PLC0415 - see main

    say(f"proof with seed {options.seed}: {options.instants} instants")
    required = [covered.name for covered in data.coverage]
    requests = interrupt_at_stop_signals()

    def report(text: str) -> None:
        # An import or C code may have swallowed the exception of a request.
        if requests.count:
            raise KeyboardInterrupt
        say(text)

    proof = Proof(arguments, options.catalog, required, delay, options.seed, report)
    try:
        verdict = proof.run(options.instants)
    except DolphinError:
        if requests.count:
            raise KeyboardInterrupt from None
        raise
    if requests.count:
        raise KeyboardInterrupt
    say(f"\n{verdict}")
    if options.out is not None:
        write_proof(options.out, options.seed, verdict)
    return 0 if verdict.is_clean else FAILED


if __name__ == "__main__":
    # Python adds this script's folder, whose modules could shadow a strategy's module.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
