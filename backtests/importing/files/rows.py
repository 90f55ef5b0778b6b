"""Rows of a file in the order of their stamps, with remarks on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from adapters.command.instants import show_instant
from backtests.importing.files.publications import published_at
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
    published : int64 array of shape (rows,), optional
        UNIX nanoseconds: when each row was published, never falling among those of one stamp; None
        if the file does not state it.
    zone : tzinfo
        The time zone whose calendar days are used.
    notes : tuple of str
        Remarks for the user: rows that were sorted, left out, ambiguous.

    """

    table: Table
    stamps: NDArray[np.int64]
    zone: tzinfo
    published: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()

    def missing(self, every: Duration) -> int:
        """Return how many rows are missing if one was due at every interval."""
        return count_missing(self.stamps, every)

    def take(self, picked: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return some of the rows.

        Parameters
        ----------
        picked : bool array of shape (rows,) or int64 array
            A mask, or positions in the wanted order.

        """
        published = None if self.published is None else self.published[picked]
        table, stamps = self.table.take(picked), self.stamps[picked]
        return replace(self, table=table, stamps=stamps, published=published)


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
    source = spec.publications
    wanted = [spec.stamp_column, *columns] + ([source.column] if source else [])
    table = read_table(data, spec, wanted)
    found = stamps_of(table, spec, spec.stamps)
    published, note = (None, "") if source is None else published_at(table, spec, source)
    notes = [note] if note else []
    if found.ambiguous:
        notes.append(f"{found.ambiguous:,} ambiguous local times became the later instant")
    rows = Rows(table=table, stamps=found.ns, published=published, zone=found.zone)
    inside = np.ones(len(found.ns), np.bool_)
    if spec.start is not None:
        inside &= rows.stamps >= spec.start
    if spec.end is not None:
        inside &= rows.stamps < spec.end
    if not inside.all():
        notes.append(f"{int((~inside).sum()):,} rows outside the file's start and end left out")
        rows = rows.take(inside)
        if not len(rows.stamps):
            msg = (
                f"{table.name}: no row between the file's start and end; look at both in the spec"
            )
            raise ConfigError(msg)
    rows, note = _in_order(rows)
    rows = replace(rows, notes=(*notes, note) if note else tuple(notes))
    return without_duplicates(spec, rows) if is_series else rows


def _in_order(rows: Rows) -> tuple[Rows, str]:
    if rows.published is not None:
        # Vintages come in either order, which is no fault.
        order = np.lexsort((rows.published, rows.stamps))
        return rows.take(order), ""
    falls = int((np.diff(rows.stamps) < 0).sum())
    if not falls:
        return rows, ""
    order = np.argsort(rows.stamps, kind="stable")
    return rows.take(order), f"not in order ({falls:,} stamps before the one above): sorted"


def without_duplicates(spec: FileSpec, rows: Rows, who: str = "") -> Rows:
    """Return rows of which no two have one stamp, or one stamp and one publication.

    Parameters
    ----------
    spec : FileSpec
        Its rule for duplicates.
    rows : Rows
        In order.
    who : str
        Whose rows they are, before messages.

    Raises
    ------
    ConfigError
        If there are duplicates, and the rule is to refuse them.

    """
    stamps, is_again = rows.stamps, np.diff(rows.stamps) == 0
    what = "duplicated stamps"
    if rows.published is not None:
        is_again &= np.diff(rows.published) == 0
        what = "rows of one stamp published at one instant"
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
            f"{rows.table.name}: {who}{count:,} {what}; the first: {shown}. A series has "
            'one value at an instant: clean the file, or write duplicates = "first" or "last"'
        )
        raise ConfigError(msg)
    is_last = spec.duplicates == "last"
    kept = ~np.append(is_again, [False]) if is_last else ~np.insert(is_again, 0, [False])
    note = f"{who}{count:,} {what}: took the {spec.duplicates} of each"
    return replace(rows.take(kept), notes=(*rows.notes, note))
