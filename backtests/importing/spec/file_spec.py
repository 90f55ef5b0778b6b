"""FileSpec: a file of an import, which of its rows are used, and how they are stamped."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from adapters.command.field_rules import CheckedFields
from adapters.command.instants import OffsetInstant
from backtests.importing.spec.local_times import zone_of

type Unit = Literal["", "s", "ms", "us", "ns"]


class StampSpec(NamedTuple):
    """A column of stamps, and how they are read.

    Attributes
    ----------
    column : str
        The column.
    unit : str
        Of numbers: s, ms, us or ns.
    text_format : str
        Of text that is not ISO 8601.
    unit_key, format_key : str
        The keys of the spec under which these are written, for messages.
    time_of_day : str
        Of dates without one, on the local clock: ``HH:MM`` or ``HH:MM:SS``.

    """

    column: str
    unit: str
    text_format: str
    unit_key: str = "unit"
    format_key: str = "stamp_format"
    time_of_day: str = ""

    def check(self) -> None:
        """Refuse a unit beside a format.

        Raises
        ------
        ValueError
            If both are given.

        """
        if self.unit and self.text_format:
            msg = (
                f"{self.unit_key} is for numbers and {self.format_key} for text; write one of them"
            )
            raise ValueError(msg)


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
    unit: Unit = ""
    stamp_format: str = ""
    timezone: str = ""
    ambiguous: Literal["refuse", "later"] = "refuse"
    duplicates: Literal["refuse", "first", "last"] = "refuse"
    start: OffsetInstant | None = None
    end: OffsetInstant | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.stamps.check()
        if self.timezone:
            zone_of(self.timezone)

    @property
    def stamps(self) -> StampSpec:
        """The column of the stamps."""
        return StampSpec(self.stamp_column, self.unit, self.stamp_format)

    @property
    def publications(self) -> StampSpec | None:
        """The column of the instants at which rows were published; None without one."""
        return None
