"""The instants at which the rows of a file were published; a date is the end of its day."""

from __future__ import annotations

import re
from datetime import time
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.command.durations import DAY_NS
from backtests.importing.files.stamps import stamps_of
from backtests.importing.spec.local_times import on_clock
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.importing.files.tables import Table
    from backtests.importing.spec.file_spec import FileSpec, StampSpec

_TIME_OF_DAY: Final = re.compile("%[HIcsXT]")
"""Directives of a format that state a time of day."""
_DATE: Final = r"^\s*\d{4}-\d{2}-\d{2}\s*$"


def published_at(table: Table, spec: FileSpec, source: StampSpec) -> tuple[NDArray[np.int64], str]:
    """Return the instants at which rows were published.

    Parameters
    ----------
    table : Table
        The rows.
    spec : FileSpec
        The time zone.
    source : StampSpec
        The column, and the time of day at which something was published of which the file has the
        date; without one a date is known when the day is over, never before.

    Returns
    -------
    tuple of int64 array of shape (rows,) and str
        UNIX nanoseconds, and a remark for the user.

    Raises
    ------
    ConfigError
        If an instant is absent or cannot be read, or no row has a date although the spec states
        the time of day.

    """
    found = stamps_of(table, spec, source)
    is_date = _dates(table, source)
    count = int(is_date.sum())
    time_of_day = source.time_of_day
    if time_of_day and not count:
        msg = (
            f"{table.name}: known_at_time is for dates; column {source.column!r} has times of its "
            "own"
        )
        raise ConfigError(msg)
    if not count:
        return found.ns, ""
    after_ns = _since_midnight_ns(time_of_day) if time_of_day else DAY_NS
    instants = found.ns.copy()
    instants[is_date] = on_clock(found.ns[is_date], after_ns, found.zone)
    when = f"at {time_of_day}" if time_of_day else "at the end of that day"
    return instants, f"{count:,} dates of publication: known {when} ({found.zone})"


def _dates(table: Table, source: StampSpec) -> NDArray[np.bool_]:
    column = table.columns[source.column]
    if pa.types.is_date(column.type):
        return np.ones(len(column), np.bool_)
    if not pa.types.is_string(column.type) or source.unit:
        return np.zeros(len(column), np.bool_)
    if source.text_format:
        return np.full(len(column), not _TIME_OF_DAY.search(source.text_format))
    return np.asarray(pc.match_substring_regex(column, _DATE))


def _since_midnight_ns(text: str) -> int:
    at = time.fromisoformat(text)
    seconds = (at.hour * 60 + at.minute) * 60 + at.second
    return seconds * 1_000_000_000 + at.microsecond * 1_000
