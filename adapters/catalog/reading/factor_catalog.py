"""FactorCatalog: reading recorded factors back."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.recovery import recover
from adapters.catalog.reading.forms.arrays import to_arrays, to_frame
from adapters.catalog.reading.forms.engine_data import to_engine_data
from adapters.catalog.reading.forms.sql_views import connect
from adapters.catalog.reading.market.presence.recorded_statuses import recorded_statuses
from adapters.catalog.reading.recordings import list_recordings, named
from adapters.catalog.reading.records.opened_files import copies_before, opened
from adapters.catalog.reading.records.time_merge import merged
from adapters.catalog.reading.verify import Damage, verify
from dolphin_strategies.errors import ConfigError, UnknownFactorError
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import timedelta

    import duckdb
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from adapters.catalog.reading.recordings import Recording
    from dolphin_strategies.factors.batch import FactorBatch

MAX_ROWS: Final = 8_192
_END_NS: Final = (1 << 63) - 1

_DAMAGE: Final = (
    *(OSError, ArithmeticError, LookupError, TypeError, ValueError),
    pa.ArrowException,
)
"""What reading a file raises that is damaged, or made by somebody who wanted it so."""


class DamagedFileWarning(UserWarning):
    """A query left out a file that cannot be read."""


class FactorCatalog:
    """The factors of a catalog: all recordings merged, or some.

    Times are UNIX nanoseconds of ``ts_init``; windows are half-open. Records flushed by a live
    recorder are read too. A file that cannot be read is left out with a
    :class:`DamagedFileWarning` and listed in ``damages``; ``verify`` finds all damage.

    Parameters
    ----------
    path : Path
        The catalog's folder.

    Attributes
    ----------
    damages : list of Damage
        The files that queries left out.

    Raises
    ------
    ConfigError
        If there is no catalog.

    """

    def __init__(self, path: Path) -> None:
        self.path: Final = Path(path)
        self.damages: list[Damage] = []
        if not (self.path / catalog_layout.DATA).is_dir():
            msg = f"{self.path} is no catalog: expected a folder in which there is a folder 'data'"
            raise ConfigError(msg)

    def recordings(self) -> list[Recording]:
        """Return the recordings in the order of their names."""
        found, damaged = list_recordings(self.path)
        for path, why in damaged:
            self._leave_out(path, why)
        return found

    def schema(self, recordings: Collection[str] | None = None) -> FactorSchema:
        """Return all factor names, in order of appearance.

        Raises
        ------
        ConfigError
            If there are no factors.

        """
        found = self._chosen(recordings)
        names = dict.fromkeys(name for r in found for s in r.schemas for name in s)
        if not names:
            msg = f"{self.path} has no factors: record or import some"
            raise ConfigError(msg)
        return FactorSchema(names)

    @property
    def first_ns(self) -> int | None:
        """The first ``ts_init`` of all files; None if there are none."""
        return min((r.first_ns for r in self.recordings() if r.first_ns is not None), default=None)

    @property
    def last_ns(self) -> int | None:
        """The last ``ts_init`` of all files; None if there are none."""
        return max((r.last_ns for r in self.recordings() if r.last_ns is not None), default=None)

    def batches(
        self,
        start_ns: int | None = None,
        end_ns: int | None = None,
        *,
        recordings: Collection[str] | None = None,
        names: Sequence[str] | None = None,
        max_rows: int = MAX_ROWS,
    ) -> Iterator[FactorBatch]:
        """Yield the records from ``start_ns`` to before ``end_ns`` in the order of ``ts_init``.

        A record that several recordings hold is yielded once, with the earliest ``ts_init``.

        Parameters
        ----------
        start_ns, end_ns : int, optional
            UNIX nanoseconds.
        recordings : collection of str, optional
            Their names; all by default.
        names : sequence of str, optional
            The factors and their order; NaN for a factor that a recording lacks. By default
            each batch has the factors of its file.
        max_rows : int
            The largest batch, which bounds the memory used.

        Raises
        ------
        ConfigError
            If there is no such recording.
        UnknownFactorError
            If no recording has a factor of one of the names.

        """
        schema = FactorSchema(names) if names is not None else None
        window = (start_ns or 0, _END_NS if end_ns is None else end_ns)
        while True:
            chosen = self._chosen(recordings)
            if schema is not None:
                self._check_names(chosen, schema)
            try:
                once = copies_before(chosen, window[0], self._guarded)
                cursors = opened(chosen, window, schema, max_rows, self._guarded)
                break
            except FileNotFoundError:
                continue  # a spool became a Parquet file since it was listed: list again
        yield from merged(cursors, once, max_rows)

    def arrays(
        self, names: Sequence[str], start_ns: int | None = None, end_ns: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return ``ts_init`` (int64, shape (records,)) and values (float64, (records, names)).

        Parameters
        ----------
        names, start_ns, end_ns
            As for :meth:`batches`.

        Raises
        ------
        UnknownFactorError
            If no recording has a factor of one of the names.

        """
        return to_arrays(list(self.batches(start_ns, end_ns, names=names)), names)

    def frame(
        self,
        names: Sequence[str] | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> pd.DataFrame:
        """Return the records as a DataFrame: ``ts_init`` in UTC as index, ``ts_event``,
        ``sequence`` and the factors as columns.

        Parameters
        ----------
        names, start_ns, end_ns
            As for :meth:`batches`; all factors by default.

        Raises
        ------
        UnknownFactorError
            If no recording has a factor of one of the names.

        """
        wanted = list(self.schema()) if names is None else list(names)
        return to_frame(list(self.batches(start_ns, end_ns, names=wanted)), wanted)

    def sql(
        self,
        query: str,
        parameters: Sequence[object] | None = None,
        *,
        recordings: Collection[str] | None = None,
    ) -> duckdb.DuckDBPyRelation:
        """Return the result of a DuckDB query over the views of the catalog.

        ``factors`` has each record once, NULL where a factor has no value; quotes, trades and
        other market data have views named as their folders. Rows are in no order unless the
        query states one.

        Parameters
        ----------
        query : str
            One SQL statement; it reads this catalog and nothing else.
        parameters : sequence, optional
            The values of ``?`` in it.
        recordings : collection of str, optional
            The recordings whose factors are in the view; all by default.

        Raises
        ------
        ConfigError
            If DuckDB is not installed, or if there is no such recording.
        duckdb.Error
            If the query is wrong, or if it meets a damaged file; ``verify`` finds those.

        """
        views = connect(self.path, partial(self._chosen, recordings))
        return views.sql(query, params=parameters)

    def engine_data(
        self,
        start_ns: int | None = None,
        end_ns: int | None = None,
        *,
        instruments: Collection[str] | None = None,
        max_price_age: timedelta | Mapping[str, timedelta] | None = None,
    ) -> list[Any]:
        """Return the records as data of a backtest engine; add them before any other data.

        Among them is what tells the engine where a market is not there: ``recorded_statuses``.
        Records made from market data (``is_after_market``) are added after it. The list takes
        about 1.1 kB per record of 85 factors; long backtests stream ``batches``.

        Parameters
        ----------
        start_ns, end_ns : int, optional
            As for :meth:`batches`.
        instruments, max_price_age
            As for ``recorded_statuses`` in ``adapters.catalog.reading.market.presence``.

        Raises
        ------
        ConfigError
            If market data is missing or cannot be read.

        """
        data = to_engine_data(self.batches(start_ns, end_ns))
        last_ns = data[-1].ts_init if data else 0
        window = start_ns, end_ns, last_ns
        return [*data, *recorded_statuses(self.path, window, instruments, max_price_age)]

    def verify(self, *, quarantine: bool = False) -> list[Damage]:
        """Check every file: :func:`adapters.catalog.reading.verify.verify`."""
        return verify(self.path, quarantine=quarantine)

    def recover(self) -> dict[str, int]:
        """Finish the recordings of killed processes; return the rows of each."""
        return recover(self.path)

    def _chosen(self, names: Collection[str] | None) -> list[Recording]:
        found = self.recordings()
        return found if names is None else named(found, names, self.path)

    def _check_names(self, chosen: list[Recording], names: FactorSchema) -> None:
        known = {name for r in chosen for s in r.schemas for name in s}
        for name in names:
            if name not in known:
                raise UnknownFactorError(name, known)

    def _guarded[T](self, path: Path, read: Callable[[], Iterator[T]]) -> Iterator[T]:
        try:
            yield from read()
        except _DAMAGE as error:
            self._leave_out(path, str(error))

    def _leave_out(self, path: Path, why: str) -> None:
        damage = Damage(path=path, what=why)
        if damage not in self.damages:
            self.damages.append(damage)
            msg = f"{path} is left out: {why}; run verify to find all damage"
            warnings.warn(msg, DamagedFileWarning, stacklevel=3)
