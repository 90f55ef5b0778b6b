"""Conversion: what became of an archive."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from adapters.catalog.writing.table_file import TableFile
from backtests.importing.backfilling.formats.archive_format import FieldSeries


class NotInOrderError(Exception):
    """The rows of a file are not in order, so that it cannot be converted block by block."""


@dataclass(frozen=True, kw_only=True)
class Hole:
    """Ids that are missing in a file, between two instants, UNIX nanoseconds."""

    count: int
    after_ns: int
    until_ns: int


@dataclass(kw_only=True)
class Conversion:
    """What became of an archive.

    Attributes
    ----------
    files : list of tuple
        Finished files with their folders, which are not placed yet.
    series : list of FieldSeries
        What becomes factors.
    rows : int
        The rows of the archive.
    notes : Counter
        How many rows were left out or changed, by reason.
    holes : list of Hole
        Where ids are missing, the first ones.
    missing : int
        How many ids are missing.
    first_ns, last_ns : int
        ``ts_init`` of the first and the last row, UNIX nanoseconds; 0: there is none.
    ids : tuple of int
        The first and the last id; (0, 0): none.

    """

    files: list[tuple[TableFile, str]] = field(default_factory=list)
    series: list[FieldSeries] = field(default_factory=list)
    rows: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    holes: list[Hole] = field(default_factory=list)
    missing: int = 0
    first_ns: int = 0
    last_ns: int = 0
    ids: tuple[int, int] = (0, 0)

    def discard(self) -> None:
        """Give the files up."""
        for file, _ in self.files:
            file.remove()
        self.files = []
