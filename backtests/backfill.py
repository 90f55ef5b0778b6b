"""Write the archive files of exchanges into a catalog, under the names of the live factors."""

from __future__ import annotations

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Before the other imports, which take a second.
    leave_at_stop_signals("backfill.py", LEFT_AT_ONCE)

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.catalog.files.catalog_layout import check_recording_name
from adapters.command.output_place import check_out_file
from adapters.command.terminal import say
from dolphin_strategies.errors import ConfigError, DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES: Final = """\
examples:
  backfill.py DOWNLOADS --catalog CATALOG --dry-run
  backfill.py DOWNLOADS --catalog CATALOG --report coverage.html
  backfill.py DOWNLOADS --catalog CATALOG --rest
  compute_factors.py --catalog CATALOG
  run_backtest.py --catalog CATALOG --recording backfill --strategy my_module:MyStrategy

docs/backfill.md has a table of the formats. What is in the catalog already is skipped, so that a
run can be repeated, after Ctrl-C too.
exit codes: 0 everything is in the catalog; 1 some files cannot be used, or not everything could
be written (what was written is whole); 2 bad usage or catalog; 130 interrupted.
"""
MOST_REST_DAYS: Final = 400
FAILED: Final = 1
BAD_CONFIG: Final = 2
INTERRUPTED: Final = 130


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="backfill.py",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="the files as they were downloaded, zip, "
        "gz or csv, in any folders below it")  # fmt: skip
    add("--catalog", type=Path, required=True, metavar="DIR", help="made if missing")
    add("--recording", default="backfill", metavar="NAME", help="the recording of the factors; "
        "that of market data is NAME_market (default: backfill)")  # fmt: skip
    add("--factors", type=Path, action="append", default=[], metavar="FILE.toml",
        help="your own factor names, as for run_exf.py; may be given several times")  # fmt: skip
    add("--instruments", type=Path, metavar="FILE.toml", help="[[instruments]] as in an import "
        "spec (default: the catalog's, else made of the data's decimals)")  # fmt: skip
    add("--rest", nargs="*", metavar="VENUE/ASSET", help="fill up to the present from what the "
        "exchanges' endpoints tell of the past: of the catalog's archives, or of these, such as "
        "bybit/BTC deribit/ETH")  # fmt: skip
    add("--rest-days", type=int, default=60, metavar="N", help="how far back --rest asks at most "
        "(default: 60)")  # fmt: skip
    add("--base-url", default="", metavar="URL", help="scheme and host that stand in for every "
        "exchange's, as in run_exf.py")  # fmt: skip
    add("--dry-run", action="store_true", help="state what would be done, and write nothing")
    add("--report", type=Path, metavar="FILE.html", help="a page of what the catalog covers: "
        "factors and market data by day")  # fmt: skip
    options = parser.parse_args(arguments)
    if not 0 < options.rest_days <= MOST_REST_DAYS:
        parser.error(f"--rest-days: expected 1 to {MOST_REST_DAYS}")
    return options


def run(options: argparse.Namespace) -> int:
    """Plan, convert and write, and print a summary; return the exit code.

    Raises
    ------
    ConfigError
        If the folder, a file of settings or the catalog cannot be used.
    IncompleteBackfillError
        If not everything could be written; what was written is whole.

    """
    # After the check of the command line: loading takes a second.
    from backtests.importing.backfilling.running.command import backfill  # noqa: PLC0415

    started_s = time.monotonic()
    check_recording_name(options.recording)
    check_out_file(options.report, "--report")
    text, is_whole = backfill(options, report)
    say(text)
    if options.rest is not None:
        from backtests.importing.backfilling.recent.recent_command import (  # noqa: PLC0415
            fill_recent,
        )

        text, is_filled = fill_recent(options, report)
        is_whole &= is_filled
        say(text)
    if not options.dry_run:
        say(f"in {time.monotonic() - started_s:.1f} s")
        say(f"next: compute_factors.py --catalog {options.catalog}, then run_backtest.py with it")
    return 0 if is_whole else FAILED


def report(text: str) -> None:
    """Print a line about the work, apart from the result."""
    say(text, to=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return run(options)
    except ConfigError as error:
        report(f"backfill.py: {error}")
        return BAD_CONFIG
    except (DolphinError, OSError) as error:
        report(f"backfill.py: {error}")
        return FAILED
    except KeyboardInterrupt:
        report("backfill.py: interrupted; what was written is whole, run it again for the rest")
        return INTERRUPTED


if __name__ == "__main__":
    # SIGTERM as Ctrl-C: what was begun is given up.
    interrupt_at_stop_signals()
    sys.exit(main())
