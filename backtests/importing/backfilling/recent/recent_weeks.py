"""RecentWeeks: fills a catalog from its newest archives to the present."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog.files import catalog_layout
from adapters.command.instants import show_instant
from adapters.command.text_table import text_table
from adapters.exchanges import known_venues
from backtests.importing.backfilling.factors.stored_factors import read_stored
from backtests.importing.backfilling.recent.combined_rows import write_combined
from backtests.importing.backfilling.recent.recent_download import download
from backtests.importing.backfilling.recent.recent_tasks import (
    MS_NS,
    Newest,
    Target,
    combinations_of,
    recent_tasks,
    targets_in,
    targets_of,
)
from backtests.importing.backfilling.recent.rows_file import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from backtests.importing.backfilling.factors.live_names import LiveNames
    from backtests.importing.backfilling.recent.recent_download import RecentRows
    from backtests.importing.backfilling.recent.recent_tasks import RecentTask

DAYS: Final = 60


class RecentWeeks:
    """The rows that endpoints have and a catalog lacks.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    recording : str
        The recording of factors.
    names : LiveNames
        The names of factors.
    events : iterable of dict
        The journal's lines about archives: ``archive``, of which the first two are the venue and
        the symbol, and ``last_ns``.
    spans : callable
        A folder of market data → its ranges of ``ts_init``, UNIX nanoseconds.

    Attributes
    ----------
    tasks : list of RecentTask
        What is to be asked, once :meth:`plan` has been called.

    """

    def __init__(
        self,
        catalog: Path,
        recording: str,
        names: LiveNames,
        events: Iterable[dict[str, Any]],
        spans: Callable[[str], list[tuple[int, int]]],
    ) -> None:
        self.tasks: list[RecentTask] = []
        self._catalog: Final = catalog
        self._names: Final = names
        ends: dict[Target, int] = {}
        for event in events:
            for target in targets_of([(event["archive"][0], event["archive"][1])], names):
                ends[target] = max(ends.get(target, 0), int(event["last_ns"]))
        self._newest: Final = Newest(
            stored=read_stored(catalog, recording), spans=spans, archives_ns=ends
        )

    @property
    def folder(self) -> Path:
        """Where the rows are kept until they are written."""
        return self._catalog / FOLDER

    def plan(self, wanted: Sequence[str], days: int, now_ns: int | None = None) -> None:
        """Find out what is to be asked.

        Parameters
        ----------
        wanted : sequence of str
            ``VENUE/ASSET``; without any those of the catalog's archives.
        days : int
            How far back it is asked at most.
        now_ns : int, optional
            The present, UNIX nanoseconds.

        Raises
        ------
        ConfigError
            If a venue tells nothing of its past.

        """
        targets = targets_in(wanted) or list(self._newest.archives_ns)
        now_ms = (time.time_ns() if now_ns is None else now_ns) // MS_NS
        self.tasks = recent_tasks(targets, self._names, self._newest, now_ms, days)

    def text(self) -> str:
        """Return what is to be asked, as a table."""
        cells = [("venue", "of", "history", "from", "to", "remark")]
        cells += [
            (
                task.target.venue,
                task.symbol,
                task.name,
                show_instant(task.start_ms * MS_NS),
                show_instant(task.end_ms * MS_NS),
                task.hole,
            )
            for task in self.tasks
        ]
        return text_table(cells) if self.tasks else "nothing is to be asked of any endpoint"

    def ask(self, base_url: str, on_progress: Callable[[RecentTask, int], None]) -> RecentRows:
        """Ask the endpoints; the rows are in files of ``folder`` then.

        Raises
        ------
        ConfigError
            If a kept file cannot be used.
        OSError
            If the rows cannot be written.

        """
        catalog_layout.make_folder(self._catalog, FOLDER)
        rows = download(self.tasks, self.folder, base_url, on_progress)
        for target in dict.fromkeys(task.target for task in self.tasks):
            venue = known_venues()[target.venue]
            for combination in combinations_of(target, self._names):
                symbol = venue.symbol_of(venue.endpoints[combination.endpoint], target.asset)
                write_combined(self.folder, target, combination, self.tasks, symbol)
        return rows

    def forget(self, paths: Iterable[Path]) -> None:
        """Remove files whose rows are in the catalog now."""
        for path in paths:
            with suppress(FileNotFoundError):
                path.unlink()
        with suppress(OSError):
            self.folder.rmdir()
