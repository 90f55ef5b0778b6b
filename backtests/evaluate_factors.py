"""Say what each factor of a catalog is worth: how well it predicts, how long, at what cost."""

from __future__ import annotations

import os

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # The factors are divided among threads already; read when numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Before the other imports, which take a second.
    leave_at_stop_signals("evaluate_factors.py", LEFT_AT_ONCE)

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.output_place import check_out_folder
from adapters.command.terminal import say
from adapters.command.user_code.user_modules import leave_out_script_folder
from backtests.evaluation.command_line import parse, settings_of
from backtests.run.research_extra import check_research_extra
from dolphin_strategies.errors import ConfigError, DolphinError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from backtests.evaluation.evaluation_settings import EvaluationSettings

FAILED: Final = 1
BAD_CONFIG: Final = 2
INTERRUPTED: Final = 130


def run(options: argparse.Namespace, settings: EvaluationSettings, out: Path) -> int:
    """Read, evaluate, print and write into ``out``; return the exit code.

    Raises
    ------
    DolphinError, OSError
        If something cannot be read, or the results cannot be written.
    KeyboardInterrupt
        If a signal came before an instrument was read.

    """
    # After the check of the command line: loading takes a second.
    from backtests.evaluation.evaluate import Measured, conclude, measure  # noqa: PLC0415
    from backtests.evaluation.evaluation_data import price_tables, read_data  # noqa: PLC0415
    from backtests.evaluation.page.results import write_results  # noqa: PLC0415
    from backtests.evaluation.page.summary_text import summary_text  # noqa: PLC0415
    from backtests.run.interrupt import Interrupt  # noqa: PLC0415

    tables = price_tables(options.catalog, settings)
    measured: list[Measured] = []
    for table in tables:
        try:
            data = read_data(options.catalog, settings, table)
        except KeyboardInterrupt:
            if not measured:
                raise
            break
        for line in data.describe():
            say(line)
        with Interrupt() as interrupt:
            one = measure(data, settings, lambda: interrupt.is_asked)
        if one.drafts:
            measured.append(one)
        if len(one.drafts) < len(data.names):
            break
    if not measured:
        say("evaluate_factors.py: interrupted before a factor was finished", to=sys.stderr)
        return INTERRUPTED
    evaluations = conclude(measured)
    for found in evaluations:
        name = found.facts["instrument"]
        folder = out if len(tables) == 1 else out / name.replace("/", "-")
        page = write_results(folder, found)
        if len(tables) > 1:
            say(f"\n{name}")
        say(summary_text(found))
        say(f"\n{page} shows all of it; {folder / 'evaluation.json'} has every figure")
    is_whole = all(len(found.factors) == found.asked for found in evaluations)
    return 0 if is_whole and len(evaluations) == len(tables) else INTERRUPTED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        check_research_extra("evaluate_factors.py", "arch", "scipy")
        settings = settings_of(options)
        out = options.out or Path(f"evaluation-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        check_out_folder(out)
        return run(options, settings, out)
    except ConfigError as error:
        say(f"evaluate_factors.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    except (DolphinError, OSError) as error:
        say(f"evaluate_factors.py: {error}", to=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        say("evaluate_factors.py: ended by a signal; nothing was written", to=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    leave_out_script_folder()
    interrupt_at_stop_signals()
    sys.exit(main())
