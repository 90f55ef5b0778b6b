"""The factors of an import's files, each with the instants at which its values were known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adapters.command.instants import show_instant
from backtests.importing.content.pivoted_rows import read_pivoted
from backtests.importing.content.publication import (
    Publication,
    one_after_another,
    publish,
    sharing,
)
from backtests.importing.content.vintages import (
    after_earlier_files,
    ends_of,
    publish_vintages,
)
from backtests.importing.files.columns import numbers
from backtests.importing.files.rows import read_rows
from backtests.importing.spec.factor_file_spec import ColumnSpec
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from backtests.importing.files.rows import Rows
    from backtests.importing.spec.factor_file_spec import FactorFileSpec


@dataclass(frozen=True, kw_only=True)
class ImportedFactor:
    """One factor of an import.

    Attributes
    ----------
    publication : Publication
        The values, and when each is known.
    specs : tuple of ColumnSpec
        The publication rules that were applied, one for each file, in the order of time.
    rules : tuple of str
        The same as text.
    rows : int
        The number of rows of its files.
    path : Path
        The last of its files.

    """

    publication: Publication
    specs: tuple[ColumnSpec, ...]
    rules: tuple[str, ...]
    rows: int
    path: Path

    @property
    def looks_ahead(self) -> bool:
        """Whether its values are later revisions, which nobody knew at their instants."""
        return any(spec.vintages == "latest" for spec in self.specs)


def read_factors(
    data: Path, source: FactorFileSpec, report: Callable[[str], None]
) -> list[ImportedFactor]:
    """Read the factors of a file.

    Parameters
    ----------
    data : Path
        The folder to which the spec's path is relative.
    source : FactorFileSpec
        Describes the file.
    report : callable
        Called with a line about it.

    Raises
    ------
    ConfigError
        If the file does not match the spec.

    """
    if source.pivot is None:
        rows = read_rows(data, source, list(source.columns))
        series = [(rows, name, column) for name, column in source.columns.items()]
        count, notes = len(rows.stamps), list(rows.notes)
    else:
        series, count, found = read_pivoted(data, source, source.pivot)
        notes = list(found)
    factors: list[ImportedFactor] = []
    for rows, name, column in series:
        values = _checked(numbers(rows.table, name), column, notes)
        publication = _publication(rows, values, source, column, notes)
        publication = sharing(publication, (f.publication for f in factors[-1:]))
        factors.append(
            ImportedFactor(
                publication=publication,
                specs=(column,),
                rules=(source.rule_of(column),),
                rows=len(rows.stamps),
                path=source.path,
            )
        )
    report(read_line(source.path, f"{count:,} rows", notes))
    return factors


def _checked(
    values: NDArray[np.float64], column: ColumnSpec, notes: list[str]
) -> NDArray[np.float64]:
    """Return values without infinite ones and without those outside the range."""
    infinite = np.isinf(values)
    if infinite.any():
        notes.append(f"{column.factor}: {int(infinite.sum()):,} infinite values became NaN")
        values = np.where(infinite, np.nan, values)
    if column.range is not None:
        low, high = column.range
        outside = (values * column.scale < low) | (values * column.scale > high)
        if outside.any():
            notes.append(
                f"{column.factor}: {int(outside.sum()):,} of {len(values):,} values outside "
                f"{low:g} to {high:g} became NaN"
            )
            values = np.where(outside, np.nan, values)
    return values


def _publication(
    rows: Rows,
    values: NDArray[np.float64],
    source: FactorFileSpec,
    column: ColumnSpec,
    notes: list[str],
) -> Publication:
    if rows.published is None:
        return publish(rows.stamps, values, column, rows.zone)
    ends = ends_of(rows.stamps, column, rows.zone)
    early = rows.published < ends
    if early.any():
        count = f"{column.factor}: {int(early.sum()):,} rows"
        what = "their stamps" if column.covers is None else "the end of what they cover"
        if source.known_at_early == "refuse":
            i = int(np.argmax(early))
            msg = (
                f"{rows.table.name}: {count} were published before {what}; the first: "
                f"{rows.table.place(i)}, published {show_instant(rows.published[i])}, before "
                f"{show_instant(ends[i])}. Look at covers, stamp and timezone; if the values are "
                'right, known_at_early = "wait" takes them as known at that end'
            )
            raise ConfigError(msg)
        notes.append(f"{count} published before {what}: known then")
    if column.vintages == "latest":
        notes.append(
            f"LOOK-AHEAD: {column.factor} has the last revision of each value from its first "
            "publication on, when nobody knew it"
        )
    return publish_vintages(
        rows.stamps, np.maximum(rows.published, ends), values, column, rows.zone
    )


def joined(factors: Iterable[ImportedFactor]) -> list[ImportedFactor]:
    """Join what one factor has in several files, each with its own rule, in the order of time.

    Parameters
    ----------
    factors : iterable of ImportedFactor
        Those of all files.

    Raises
    ------
    ConfigError
        If a file's first value is known before the last one of the file before.

    """
    parts: dict[str, list[ImportedFactor]] = {}
    for factor in factors:
        parts.setdefault(factor.publication.factor, []).append(factor)
    return [_one_of(several) if len(several) > 1 else several[0] for several in parts.values()]


def _one_of(parts: list[ImportedFactor]) -> ImportedFactor:
    parts = sorted((p for p in parts if len(p.publication.known)), key=_first_known) or parts[:1]
    if len(parts) == 1:
        return parts[0]
    for one, other in pairwise(parts):
        last, first = one.publication.known[-1], other.publication.known[0]
        if last >= first:
            msg = (
                f"{one.publication.factor!r} is in {one.path} until {show_instant(last)} and in "
                f"{other.path} from {show_instant(first)} on, as the values become known; cut one "
                "of the files with start and end"
            )
            raise ConfigError(msg)
    specs = tuple(spec for p in parts for spec in p.specs)
    publications = after_earlier_files([p.publication for p in parts], specs)
    return ImportedFactor(
        publication=one_after_another(publications),
        specs=specs,
        rules=tuple(rule for p in parts for rule in p.rules),
        rows=sum(p.rows for p in parts),
        path=parts[-1].path,
    )


def _first_known(factor: ImportedFactor) -> int:
    return int(factor.publication.known[0])


def read_line(path: Path, what: str, notes: Sequence[str]) -> str:
    """Return the line about a file that was read."""
    return "; ".join([f"read {path}: {what}", *notes])
