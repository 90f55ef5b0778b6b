"""DayShares: how much of each day is covered, by factor and by market data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import read_journal
from adapters.catalog.reading.market.row_windows import read_footer
from adapters.command.durations import NEVER_NS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from backtests.importing.content.publication import Publication

DAY_NS: Final = 86_400_000_000_000


@dataclass(frozen=True, kw_only=True)
class DayShares:
    """The days of one factor or one table.

    Attributes
    ----------
    name : str
        The factor, or the table's folder.
    first_day : int
        Days from 1970-01-01 to the first day.
    shares : float64 array of shape (days,)
        How much of each day is covered, from 0 to 1.
    rows : int
        Values of the factor, rows of the table.

    """

    name: str
    first_day: int
    shares: NDArray[np.float64]
    rows: int


def of_factor(publication: Publication) -> DayShares | None:
    """Return how much of each day a factor has a value; None if it never has.

    Notes
    -----
    A last value that stands for ever counts up to the instant at which it was known.

    """
    known, values = publication.known, publication.values
    if not len(known):
        return None
    ends = np.minimum(publication.expires, np.append(known[1:], NEVER_NS))
    ends[-1] = min(int(ends[-1]), int(known[-1]) + DAY_NS) if ends[-1] < NEVER_NS else known[-1]
    has_value = ~np.isnan(values)
    if not has_value.any():
        return None
    return _shares(publication.factor, known[has_value], ends[has_value], int(has_value.sum()))


def of_market(catalog: Path, recording: str) -> list[DayShares]:
    """Return how much of each day the market data of a recording cover.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    recording : str
        The recording of whole files.

    Notes
    -----
    Rows of one row group count as covering the time between the first and the last; what lies
    between two row groups that are less than a minute apart is covered too.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    home = catalog / catalog_layout.RECORDINGS / recording
    files: dict[str, list[Path]] = {}
    for event in read_journal(home / catalog_layout.JOURNAL):
        if event["event"] == "file" and (path := catalog / event["path"]).exists():
            folder = str(path.parent.relative_to(catalog / catalog_layout.DATA))
            files.setdefault(folder, []).append(path)
    return [_of_files(folder, paths) for folder, paths in sorted(files.items())]


def _of_files(folder: str, paths: Iterable[Path]) -> DayShares:
    spans = sorted(
        (span.first_ns, span.last_ns, span.rows) for path in paths for span in read_footer(path)[0]
    )
    starts, ends, rows = (np.array(column, np.int64) for column in zip(*spans, strict=True))
    return _shares(folder, starts, _closed(starts, ends), int(rows.sum()))


_NEAR_NS: Final = 60_000_000_000


def _closed(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ends that reach a start which is near, and overlap none."""
    following = np.append(starts[1:], ends[-1])
    is_near = (following - ends) <= _NEAR_NS
    return np.where(is_near, following, ends)


def _shares(name: str, starts: NDArray[np.int64], ends: NDArray[np.int64], rows: int) -> DayShares:
    """Return the shares of the days that half-open spans cover, which do not overlap."""
    ends = np.maximum(ends, starts)
    first_day = int(starts[0]) // DAY_NS
    last_day = max(int(ends[-1]) - 1, int(starts[-1])) // DAY_NS
    edges = np.arange(first_day, last_day + 2) * DAY_NS
    before = np.concatenate([[0], np.cumsum(ends - starts)])
    at = np.searchsorted(starts, edges, side="right") - 1
    inside = np.clip(edges - starts[at], 0, ends[at] - starts[at])
    covered = np.where(at < 0, 0, before[at] + inside)
    return DayShares(name=name, first_day=first_day, shares=np.diff(covered) / DAY_NS, rows=rows)
