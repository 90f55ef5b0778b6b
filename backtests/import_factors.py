"""Import files of factors and market data into a catalog."""

from __future__ import annotations

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Before the other imports, which take a second.
    leave_at_stop_signals("import_factors.py", LEFT_AT_ONCE)

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.catalog.files.catalog_layout import check_recording_name
from adapters.command.progress_bar import StepProgress
from adapters.command.terminal import say
from backtests.importing.catalog_import import check_catalog, write_import
from backtests.importing.content.import_content import read_content
from backtests.importing.import_summary import factor_table, market_table
from backtests.importing.spec.spec_reader import read_spec
from dolphin_strategies.errors import ConfigError, DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES: Final = """\
examples:
  import_factors.py --spec docs/examples/import_ten_days.toml --catalog recordings/ten_days
  import_factors.py --spec docs/examples/import_btcusdt_15m.toml --data FOLDER --check
  import_factors.py --spec docs/examples/import_btcusdt_15m.toml --data FOLDER --catalog CATALOG

docs/import.md describes how a spec is written and how to choose a publication delay.
exit codes: 0 imported; 1 not everything could be written, nothing was kept; 2 bad usage, spec or
file, or the catalog holds it already; 130 interrupted, nothing was kept.
"""
FAILED: Final = 1
BAD_SPEC: Final = 2
INTERRUPTED: Final = 130


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="import_factors.py",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--spec", type=Path, required=True, metavar="FILE.toml", help="what to import")
    add("--catalog", type=Path, metavar="DIR", help="the catalog's folder; made if missing")
    add("--data", type=Path, metavar="DIR", help="where the files are (default: beside the spec)")
    add("--name", help="the recording's name (default: the spec's)")
    add("--replace", action="store_true", help="replace what an import of this name wrote before")
    add("--check", action="store_true", help="read and check everything, write nothing")
    options = parser.parse_args(arguments)
    if options.catalog is None and not options.check:
        parser.error("--catalog is needed, unless with --check")
    return options


def run(options: argparse.Namespace) -> None:
    """Read, check and import the files that the command line names, and print a summary.

    Raises
    ------
    ConfigError
        If the spec, a file or the catalog cannot be used.
    IncompleteImportError
        If not everything could be written; nothing is kept then.

    """
    started = time.monotonic()
    spec = read_spec(options.spec)
    name = check_recording_name(options.name) if options.name else spec.settings.name
    content = read_content(spec, options.data or options.spec.parent, report)
    if content.factors:
        say(factor_table(content))
    if content.market:
        say(market_table(content))
    if options.catalog is not None:
        check_catalog(options.catalog, name, content, replace=options.replace)
    what = (
        f"{len(content.instants):,} records of {len(content.factors)} factors and "
        f"{content.rows - len(content.instants):,} rows of market data"
    )
    if options.check:
        say(f"OK: {what}; nothing was written")
        return
    described = content.described(options.spec.name)
    with StepProgress(content.rows, "rows") as progress:
        write_import(options.catalog, name, described, content, progress.add)
    seconds = time.monotonic() - started
    say(f"Imported {what} into {options.catalog} as recording {name!r} in {seconds:.1f} s")
    say(f"next: run_backtest.py --catalog {options.catalog} --strategy my_module:MyStrategy")


def report(text: str) -> None:
    """Print a line about the progress, apart from the result."""
    say(text, to=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        run(options)
    except ConfigError as error:
        report(f"import_factors.py: {error}")
        return BAD_SPEC
    except (DolphinError, OSError) as error:
        report(f"import_factors.py: {error}")
        return FAILED
    except KeyboardInterrupt:
        report("import_factors.py: interrupted; nothing was imported")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    # SIGTERM as Ctrl-C: what was written is taken back.
    interrupt_at_stop_signals()
    sys.exit(main())
