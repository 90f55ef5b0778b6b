"""The rows of a long file, divided into the series that its labels name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backtests.importing.files.columns import without_empty
from backtests.importing.files.rows import read_rows, without_duplicates
from backtests.importing.spec.pivot_spec import COLUMN, PivotSpec, is_pattern
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.schema import MAX_FACTORS, MAX_NAME_LENGTH, is_factor_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from backtests.importing.files.rows import Rows
    from backtests.importing.files.tables import Table
    from backtests.importing.spec.factor_file_spec import ColumnSpec, FactorFileSpec

MOST_LABELS: Final = 65_536
"""Different combinations of labels in a file: more are the values of a column that is no label."""
_SHOWN: Final = 10


@dataclass(frozen=True, kw_only=True)
class _Series:
    """The rows that one name has.

    Attributes
    ----------
    column : str
        The column of the values.
    labels : tuple of str
        What stands in the name for each label.
    groups : list of int
        The combinations of labels in the file.

    """

    column: str
    labels: tuple[str, ...]
    groups: list[int] = field(default_factory=list)


def read_pivoted(
    data: Path, source: FactorFileSpec, pivot: PivotSpec
) -> tuple[list[tuple[Rows, str, ColumnSpec]], int, list[str]]:
    """Read a long file as one series for each name that its rows make.

    Parameters
    ----------
    data : Path
        The folder to which the spec's path is relative.
    source : FactorFileSpec
        Describes the file; the first of its columns that a name is like has the name's rule.
    pivot : PivotSpec
        How names are made.

    Returns
    -------
    tuple of list, int and list of str
        For each factor its rows, the column of its values and its rule, in the order of the spec's
        columns, then of the names; the number of rows in the file; remarks for the user.

    Raises
    ------
    ConfigError
        If the file does not match the spec, a name is no factor's name, is made of different
        labels, or no line of the spec's columns is like it, or there are too many.

    """
    rows = read_rows(data, source, [*pivot.labels, *pivot.values], is_series=False)
    count, notes = len(rows.stamps), list(rows.notes)
    groups, texts = _grouped(rows.table, pivot.labels)
    unlabelled = int((groups < 0).sum())
    if unlabelled:
        notes.append(f"{unlabelled:,} rows with an empty {' or '.join(pivot.labels)} left out")
    named = _named(texts, pivot, rows.table.name)
    chosen = _chosen(named, source, rows.table.name)
    left_out = [series for name, series in named.items() if name not in chosen]
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(len(texts) + 1))

    def rows_of(series: _Series) -> NDArray[np.int64]:
        return np.sort(np.concatenate([order[starts[g] : starts[g + 1]] for g in series.groups]))

    if left_out:
        lost = sum(len(rows_of(series)) for series in left_out)
        names = [name for name in named if name not in chosen]
        notes.append(
            f"{lost:,} values of {len(names):,} names left out, which no line of [files.columns] "
            f"is like: {_some(names)}"
        )
    found = []
    for name, column in chosen.items():
        own = replace(rows.take(rows_of(named[name])), notes=())
        own = without_duplicates(source, own, f"{name}: ")
        notes += own.notes
        found.append((own, named[name].column, column))
    return found, count, notes


def _grouped(table: Table, labels: list[str]) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
    """Return each row's combination of labels, -1 if one is empty, and the combinations."""
    codes = np.zeros(len(table), np.int64)
    is_whole = np.ones(len(table), np.bool_)
    encoded = []
    for label in labels:
        column = without_empty(table.columns[label].cast(pa.string())).dictionary_encode()
        at = np.asarray(pc.fill_null(column.indices, -1), np.int64)
        encoded.append((at, column.dictionary.to_pylist()))
        is_whole &= at >= 0
        _, codes = np.unique(codes * (len(column.dictionary) + 1) + at + 1, return_inverse=True)
    _, first, groups = np.unique(codes[is_whole], return_index=True, return_inverse=True)
    if not len(first):
        msg = f"{table.name}: no row has {' and '.join(labels)}"
        raise ConfigError(msg)
    if len(first) > MOST_LABELS:
        msg = (
            f"{table.name}: {len(first):,} different {' and '.join(labels)}, expected at most "
            f"{MOST_LABELS:,}; is one of them no label?"
        )
        raise ConfigError(msg)
    of_rows = np.full(len(table), -1, np.int64)
    of_rows[is_whole] = groups
    at_first = np.flatnonzero(is_whole)[first]
    texts = [tuple(known[at[i]] for at, known in encoded) for i in at_first.tolist()]
    return of_rows, texts


def _named(texts: list[tuple[str, ...]], pivot: PivotSpec, where: str) -> dict[str, _Series]:
    """Return the series by the names that the pattern makes."""
    named: dict[str, _Series] = {}
    for group, labels in enumerate(texts):
        shown = tuple(map(pivot.renamed, pivot.labels, labels))
        for column in pivot.values:
            name = pivot.name_of(
                dict(zip(pivot.labels, shown, strict=True)), pivot.renamed(COLUMN, column)
            )
            series = named.setdefault(name, _Series(column=column, labels=shown))
            # What rename made equal is meant to be one; what only the pattern made equal is not.
            if (series.column, series.labels) != (column, shown):
                msg = (
                    f"{where}: pivot makes the name {name!r} of {', '.join(series.labels)} "
                    f"({series.column}) and of {', '.join(shown)} ({column}); write a pattern "
                    "that tells them apart, or rename if they are one"
                )
                raise ConfigError(msg)
            series.groups.append(group)
    return named


def _chosen(
    named: dict[str, _Series], source: FactorFileSpec, where: str
) -> dict[str, ColumnSpec]:
    """Return the rules by name: those of the first line that the name is like."""
    free = sorted(named)
    chosen: dict[str, ColumnSpec] = {}
    for line, column in source.columns.items():
        is_many = is_pattern(line)
        names = [n for n in free if (fnmatchcase(n, line) if is_many else n == line)]
        if not names:
            taken = [n for n in chosen if (fnmatchcase(n, line) if is_many else n == line)]
            why = (
                f"an earlier line has {_some(taken)} already"
                if taken
                else f"the names are {_some(list(named))}{did_you_mean(line, named)}"
            )
            msg = f"{where}: [files.columns] {line!r}: no name is like it; {why}"
            raise ConfigError(msg)
        for name in names:
            if is_many and not is_factor_name(name):
                msg = (
                    f"{where}: pivot makes {name!r:.80}, which is no factor's name: a letter and "
                    f"then letters, digits, '_', '.' or '-', {MAX_NAME_LENGTH} at most; write "
                    'other = "_" for all other characters, or rename'
                )
                raise ConfigError(msg)
            chosen[name] = replace(column, factor=name) if is_many else column
        free = [n for n in free if n not in chosen]
    if len(chosen) > MAX_FACTORS:
        msg = (
            f"{where}: pivot makes {len(chosen):,} factors, expected at most {MAX_FACTORS} in a "
            f"record: {_some(list(chosen))}; choose with where or narrower lines of "
            "[files.columns]"
        )
        raise ConfigError(msg)
    twice = len(chosen) - len({column.factor for column in chosen.values()})
    if twice:
        msg = f"{where}: [files.columns]: a factor's name is written twice"
        raise ConfigError(msg)
    return chosen


def _some(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
