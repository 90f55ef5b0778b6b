"""Rows of a file in the order of their stamps, with remarks on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from adapters.command.instants import show_instant
from backtests.importing.files.stamps import stamps_of
from backtests.importing.files.tables import Table, read_table
from backtests.importing.spec.local_times import count_missing
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from adapters.command.durations import Duration
    from backtests.importing.spec.file_spec import FileSpec

_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table in the order of its stamps.

    Attributes
    ----------
    table : Table
        Its columns.
    stamps : int64 array of shape (rows,)
        UNIX nanoseconds, never falling.
    zone : tzinfo
        The time zone whose calendar days are used.
    notes : tuple of str
        Remarks for the user: rows that were sorted, left out, ambiguous.

    """

    table: Table
    stamps: NDArray[np.int64]
    zone: tzinfo
    notes: tuple[str, ...] = ()

    def missing(self, every: Duration) -> int:
        """Return how many rows are missing if one was due at every interval."""
        return count_missing(self.stamps, every)


def read_rows(
    data: Path, spec: FileSpec, columns: Sequence[str], *, is_series: bool = True
) -> Rows:
    """Read a file's rows in the order of their stamps.

    Parameters
    ----------
    data : Path
        The folder to which the spec's path is relative.
    spec : FileSpec
        Describes how the file is read.
    columns : sequence of str
        The columns to read besides the stamp.
    is_series : bool
        Whether the rows are a series, in which stamps are unique.

    Raises
    ------
    ConfigError
        If the file cannot be read, or has duplicated stamps without a rule in the spec.

    """
    table = read_table(data, spec, [spec.stamp_column, *columns])
    found = stamps_of(table, spec)
    stamps, notes = found.ns, []
    if found.ambiguous:
        notes.append(f"{found.ambiguous:,} ambiguous local times became the later instant")
    inside = np.ones(len(stamps), np.bool_)
    if spec.start is not None:
        inside &= stamps >= spec.start
    if spec.end is not None:
        inside &= stamps < spec.end
    if not inside.all():
        notes.append(f"{int((~inside).sum()):,} rows outside the file's start and end left out")
        table, stamps = table.take(inside), stamps[inside]
        if not len(stamps):
            msg = (
                f"{table.name}: no row between the file's start and end; look at both in the spec"
            )
            raise ConfigError(msg)
    falls = int((np.diff(stamps) < 0).sum())
    if falls:
        notes.append(f"not in order ({falls:,} stamps before the one above): sorted")
        order = np.argsort(stamps, kind="stable")
        table, stamps = table.take(order), stamps[order]
    rows = Rows(table=table, stamps=stamps, zone=found.zone, notes=tuple(notes))
    return _without_duplicates(spec, rows) if is_series else rows


def _without_duplicates(spec: FileSpec, rows: Rows) -> Rows:
    stamps, is_again = rows.stamps, np.diff(rows.stamps) == 0
    count = int(is_again.sum())
    if not count:
        return rows
    if spec.duplicates == "refuse":
        at = np.flatnonzero(is_again)
        place = rows.table.place
        shown = ", ".join(
            f"{show_instant(stamps[i])} ({place(i)} and {place(i + 1)})"
            for i in at[:_SHOWN].tolist()
        )
        msg = (
            f"{rows.table.name}: {count:,} duplicated stamps; the first: {shown}. A series has "
            'one value at an instant: clean the file, or write duplicates = "first" or "last"'
        )
        raise ConfigError(msg)
    is_last = spec.duplicates == "last"
    kept = ~np.append(is_again, [False]) if is_last else ~np.insert(is_again, 0, [False])
    note = f"{count:,} duplicated stamps: took the {spec.duplicates} of each"
    return replace(
        rows, table=rows.table.take(kept), stamps=stamps[kept], notes=(*rows.notes, note)
    )
