"""BackfillRun: one run, from the planned archives to files in a catalog."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event
from typing import TYPE_CHECKING, Any, Final, Self

from adapters.catalog.writing.table_recording import TableRecording
from backtests.importing.backfilling.archives.real_file import ArchiveError, check_checksum
from backtests.importing.backfilling.factors.derived_values import derive, filled_up
from backtests.importing.backfilling.factors.factor_recording import (
    FactorRecording,
    IncompleteBackfillError,
)
from backtests.importing.backfilling.factors.factor_values import FactorValues
from backtests.importing.backfilling.factors.stored_factors import laid_over, read_stored
from backtests.importing.backfilling.market.conversion import Conversion
from backtests.importing.backfilling.market.decimals import Decimals
from backtests.importing.backfilling.market.instruments import (
    Instruments,
    instrument_of,
    metadata_of,
)
from backtests.importing.backfilling.market.market_files import ArchiveConverter
from backtests.importing.backfilling.running.backfill_result import BackfillResult
from backtests.importing.backfilling.running.taken_spans import TakenSpans

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    import pyarrow as pa

    from adapters.catalog.writing.table_file import TableFile
    from backtests.importing.backfilling.factors.live_names import LiveNames
    from backtests.importing.backfilling.running.backfill_plan import BackfillPlan, Planned

ARCHIVE: Final = "archive"
"""The journal's event of an archive whose content is in the catalog."""
_WORKERS: Final = min(4, os.cpu_count() or 1)
"""Archives that are converted at once; each takes up to some 60 MB."""


class BackfillRun:
    """Writes archives into a catalog; used as a context.

    Parameters
    ----------
    catalog : Path
        The catalog's folder; made if missing.
    name : str
        The recording of factors; that of market data is called ``NAME_market``.
    source : str
        What is backfilled, for lists of the catalog.

    Attributes
    ----------
    known : set of tuple of str
        The keys of the archives that the catalog has.

    Raises
    ------
    ConfigError
        If the catalog cannot be written, or another process backfills it.

    Notes
    -----
    The archives are converted in threads, which share nothing but the queue of results; files
    are placed, and the journal is written, in the calling thread.

    """

    def __init__(self, catalog: Path, name: str, source: str) -> None:
        self._catalog: Final = catalog
        self._name: Final = name
        self._factors: Final = FactorRecording(catalog, name, source)
        self._recording: Final = TableRecording(catalog, market_recording(name), source)
        self._stop: Final = Event()
        self._numbers: Final = count(1)
        self._taken: Final = TakenSpans(catalog)
        try:
            self._factors.finish()
        except BaseException:
            self._recording.close()
            raise
        self.known: Final = known_archives(self._recording.events)
        events = [e for e in self._recording.events if e["event"] == ARCHIVE]
        self._direct: Final = {name for event in events for name in event["factors"]}

    def run(
        self,
        plan: BackfillPlan,
        names: LiveNames,
        instruments: Instruments,
        on_archive: Callable[[Planned], None],
        on_records: Callable[[int], None] = lambda _: None,
    ) -> BackfillResult:
        """Convert and write what a plan wants.

        Parameters
        ----------
        plan : BackfillPlan
            The archives.
        names : LiveNames
            The names of factors.
        instruments : Instruments
            The definitions of instruments.
        on_archive : callable
            Called with each archive that is finished or failed.
        on_records : callable
            Called with the number of records of factors after each write.

        Raises
        ------
        IncompleteBackfillError
            If the catalog cannot be written to the end; what was placed is whole.

        """
        decimals = instruments.define(plan.decimals())
        result = BackfillResult(values=FactorValues(names), instruments=instruments)
        converter = ArchiveConverter(
            self._new_file,
            lambda folder: metadata_of(folder, _of(folder, decimals)),
            lambda folder: _of(folder, decimals),
            self._stop,
        )
        waiting: list[tuple[Planned, list[str]]] = []
        try:
            for planned, outcome in self._converted(plan, converter):
                if isinstance(outcome, ArchiveError):
                    result.failed.append((planned.archive, str(outcome)))
                elif factors := self._take(planned, outcome, converter, result):
                    waiting.append((planned, factors))
                on_archive(planned)
            self._write_factors(result, waiting, on_records)
        except OSError as error:
            msg = f"{self._catalog} cannot be written: {error}; make room and run again"
            raise IncompleteBackfillError(msg) from error
        return result

    def close(self) -> None:
        """Stop the threads and release the catalog; a run that was interrupted can be repeated."""
        self._stop.set()
        self._recording.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new_file(self, schema: pa.Schema) -> TableFile:
        return self._recording.new_file(next(self._numbers), schema)

    def _converted(self, plan: BackfillPlan, converter: ArchiveConverter) -> Any:
        """Yield each archive with what became of it, in the order of the plan."""
        running: deque[tuple[Planned, Future[Conversion | ArchiveError]]] = deque()
        left = iter(plan.wanted)
        pool = ThreadPoolExecutor(_WORKERS, "backfill")
        try:
            while True:
                while len(running) < 2 * _WORKERS and (planned := next(left, None)) is not None:
                    job = pool.submit(_convert, planned, converter, self._taken.of)
                    running.append((planned, job))
                if not running:
                    return
                planned, job = running.popleft()
                yield planned, job.result()
        finally:
            self._stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            self._stop.clear()
            for _, job in running:
                if not job.cancelled() and job.exception() is None:
                    outcome = job.result()
                    if isinstance(outcome, Conversion):
                        outcome.discard()

    def _take(
        self,
        planned: Planned,
        conversion: Conversion,
        converter: ArchiveConverter,
        result: BackfillResult,
    ) -> list[str]:
        """Place the files of an archive; return its factors, which are written later."""
        files = conversion.files
        if any(self._taken.overlaps(into, f.first_ns, f.last_ns) for f, into in files):
            # An archive before it in this run had some of the same time.
            conversion.discard()
            again = _convert(planned, converter, self._taken.of)
            if isinstance(again, ArchiveError):
                result.failed.append((planned.archive, str(again)))
                return []
            conversion, files = again, again.files
        for file, folder in files:
            result.instruments.write(instrument_of(folder))
            self._recording.place(file, folder)
            self._taken.add(folder, file.first_ns, file.last_ns)
            result.market[folder] += file.rows
        factors = result.values.add(planned.found.origin, conversion.series)
        result.rows += conversion.rows
        result.done.append((planned, conversion))
        if not factors:
            self._note(planned, conversion)
        return factors

    def _write_factors(
        self,
        result: BackfillResult,
        waiting: list[tuple[Planned, list[str]]],
        on_records: Callable[[int], None],
    ) -> None:
        stored = read_stored(self._catalog, self._name)
        found = {f.live.name: f for f in result.values.factors()}
        known = {
            name: laid_over(stored.publications.get(name), factor)
            for name, factor in found.items()
        }
        known = stored.publications | known
        direct = self._direct | set(found)
        derived = result.values.derived(self._assets(result.values))
        derived = [live for live in derived if live.name not in direct]
        others = {name: p for name, p in known.items() if name not in {d.name for d in derived}}
        made = derive(others, derived)
        known |= {name: filled_up(p, stored.publications.get(name)) for name, p in made.items()}
        result.publications = [p for name, p in known.items() if not name.startswith("_")]
        if waiting and result.publications:
            result.records = self._factors.write(result.publications, stored.instants, on_records)
        else:
            result.records = len(stored.instants)
        conversions = {id(planned): conversion for planned, conversion in result.done}
        for planned, factors in waiting:
            self._note(planned, conversions[id(planned)], factors)

    def _assets(self, values: FactorValues) -> list[str]:
        """Return the assets of the archives of earlier runs."""
        of = {key[:2] for key in self.known}
        return list(filter(None, (values.names.asset_of(*one) for one in sorted(of))))

    def _note(self, planned: Planned, conversion: Conversion, factors: Sequence[str] = ()) -> None:
        self._recording.note(
            ARCHIVE,
            is_durable=False,
            archive=list(planned.key),
            factors=list(factors),
            rows=conversion.rows,
            first_ns=conversion.first_ns,
            last_ns=conversion.last_ns,
            missing=conversion.missing,
            notes=dict(conversion.notes),
        )


def market_recording(name: str) -> str:
    """Return the name of the recording of market data that belongs to one of factors."""
    return f"{name}_market"


def known_archives(events: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    """Return the keys of the archives that a journal has."""
    return {tuple(event["archive"]) for event in events if event["event"] == ARCHIVE}


def _convert(
    planned: Planned, converter: ArchiveConverter, taken: Callable[[str], Any]
) -> Conversion | ArchiveError:
    """Convert an archive, in any thread; one that cannot be used is no error of the run."""
    try:
        check_checksum(planned.archive.path)
        return converter.convert(planned.archive, planned.found, taken)
    except FileNotFoundError as error:
        return ArchiveError(f"is gone: {error}")
    except ArchiveError as error:
        return error


def _of(folder: str, decimals: dict[str, Decimals]) -> Decimals:
    return decimals.get(instrument_of(folder), Decimals())
