"""FileSpec: a file of an import, which of its rows are used, and how they are stamped."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from adapters.command.field_rules import CheckedFields
from adapters.command.instants import OffsetInstant
from backtests.importing.spec.local_times import zone_of


@dataclass(frozen=True, kw_only=True)
class FileSpec(CheckedFields):
    """A file, and how its rows are stamped.

    Attributes
    ----------
    path : Path
        Relative to the data folder.
    kind : str
        ``csv``, ``parquet``, ``jsonl`` or ``json``; by default the extension of the file's name.
    rows : str
        JSON only: where the array of rows is, such as ``series.dvol``.
    header : list of str
        The columns' names, for a CSV file without a header or JSON rows that are arrays.
    delimiter : str
        The delimiter of a CSV file.
    where : dict
        Values that a row must have, by column; other rows are left out.
    stamp_column, unit, stamp_format, timezone : str
        The stamp: for numbers ``unit`` (s, ms, us, ns); for text ISO 8601 or ``stamp_format``;
        ``timezone`` for stamps without an offset, and for the length of calendar days.
    ambiguous : str
        How to treat local times that occurred twice.
    duplicates : str
        How to treat a stamp that appears twice.
    start, end : OffsetInstant, optional
        Use only rows with stamps from ``start`` and before ``end``, UNIX nanoseconds.

    Raises
    ------
    ValueError
        If keys exclude each other, or a value cannot be used.
    ConfigError
        If there is no such time zone.

    """

    path: Path
    stamp_column: str
    kind: Literal["", "csv", "parquet", "jsonl", "json"] = ""
    rows: str = ""
    header: list[str] = field(default_factory=list)
    delimiter: str = ","
    where: dict[str, Any] = field(default_factory=dict)
    unit: Literal["", "s", "ms", "us", "ns"] = ""
    stamp_format: str = ""
    timezone: str = ""
    ambiguous: Literal["refuse", "later"] = "refuse"
    duplicates: Literal["refuse", "first", "last"] = "refuse"
    start: OffsetInstant | None = None
    end: OffsetInstant | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unit and self.stamp_format:
            msg = "unit is for numbers and stamp_format for text; write one of them"
            raise ValueError(msg)
        if self.timezone:
            zone_of(self.timezone)
