"""The work of ``backfill.py --rest``: asking the endpoints, and writing what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import read_journal
from adapters.command.progress_bar import StepProgress
from backtests.importing.backfilling.factors.live_names import LiveNames
from backtests.importing.backfilling.recent.recent_weeks import RecentWeeks
from backtests.importing.backfilling.running.backfill_run import (
    ARCHIVE,
    market_recording,
)
from backtests.importing.backfilling.running.command import write_archives
from backtests.importing.backfilling.running.taken_spans import TakenSpans

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from backtests.importing.backfilling.recent.recent_download import RecentRows
    from backtests.importing.backfilling.recent.recent_tasks import RecentTask

SOURCE: Final = "the exchanges' endpoints"
HOUR_MS: Final = 3_600_000


def fill_recent(options: argparse.Namespace, report: Callable[[str], None]) -> tuple[str, bool]:
    """Fill the catalog from its newest data to the present.

    Parameters
    ----------
    options : argparse.Namespace
        As ``backfill.py`` parses them.
    report : callable
        Called with lines about the work.

    Returns
    -------
    tuple of str and bool
        The summary, and whether everything that was asked is in the catalog now.

    Raises
    ------
    ConfigError
        If an asset or the catalog cannot be used.
    IncompleteBackfillError
        If not everything could be written.

    """
    names = LiveNames(options.factors)
    weeks = _weeks(options, names)
    weeks.plan(options.rest, options.rest_days)
    if options.dry_run:
        return f"{weeks.text()}\nnothing was asked", True
    if not weeks.tasks:
        return weeks.text(), True
    for task in weeks.tasks:
        if task.hole:
            report(f"{task.target.venue} {task.symbol} {task.name}: {task.hole}")
    with StepProgress(_hours(weeks.tasks), "hours asked for") as bar:

        def show(task: RecentTask, asked_ms: int) -> None:
            bar.add(asked_ms / HOUR_MS, f"{task.target.venue} {task.symbol} {task.name}")

        rows = weeks.ask(options.base_url, show)
    for task, why in rows.failed:
        report(f"failed: {task.target.venue} {task.symbol} {task.name}: {why}")
    text, is_whole, there = write_archives(weeks.folder, SOURCE, options, names, report)
    weeks.forget(there)
    return f"{_told(rows)}\n{text}", is_whole and not rows.failed


def _weeks(options: argparse.Namespace, names: LiveNames) -> RecentWeeks:
    journal = options.catalog / catalog_layout.RECORDINGS
    journal /= f"{market_recording(options.recording)}/{catalog_layout.JOURNAL}"
    events = [event for event in read_journal(journal) if event["event"] == ARCHIVE]
    taken = TakenSpans(options.catalog)
    return RecentWeeks(options.catalog, options.recording, names, events, taken.of)


def _told(rows: RecentRows) -> str:
    requests = sum(counts.requests for _, counts in rows.done)
    found = sum(counts.rows for _, counts in rows.done)
    again = sum(counts.repeated for _, counts in rows.done)
    retries = sum(counts.retries for _, counts in rows.done)
    return (
        f"asked {len(rows.done)} of {len(rows.done) + len(rows.failed)} histories with "
        f"{requests:,} requests, {retries:,} of them again: {found:,} rows, {again:,} came twice"
    )


def _hours(tasks: list[RecentTask]) -> float:
    return sum(task.end_ms - task.start_ms for task in tasks) / HOUR_MS
