"""Compute factors from a catalog's market data, or its time, and add them as a recording."""

from __future__ import annotations

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Before the other imports; nothing was begun.
    leave_at_stop_signals("compute_factors.py", LEFT_AT_ONCE)

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.durations import Duration
from adapters.command.instants import Instant
from adapters.command.progress_bar import ProgressBar
from adapters.command.terminal import say
from adapters.command.user_code.user_modules import leave_out_script_folder
from dolphin_strategies.errors import ConfigError, DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES: Final = """\
examples:
  compute_factors.py --catalog DIR
  compute_factors.py --catalog DIR --factors my_factors.toml --recording mine
  compute_factors.py --catalog DIR --instrument BTCUSDT-PERP.BINANCE --start 2024-08-08
  compute_factors.py --catalog DIR --calendar 1m
  run_backtest.py --catalog DIR --recording computed --strategy my_module:MyStrategy

Each record is stamped with the instant at which its newest input was delivered, and a backtest
delivers it after the market data of that instant. Calendar factors are stamped with their own
instants and delivered before it, see docs/esof.md. docs/computed.md has the classes and the tables
of a file; docs/backtest.md describes what is written.
exit codes: 0 computed; 1 not everything could be written, nothing was kept; 2 bad usage, file or
catalog, or the catalog has such a recording already; 130 interrupted, nothing was kept.
"""
FAILED: Final = 1
BAD_CONFIG: Final = 2
INTERRUPTED: Final = 130
CHUNK_ROWS: Final = 8_192
"""Market data in memory at once."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="compute_factors.py",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--catalog", type=Path, required=True, metavar="DIR", help="recorded or imported market "
        "data, to which the factors are added")  # fmt: skip
    add("--factors", type=Path, metavar="FILE.toml", help="which factors, in tables [[computed]] "
        "(default: the packaged ones)")  # fmt: skip
    add("--calendar", type=duration, metavar="STEP", help="the calendar factors instead, each "
        "STEP of the market data's time, for example 1m")  # fmt: skip
    add("--recording", metavar="NAME", help="the name of the new recording (default: computed, "
        "with --calendar: calendar)")  # fmt: skip
    add("--instrument", action="append", metavar="ID", help="compute factors of this instrument "
        "only; may be given several times")  # fmt: skip
    add("--start", type=instant, metavar="INSTANT", help="use market data from here on, for "
        "example 2024-08-08T23:55 (UTC)")  # fmt: skip
    add("--end", type=instant, metavar="INSTANT", help="end before this instant")
    options = parser.parse_args(arguments)
    if options.calendar is not None and (options.factors or options.instrument):
        parser.error("--calendar: expected no --factors and no --instrument, found one of them")
    if options.recording is None:
        options.recording = "computed" if options.calendar is None else "calendar"
    return options


def duration(text: str) -> int:
    """Return a duration of the command line, nanoseconds.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.

    """
    try:
        return Duration.from_str(text).ns
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def instant(text: str) -> int:
    """Return an instant of the command line, UNIX nanoseconds.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.

    """
    try:
        return Instant.from_str(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(options: argparse.Namespace) -> None:
    """Compute and write, and print a summary.

    Raises
    ------
    ConfigError
        If the file or the catalog cannot be used.
    IncompleteRecordingError
        If not everything could be written; nothing is kept then.

    """
    # After the check of the command line: loading takes a second.
    from adapters.catalog.files.recovery import recover  # noqa: PLC0415
    from adapters.exf.registry.computed_file import read_specs  # noqa: PLC0415
    from backtests.inputs.computing.computed_inputs import find_inputs  # noqa: PLC0415
    from backtests.inputs.computing.computed_recording import (  # noqa: PLC0415
        check_new,
        write_recording,
    )
    from backtests.inputs.computing.market_remarks import market_remarks  # noqa: PLC0415

    check_new(options.catalog, options.recording)
    specs = read_specs(options.factors)
    # Market data that a killed producer left in no file yet.
    recover(options.catalog)
    for remark in market_remarks(options.catalog):
        report(remark)
    inputs = find_inputs(options.catalog, specs, options.instrument)
    start_ns = inputs.first_ns if options.start is None else options.start
    end_ns = inputs.end_ns if options.end is None else options.end
    inputs.check_window(start_ns, end_ns)
    for reason in inputs.reasons():
        report(f"left out: {reason}")
    tables = ", ".join(f"{t.kind} of {t.identifier}" for t in inputs.tables)
    report(f"{len(inputs.specs)} factors from {tables}")
    started_s = time.monotonic()
    source = f"computed with {options.factors or 'the packaged factors'}"
    with ProgressBar(start_ns, end_ns, CHUNK_ROWS) as bar:
        events = 0

        def show(rows: int, at_ns: int) -> bool:
            nonlocal events
            events += rows
            bar.show(events, at_ns)
            return True

        batches = inputs.batches(start_ns, end_ns, bar.rows, show)
        records, size = write_recording(options.catalog, options.recording, source, batches)
    took_s = time.monotonic() - started_s
    say(
        f"Computed {records:,} records of {len(inputs.specs)} factors from {events:,} events in "
        f"{took_s:.1f} s ({events / max(took_s, 1e-9):,.0f}/s), {size / 1e6:,.1f} MB, into "
        f"{options.catalog} as recording {options.recording!r}"
    )
    say(next_step(options))


def run_calendar(options: argparse.Namespace) -> None:
    """Write the calendar factors at regular instants, and print a summary.

    Raises
    ------
    ConfigError
        If the catalog cannot be used.
    IncompleteRecordingError
        If not everything could be written; nothing is kept then.

    """
    from adapters.catalog.files.recovery import recover  # noqa: PLC0415
    from backtests.inputs.computing.calendar_batches import (  # noqa: PLC0415
        calendar_batches,
        market_span,
    )
    from backtests.inputs.computing.computed_recording import (  # noqa: PLC0415
        check_new,
        write_recording,
    )

    check_new(options.catalog, options.recording)
    recover(options.catalog)
    start_ns, end_ns = market_span(options.catalog, options.start, options.end)
    with ProgressBar(start_ns, end_ns, CHUNK_ROWS) as bar:
        batches = calendar_batches(start_ns, end_ns, options.calendar, bar.show)
        records, size = write_recording(
            options.catalog, options.recording, "calendar factors", batches, after_market=False
        )
    say(
        f"Wrote {records:,} records of the calendar factors, {size / 1e6:,.1f} MB, into "
        f"{options.catalog} as recording {options.recording!r}"
    )
    say(next_step(options))


def next_step(options: argparse.Namespace) -> str:
    """Return what is done with a recording that is there now."""
    where = f"--catalog {options.catalog} --recording {options.recording}"
    return f"next: run_backtest.py {where} --strategy my_module:MyStrategy"


def report(text: str) -> None:
    """Print a line about the work, apart from the result."""
    say(text, to=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        run(options) if options.calendar is None else run_calendar(options)
    except ConfigError as error:
        report(f"compute_factors.py: {error}")
        return BAD_CONFIG
    except (DolphinError, OSError) as error:
        report(f"compute_factors.py: {error}")
        return FAILED
    except KeyboardInterrupt:
        report("compute_factors.py: interrupted; nothing was kept")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    leave_out_script_folder()
    # SIGTERM as Ctrl-C: what was written is taken back.
    interrupt_at_stop_signals()
    sys.exit(main())
