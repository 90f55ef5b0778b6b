"""Converting one archive into files of market data, and values of factors."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from backtests.importing.backfilling.archives.archive_file import MOST_BYTES
from backtests.importing.backfilling.archives.csv_blocks import read_tables
from backtests.importing.backfilling.archives.real_file import ArchiveError
from backtests.importing.backfilling.formats.exact_decimals import NotExactError, fast_types
from backtests.importing.backfilling.market.conversion import Conversion, NotInOrderError
from backtests.importing.backfilling.market.decimals import states_decimals
from backtests.importing.backfilling.market.row_sink import RowSink, Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from threading import Event

    from adapters.catalog.writing.table_file import TableFile
    from backtests.importing.backfilling.archives.archive_file import Archive
    from backtests.importing.backfilling.formats.format_table import Recognised
    from backtests.importing.backfilling.market.decimals import Decimals

MOST_ROWS_IN_MEMORY: Final = 8_000_000
"""Rows of a file that must be sorted as a whole, or is read as a whole."""


class StoppedError(Exception):
    """The run ends; what was begun is given up."""


class ArchiveConverter:
    """Converts archives; an object may be used by several threads.

    Parameters
    ----------
    new_file : callable
        A schema → a new file.
    metadata : callable
        A folder → Nautilus's metadata of its files.
    decimals : callable
        A folder → the decimals that are in that metadata; None: it has no prices.
    stop : threading.Event
        Ends every conversion soon once it is set.

    """

    def __init__(
        self,
        new_file: Callable[[pa.Schema], TableFile],
        metadata: Callable[[str], Mapping[str, str]],
        decimals: Callable[[str], Decimals],
        stop: Event,
    ) -> None:
        self._new_file: Final = new_file
        self._metadata: Final = metadata
        self._decimals: Final = decimals
        self._stop: Final = stop

    def convert(
        self, archive: Archive, found: Recognised, taken: Callable[[str], Spans]
    ) -> Conversion:
        """Convert an archive.

        Parameters
        ----------
        archive : Archive
            The archive.
        found : Recognised
            Its format.
        taken : callable
            A folder → the ranges that the catalog has, of which nothing is written again.

        Raises
        ------
        ArchiveError
            If it cannot be read, or its prices have more decimals than the instrument.
        OSError
            If a file cannot be written.
        StoppedError
            If the run ends.

        """
        is_streamed, is_exact = found.format.is_streamed, not found.format.is_streamed
        while True:
            reader = partial(self._tables, archive, found, is_streamed, is_exact)
            try:
                return self._converted(reader, found, taken, is_streamed=is_streamed)
            except NotInOrderError:
                # All blocks become one table, and have one type.
                is_streamed, is_exact = False, True
            except NotExactError:
                is_exact = True

    def _converted(
        self,
        reader: Callable[[], Iterator[pa.Table]],
        found: Recognised,
        taken: Callable[[str], Spans],
        *,
        is_streamed: bool,
    ) -> Conversion:
        result, sinks = Conversion(), {}
        try:
            for table in reader():
                self._check_stop()
                result.rows += table.num_rows
                try:
                    converted = found.format.convert(table, found.origin)
                except (ValueError, pa.ArrowException) as error:
                    msg = f"cannot be used: {error}"
                    raise ArchiveError(msg) from None
                result.series += converted.series
                result.notes.update(converted.notes)
                for folder, batch in converted.tables:
                    if folder not in sinks:
                        sinks[folder] = RowSink(
                            partial(self._open, folder),
                            partial(self._check, folder),
                            taken(folder),
                            result,
                        )
                    sinks[folder].add(batch, found.format.series_id, is_last=not is_streamed)
            for folder, sink in sinks.items():
                result.files += [(file, folder) for file in sink.finish()]
        except BaseException:
            for sink in sinks.values():
                sink.remove()
            result.discard()
            raise
        return result

    @staticmethod
    def _tables(
        archive: Archive,
        found: Recognised,
        is_streamed: bool,  # noqa: FBT001 - of partial
        is_exact: bool,  # noqa: FBT001
    ) -> Iterator[pa.Table]:
        tables = rows_of(archive, found, is_exact=is_exact)
        if is_streamed:
            yield from tables
        elif whole := list(_bounded(tables)):
            yield pa.concat_tables(whole).combine_chunks()

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise StoppedError

    def _open(self, folder: str, schema: pa.Schema) -> TableFile:
        """Return a new file of a folder."""
        return self._new_file(schema.with_metadata(self._metadata(folder) or schema.metadata))

    def _check(self, folder: str, batch: pa.RecordBatch) -> None:
        """Refuse prices and sizes with more decimals than the metadata states.

        Raises
        ------
        ArchiveError
            If there are some.

        """
        if not states_decimals(folder):
            return
        decimals = self._decimals(folder)
        if not decimals.are_those_of(batch):
            found = decimals.with_those_of(batch)
            msg = (
                f"has prices of {found.price} and sizes of {found.size} decimals: expected at "
                f"most {decimals.price} and {decimals.size}, as its instrument has; state the "
                "increments with --instruments"
            )
            raise ArchiveError(msg)


def rows_of(archive: Archive, found: Recognised, *, is_exact: bool) -> Iterator[pa.Table]:
    """Yield the rows of an archive as its format reads them.

    Raises
    ------
    ArchiveError
        If it cannot be read.

    """
    if found.format.read is not None:
        return found.format.read(archive, found.origin, MOST_BYTES)
    types = found.format.types_of(found.shape)
    return read_tables(
        archive,
        [column.name for column in found.shape],
        types,
        has_header=found.has_header,
        other_types=types if is_exact else fast_types(types),
    )


def _bounded(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    rows = 0
    for table in tables:
        rows += table.num_rows
        if rows > MOST_ROWS_IN_MEMORY:
            msg = (
                f"has more than {MOST_ROWS_IN_MEMORY:,} rows, which must be sorted in memory; use "
                "the daily files instead of the monthly one"
            )
            raise ArchiveError(msg)
        yield table
