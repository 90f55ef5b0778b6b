"""The work of ``backfill.py`` between its command line and its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import read_journal
from adapters.command.progress_bar import StepProgress
from backtests.importing.backfilling.archives.archive_search import find_archives
from backtests.importing.backfilling.coverage.coverage_page import write_page
from backtests.importing.backfilling.factors.live_names import LiveNames
from backtests.importing.backfilling.market.instruments import Instruments
from backtests.importing.backfilling.running.backfill_plan import make_plan
from backtests.importing.backfilling.running.backfill_run import (
    BackfillRun,
    known_archives,
    market_recording,
)
from backtests.importing.backfilling.running.summary import plan_text, remark_lines, result_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from backtests.importing.backfilling.archives.archive_search import Found
    from backtests.importing.backfilling.running.backfill_plan import BackfillPlan


def backfill(options: argparse.Namespace, report: Callable[[str], None]) -> tuple[str, bool]:
    """Do what the command line asks for.

    Parameters
    ----------
    options : argparse.Namespace
        As ``backfill.py`` parses them.
    report : callable
        Called with lines about the work.

    Returns
    -------
    tuple of str and bool
        The summary, and whether everything that was found is in the catalog now.

    Raises
    ------
    ConfigError
        If the folder, a file of settings or the catalog cannot be used.
    IncompleteBackfillError
        If not everything could be written.

    """
    names = LiveNames(options.factors)
    if options.dry_run:
        found = find_archives(options.folder)
        journal = options.catalog / catalog_layout.RECORDINGS
        journal /= f"{market_recording(options.recording)}/{catalog_layout.JOURNAL}"
        plan = _planned(found, known_archives(read_journal(journal)), report)
        return plan_text(plan), not plan.failed and not found.failed
    source = str(options.folder)
    text, is_whole, _ = write_archives(options.folder, source, options, names, report)
    return text, is_whole


def write_archives(
    folder: Path,
    source: str,
    options: argparse.Namespace,
    names: LiveNames,
    report: Callable[[str], None],
) -> tuple[str, bool, list[Path]]:
    """Write the archives of a folder into the catalog.

    Parameters
    ----------
    folder : Path
        The folder.
    source : str
        Where they are from, for lists of the catalog.
    options : argparse.Namespace
        As ``backfill.py`` parses them.
    names : LiveNames
        The names of factors.
    report : callable
        Called with lines about the work.

    Returns
    -------
    tuple of str, bool and list of Path
        The summary, whether everything that was found is in the catalog now, and the files that
        are.

    Raises
    ------
    ConfigError
        If a file of settings or the catalog cannot be used.
    IncompleteBackfillError
        If not everything could be written.

    """
    found = find_archives(folder)
    with BackfillRun(options.catalog, options.recording, source) as run:
        plan = _planned(found, run.known, report)
        instruments = Instruments(options.catalog, options.instruments)
        with StepProgress(sum(p.archive.size for p in plan.wanted) / 1e6, "MB") as bar:

            def show(planned: Any) -> None:
                bar.add(planned.archive.size / 1e6, planned.archive.label[-60:])

            result = run.run(plan, names, instruments, show)
    for archive, why in result.failed:
        report(f"failed: {archive.label}: {why}")
    if options.report is not None:
        failed = [f"{archive.label}: {why}" for archive, why in (*plan.failed, *result.failed)]
        failed += [f"{path}: {why}" for path, why in found.failed]
        write_page(
            options.report,
            options.catalog,
            (options.recording, market_recording(options.recording)),
            result.publications,
            [*failed, *remark_lines(plan, result)],
        )
        report(f"coverage: {options.report}")
    is_whole = not (plan.failed or found.failed or result.failed)
    there = [planned.archive.path for planned in (*plan.there, *(p for p, _ in result.done))]
    return result_text(plan, result), is_whole, there


def _planned(
    found: Found, known: set[tuple[str, ...]], report: Callable[[str], None]
) -> BackfillPlan:
    with StepProgress(len(found.archives), "archives looked at") as bar:
        plan = make_plan(found.archives, known, bar.add)
    for path, why in found.failed:
        report(f"left out: {path}: {why}")
    for archive, why in plan.failed:
        report(f"left out: {archive.label}: {why}")
    for archive, why in plan.left_out:
        report(f"left out: {archive.label}: {why}")
    return plan
