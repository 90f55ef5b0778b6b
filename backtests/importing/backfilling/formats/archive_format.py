"""ArchiveFormat: how a kind of archive is recognised, and what becomes of its rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa

from backtests.importing.backfilling.archives.archive_file import Archive
from backtests.importing.backfilling.archives.csv_blocks import Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_PERIOD: Final = re.compile(r"(?<!\d)(20\d\d)-?(0[1-9]|1[0-2])(?:-?(0[1-9]|[12]\d|3[01]))?(?!\d)")
_PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    "i": re.compile(r"\d{1,20}"),
    "t": re.compile(r"\d{10,19}"),
    "n": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|"),
    "b": re.compile(r"true|false|True|False|TRUE|FALSE"),
    "d": re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?"),
    "m": re.compile(r"\d{4}\.\d\d\.\d\d \d\d:\d\d"),
    "s": re.compile(r".*"),
}


class Column(NamedTuple):
    """A column of a shape.

    Attributes
    ----------
    name : str
        Its name in the header, in lower case; what the format calls it where there is none.
    kind : str
        How its cells look: ``i`` a whole number, ``t`` a stamp in digits, ``n`` a number, ``b``
        true or false, ``d`` a date with time, ``m`` one with dots as MetaTrader writes it, ``s``
        any text.

    """

    name: str
    kind: str


def shape_of(**kinds: str) -> tuple[Column, ...]:
    """Return a shape: its columns in order, each with its kind."""
    return tuple(Column(name, kind) for name, kind in kinds.items())


class Origin(NamedTuple):
    """Whose data an archive holds.

    Attributes
    ----------
    venue : str
        The venue's name in the registry of factors, such as ``binance_usdm``.
    symbol : str
        The venue's symbol.
    instrument_id : str
        NautilusTrader's; empty if the data are of none.
    interval : str
        The span of a row as the file states it, such as ``1m``; empty: none.
    first_day, end_day : date, optional
        The days that the file's name states, half-open; None: none.

    """

    venue: str
    symbol: str
    instrument_id: str
    interval: str = ""
    first_day: date | None = None
    end_day: date | None = None


class FieldSeries(NamedTuple):
    """The values of one field of a live source.

    Attributes
    ----------
    source, field : str
        The key of a source of the registry without its symbol, ``binance_usdm/open_interest``,
        and the endpoint's field: so the registry states names, unit, range and period. Empty: the
        live service has none.
    name : str
        The factor's name where the registry has none for the field; ``{asset_lc}`` and
        ``{symbol_lc}`` stand for the asset and the symbol. Empty: such a series is left out.
    at_ns : int64 array of shape (values,)
        UNIX nanoseconds, not falling: when the exchange published a value, or could have first.
        The period at which the live source is polled is added to it.
    values : float64 array of shape (values,)
        In the field's unit; NaN: no value.
    every_ns : int
        The distance of regular values, nanoseconds; 0: a value is valid until the next.
    unit : str
        Of a series without a live source, for the user.

    """

    source: str
    field: str
    name: str
    at_ns: NDArray[np.int64]
    values: NDArray[np.float64]
    every_ns: int = 0
    unit: str = ""


class Converted(NamedTuple):
    """What becomes of the rows of an archive.

    Attributes
    ----------
    tables : tuple
        Market data: each a folder of Nautilus's layout, relative to ``data``, and its rows
        without the metadata of precisions, in the order of ``ts_init``.
    series : tuple of FieldSeries
        What becomes factors.
    notes : dict of str to int
        How many rows were left out or changed, by reason.

    """

    tables: tuple[tuple[str, pa.RecordBatch], ...] = ()
    series: tuple[FieldSeries, ...] = ()
    notes: Mapping[str, int] = {}


type Convert = Callable[[pa.Table, Origin], Converted]
"""The rows of an archive, or of a block of it, with the columns of ``types``. Pure."""
type Read = Callable[[Archive, Origin, int], Iterator[pa.Table]]
"""An archive → its rows, of about so many bytes of text at most. Raises ArchiveError."""


@dataclass(frozen=True, kw_only=True)
class ArchiveFormat:
    """One kind of archive.

    Attributes
    ----------
    name : str
        Such as ``binance aggTrades``, for the user.
    shapes : tuple of tuple of Column
        The columns that its files have or had, in order; a header states the same names.
    types : mapping of str to pyarrow.DataType
        The columns that are read; the others are not parsed.
    origin : callable
        The sample of a file with one of the shapes → whose data it holds, or None if it is of
        another format after all, by its names or values. Raises ValueError with what is missing.
    convert : callable
        Makes the content.
    read : callable, optional
        Reads the rows, where they are no comma-separated values that can be read as they are.
    looks : callable, optional
        Whether a sample looks like the format, where that is no matter of columns.
    is_streamed : bool
        Whether a file may be converted block by block: every row stands for itself.
    series_id : str
        The column of ids that rise by one, by which missing and repeated rows are found; empty:
        none.
    prefers_over : tuple of str
        Formats of the same data, which are left out where this one has the day.
    known_defects : tuple of str
        For the user.

    """

    name: str
    shapes: tuple[tuple[Column, ...], ...]
    types: Mapping[str, pa.DataType]
    origin: Callable[[Sample], Origin | None]
    convert: Convert
    is_streamed: bool = False
    series_id: str = ""
    prefers_over: tuple[str, ...] = ()
    read: Read | None = None
    looks: Callable[[Sample], bool] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)

    def shape_of(self, sample: Sample) -> tuple[Column, ...] | None:
        """Return the shape of a sample; None if it is of another format."""
        if self.looks is not None:
            return () if self.looks(sample) else None
        for shape in self.shapes:
            if self._has_names(sample, shape) and all(_fits(row, shape) for row in sample.rows):
                return shape
        return None

    def types_of(self, shape: tuple[Column, ...]) -> dict[str, pa.DataType]:
        """Return the columns of a shape that are read."""
        return {c.name: self.types[c.name] for c in shape if c.name in self.types}

    def _has_names(self, sample: Sample, shape: tuple[Column, ...]) -> bool:
        if not sample.header:
            return bool(sample.rows)
        names = tuple(self.aliases.get(name, name) for name in sample.header)
        expected = tuple(column.name for column in shape)
        # Bybit's monthly files of spot trades have a column more than names.
        return names in (expected, expected[:-1])


def _fits(row: tuple[str, ...], shape: tuple[Column, ...]) -> bool:
    return len(row) == len(shape) and all(
        _PATTERNS[column.kind].fullmatch(cell) for cell, column in zip(row, shape, strict=True)
    )


def days_in(name: str) -> tuple[date | None, date | None]:
    """Return the days in a file's name, half-open: ``2024-01-31``, ``20240131`` or ``2024-01``."""
    found = _PERIOD.search(name)
    if found is None:
        return None, None
    year, month = int(found[1]), int(found[2])
    try:
        if found[3]:
            first = date(year, month, int(found[3]))
            return first, first + timedelta(days=1)
    except ValueError:
        return None, None
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)


def named(sample: Sample, words: Mapping[str, Any]) -> Any:
    """Return what the first word stands for that the names of a sample have; None: none."""
    text = "/".join(sample.names).lower()
    return next((meant for word, meant in words.items() if word.lower() in text), None)
