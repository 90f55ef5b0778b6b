"""Run a strategy over recorded or imported factors and market data."""

from __future__ import annotations

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Before the other imports, which take half a second.
    leave_at_stop_signals("run_backtest.py", LEFT_AT_ONCE)

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.output_place import check_out_folder
from adapters.command.terminal import say
from adapters.command.user_code.user_modules import leave_out_script_folder
from backtests.run.command_line import parse, settings_of
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from backtests.run.preparation import Prepared

FAILED: Final = 1
BAD_CONFIG: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    # After the check of the command line: loading takes a second.
    from backtests.lookahead.copies.proof_folder import put_right  # noqa: PLC0415
    from backtests.run.interrupt import EXIT_CODE  # noqa: PLC0415
    from backtests.run.preparation import prepare  # noqa: PLC0415

    folder = options.out or Path(f"backtest-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    try:
        if options.out is not None or not options.prove_no_lookahead:
            check_out_folder(folder)
        if put_right(options.catalog):
            say(f"{options.catalog} was left moved aside by a killed proof; it is back")
        prepared = prepare(
            options.catalog,
            settings_of(options),
            options.factor_delay,
            options.drill,
            options.seed,
        )
    except DolphinError as error:
        say(f"run_backtest.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    for line in prepared.data.describe():
        say(line)
    try:
        if options.prove_no_lookahead:
            return prove(options, arguments, prepared)
        return run(prepared, folder)
    except DolphinError as error:
        say(f"run_backtest.py: {error}", to=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        say("run_backtest.py: ended by a signal; the catalog is as it was", to=sys.stderr)
        return EXIT_CODE


def run(prepared: Prepared, folder: Path) -> int:
    """Run the backtest for each delay, or without and with the drills.

    Parameters
    ----------
    prepared : Prepared
        Settings, data, the delay of each run, and the drills.
    folder : Path
        Of the results.

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
    from backtests.run.drill_runs import run_drills  # noqa: PLC0415
    from backtests.run.interrupt import EXIT_CODE, Interrupt  # noqa: PLC0415

    with Interrupt() as interrupt:
        data, settings = prepared.data, prepared.settings
        if prepared.drills is None:
            run_each(prepared.delays, data, settings, folder, lambda: interrupt.is_asked)
        else:
            run_drills(prepared.drills, data, settings, folder, lambda: interrupt.is_asked)
        return EXIT_CODE if interrupt.is_asked else 0


def prove(options: argparse.Namespace, arguments: Sequence[str], prepared: Prepared) -> int:
    """Make the look-ahead proof.

    Parameters
    ----------
    options : argparse.Namespace
        The command line.
    arguments : sequence of str
        The same as words, for the proof's own runs.
    prepared : Prepared
        The data to replay, and the delays of the factors.

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
    required = [covered.name for covered in prepared.data.coverage]
    requests = interrupt_at_stop_signals()

    def report(text: str) -> None:
        # An import or C code may have swallowed the exception of a request.
        if requests.count:
            raise KeyboardInterrupt
        say(text)

    proof = Proof(
        arguments, options.catalog, required, prepared.delays[0], options.seed, report,
        remake=options.remake, recordings=prepared.data.recordings,
    )  # fmt: skip
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
    return verdict.exit_code


if __name__ == "__main__":
    leave_out_script_folder()
    sys.exit(main())
