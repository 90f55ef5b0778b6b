"""Asking the endpoints: one venue beside the other, each within its limits, rows kept at once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adapters.exchanges import known_venues
from adapters.exf.polling.histories.history_reader import (
    HistoryCounts,
    HistoryError,
    HistoryReader,
)
from adapters.exf.polling.http_client import Fetcher
from adapters.exf.polling.venue_host import VenueHost
from backtests.importing.backfilling.recent.recent_tasks import RecentTask
from backtests.importing.backfilling.recent.rows_file import RowsFile, RowsName, kept_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from adapters.exchanges.venues.histories.history import HistoryRow


@dataclass(kw_only=True)
class RecentRows:
    """What the endpoints answered.

    Attributes
    ----------
    done : list of tuple
        What was asked to the end, and what it took.
    failed : list of tuple
        What was not, and why; the rows until then are kept for the next run.

    """

    done: list[tuple[RecentTask, HistoryCounts]] = field(default_factory=list)
    failed: list[tuple[RecentTask, str]] = field(default_factory=list)


def download(
    tasks: Sequence[RecentTask],
    folder: Path,
    base_url: str,
    on_progress: Callable[[RecentTask, int], None],
) -> RecentRows:
    """Ask for the rows of all tasks, and keep them in files.

    Parameters
    ----------
    tasks : sequence of RecentTask
        What to ask.
    folder : Path
        Where the rows are kept; a task whose file is there goes on after its last row.
    base_url : str
        Scheme and host that stand in for those of every venue; empty: their own.
    on_progress : callable
        Called with a task and the milliseconds of its span that were asked for since the last
        call.

    Raises
    ------
    ConfigError
        If a kept file cannot be used.
    OSError
        If the rows cannot be written.

    Notes
    -----
    May be interrupted at any time: whole lines are kept, and the next call goes on after them.

    """
    return asyncio.run(_all_venues(tasks, folder, base_url, on_progress))


async def _all_venues(
    tasks: Sequence[RecentTask],
    folder: Path,
    base_url: str,
    on_progress: Callable[[RecentTask, int], None],
) -> RecentRows:
    result = RecentRows()
    async with Fetcher() as fetcher:

        async def one_venue(venue: str) -> None:
            known = known_venues()[venue]
            url = base_url or known.base_url
            host = VenueHost(venue, url, known.weight_per_minute, time.monotonic)
            reader = HistoryReader(fetcher, host)
            for task in (t for t in tasks if t.target.venue == venue):
                try:
                    counts = await _one_task(reader, task, folder, on_progress)
                except HistoryError as error:
                    result.failed.append((task, str(error)))
                else:
                    result.done.append((task, counts))

        async with asyncio.TaskGroup() as group:
            for venue in dict.fromkeys(task.target.venue for task in tasks):
                group.create_task(one_venue(venue))
    return result


async def _one_task(
    reader: HistoryReader,
    task: RecentTask,
    folder: Path,
    on_progress: Callable[[RecentTask, int], None],
) -> HistoryCounts:
    own = (task.target.venue, task.name, task.symbol)
    name = kept_file(folder, *own) or RowsName(*own, task.start_ms)
    with RowsFile(folder, name, list(task.history.fields)) as file:
        start_ms = max(file.next_ms, task.start_ms)
        told_ms = task.start_ms

        def take(rows: list[HistoryRow], done_ms: int) -> None:
            nonlocal told_ms
            file.add(rows, done_ms)
            on_progress(task, max(done_ms - told_ms, 0))
            told_ms = max(done_ms, told_ms)

        return await reader.read(task.history, task.symbol, start_ms, task.end_ms, take)
