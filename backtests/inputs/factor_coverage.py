"""Coverage: whether a catalog has the factors that a strategy requires, in a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.instants import iso_instant
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.catalog import FactorCatalog
    from adapters.catalog.reading.recordings import Recording

_TOLERATED: Final = 0.01
"""Share of a window that may be uncovered at either end."""
_INTERVALS: Final = 1.5
"""Mean distances of a factor's values that may be, too: the next one may be due after the end."""
_LEAST_VALUES: Final = 4
"""Values from which on their distance is known."""


@dataclass(frozen=True, kw_only=True)
class FactorCoverage:
    """The part of a window in which one factor has values.

    Attributes
    ----------
    name : str
        The factor.
    records : int
        The number of records in the window.
    values : int
        The number of these in which the factor has a value.
    first_ns, last_ns : int or None
        ``ts_init`` of the first and last record with a value, UNIX nanoseconds; None without one.

    """

    name: str
    records: int
    values: int
    first_ns: int | None
    last_ns: int | None

    def __str__(self) -> str:
        if self.first_ns is None or self.last_ns is None:
            return f"{self.name}: no value in {self.records:,} records"
        return (
            f"{self.name}: {self.values:,} values in {self.records:,} records, "
            f"{iso_instant(self.first_ns)} to {iso_instant(self.last_ns)}"
        )


def check_names(
    factors: FactorCatalog, recordings: Sequence[str] | None, names: Sequence[str], who: str
) -> None:
    """Refuse names that no recording has.

    Parameters
    ----------
    factors : FactorCatalog
        The catalog.
    recordings : sequence of str, optional
        The recordings to consider; None: all.
    names : sequence of str
        Names of factors.
    who : str
        The user of the names, for the message.

    Raises
    ------
    ConfigError
        With the nearest name, and what the catalog holds.

    """
    chosen = _chosen(factors, recordings)
    known = list(dict.fromkeys(n for r in chosen for schema in r.schemas for n in schema))
    for name in names:
        if name not in known:
            msg = (
                f"{who} factor {name!r}, which the catalog lacks{did_you_mean(name, known)}; "
                f"{_holdings(factors, chosen)}"
            )
            raise ConfigError(msg)


def check_coverage(  # noqa: PLR0913 - a window, its ends and the factors
    factors: FactorCatalog,
    recordings: Sequence[str] | None,
    names: Sequence[str],
    window: tuple[int, int],
    *,
    start_is_asked: bool,
    end_is_asked: bool,
) -> list[FactorCoverage]:
    """Refuse a window in which a required factor has no value, or which reaches beyond its values.

    A hundredth of the window, or one and a half of the distances of the factor's values, may be
    uncovered at either end; the strategy handles gaps inside, as in live trading.

    Parameters
    ----------
    factors : FactorCatalog
        The catalog.
    recordings : sequence of str, optional
        The recordings to consider; None: all.
    names : sequence of str
        The required factors.
    window : tuple of int
        Its start and its exclusive end, UNIX nanoseconds.
    start_is_asked, end_is_asked : bool
        Whether the user chose that end of the window, which then must be covered.

    Returns
    -------
    list of FactorCoverage
        One for each name.

    Raises
    ------
    ConfigError
        With the factor, and the values that the catalog has.

    """
    start_ns, end_ns = window
    holdings = _holdings(factors, _chosen(factors, recordings))
    where = f"from {iso_instant(start_ns)} to {iso_instant(end_ns)}"
    covered = coverage(factors, recordings, names, window)
    if not names and next(factors.batches(start_ns, end_ns, recordings=recordings), None) is None:
        msg = f"no factors {where}; {holdings}"
        raise ConfigError(msg)
    for found in covered:
        what = f"required factor {found.name!r}"
        if not found.records:
            msg = f"{what}: there is no record {where}; {holdings}"
            raise ConfigError(msg)
        if found.first_ns is None or found.last_ns is None:
            msg = f"{what}: no value in the {found.records:,} records {where}; {holdings}"
            raise ConfigError(msg)
        tolerated_ns = _TOLERATED * (end_ns - start_ns)
        if found.values >= _LEAST_VALUES:
            distance_ns = (found.last_ns - found.first_ns) / (found.values - 1)
            tolerated_ns = max(tolerated_ns, _INTERVALS * distance_ns)
        late = start_is_asked and found.first_ns - start_ns > tolerated_ns
        early = end_is_asked and end_ns - found.last_ns > tolerated_ns
        if late or early:
            msg = (
                f"{what} covers only {iso_instant(found.first_ns)} to "
                f"{iso_instant(found.last_ns)} of the window {where}; choose a window inside with "
                f"--start and --end; {holdings}"
            )
            raise ConfigError(msg)
    return covered


def coverage(
    factors: FactorCatalog,
    recordings: Sequence[str] | None,
    names: Sequence[str],
    window: tuple[int, int],
) -> list[FactorCoverage]:
    """Count the values of some factors in a window.

    Parameters
    ----------
    factors : FactorCatalog
        The catalog.
    recordings : sequence of str, optional
        The recordings to consider; None: all.
    names : sequence of str
        The factors.
    window : tuple of int
        Its start and its exclusive end, UNIX nanoseconds.

    """
    if not names:
        return []
    records = 0
    counts = np.zeros(len(names), np.int64)
    first_ns: list[int | None] = [None] * len(names)
    last_ns: list[int | None] = [None] * len(names)
    for batch in factors.batches(*window, recordings=recordings, names=names):
        records += len(batch)
        has_value = ~np.isnan(batch.values)
        counts += has_value.sum(axis=0)
        for i in range(len(names)):
            rows = np.flatnonzero(has_value[:, i])
            if len(rows):
                if first_ns[i] is None:
                    first_ns[i] = int(batch.ts_init[rows[0]])
                last_ns[i] = int(batch.ts_init[rows[-1]])
    return [
        FactorCoverage(
            name=name,
            records=records,
            values=int(counts[i]),
            first_ns=first_ns[i],
            last_ns=last_ns[i],
        )
        for i, name in enumerate(names)
    ]


def _chosen(factors: FactorCatalog, recordings: Sequence[str] | None) -> list[Recording]:
    return [r for r in factors.recordings() if recordings is None or r.name in recordings]


def _holdings(factors: FactorCatalog, chosen: list[Recording]) -> str:
    """Return the content of the catalog, as a clause for a message."""
    parts = [
        f"{r.name or 'without name'} ({sum(map(len, r.schemas[:1]))} factors, "
        f"{iso_instant(r.first_ns)} to {iso_instant(r.last_ns)})"
        for r in chosen
        if r.first_ns is not None and r.last_ns is not None
    ]
    return f"{factors.path} holds: {', '.join(parts) or 'no recording'}"
