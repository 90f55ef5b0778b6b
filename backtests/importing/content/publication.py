"""When each value could be known, and how long it is valid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from adapters.command.durations import NEVER_NS, Duration
from backtests.importing.spec.factor_file_spec import FOREVER
from backtests.importing.spec.local_times import HOLE, after, count_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backtests.importing.spec.factor_file_spec import ColumnSpec


_MIN_REGULAR_ROWS: Final = 10
_REGULAR_SHARE: Final = 0.9
_REGULAR_JITTER: Final = 0.1
"""A series is regular if 90 % of its stamps lie within 10 % of the usual distance."""


@dataclass(frozen=True, kw_only=True)
class Revisions:
    """What the rows of a revised series were.

    Attributes
    ----------
    ends : int64 array of shape (values,)
        For each value of the publication the end of what it covers, UNIX nanoseconds.
    count : int
        The number of values that replaced one of the same stamp.
    late : int
        The number of rows that changed nothing: a newer stamp was known when they were published.

    """

    ends: NDArray[np.int64]
    count: int
    late: int


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One factor's values with the instants from which they may be seen.

    Attributes
    ----------
    factor : str
        Its name.
    known : int64 array of shape (values,)
        UNIX nanoseconds, rising: the instant from which the value is the factor's.
    expires : int64 array of shape (values,)
        UNIX nanoseconds: the instant from which there is no value unless a newer one is known.
    values : float64 array of shape (values,)
        NaN: no value.
    every : Duration, optional
        The interval at which values are due; None if they are irregular.
    every_was_found : bool
        Whether ``every`` was inferred from the stamps.
    missing : int
        The number of values that were due and are absent.
    revisions : Revisions, optional
        Of a series whose rows state when they were published.

    """

    factor: str
    known: NDArray[np.int64]
    expires: NDArray[np.int64]
    values: NDArray[np.float64]
    every: Duration | None
    every_was_found: bool = False
    missing: int = 0
    revisions: Revisions | None = None


def publish(
    stamps: NDArray[np.int64], values: NDArray[np.float64], spec: ColumnSpec, zone: tzinfo = UTC
) -> Publication:
    """Apply a column's publication rule.

    Parameters
    ----------
    stamps : int64 array of shape (rows,)
        UNIX nanoseconds, strictly rising.
    values : float64 array of shape (rows,)
        NaN: no value.
    spec : ColumnSpec
        The rule.
    zone : tzinfo
        The time zone whose calendar days are used.

    Notes
    -----
    A value is valid until the next one is known. Where a value that was due is missing, and after
    the last value, it is valid until the missing one would have been known; with ``valid_for`` it
    is valid for that long instead, also over rows without a value.

    """
    every = spec.covers or spec.every
    found = None if every else usual_distance(stamps)
    every = every or found
    if spec.valid_for is not None:
        has_value = ~np.isnan(values)
        stamps, values = stamps[has_value], values[has_value]

    def known_at(at: NDArray[np.int64]) -> NDArray[np.int64]:
        if spec.covers is not None and spec.stamp == "start":
            at = after(at, spec.covers, zone)
        return at + spec.delay.ns

    # Where clocks change, the end of a day may not come before that of the day before.
    known = np.maximum.accumulate(known_at(stamps))
    missing = 0
    expires = np.full(len(stamps), NEVER_NS)
    if every is not None:
        distance = np.diff(stamps, append=NEVER_NS)
        is_last_before_hole = distance > HOLE * every.ns
        missing = count_missing(stamps, every)
        due = known_at(after(stamps[is_last_before_hole], every, zone))
        expires[is_last_before_hole] = due
    if spec.valid_for is not None:
        forever = spec.valid_for.ns == FOREVER.ns
        expires = np.full(len(stamps), NEVER_NS) if forever else known + spec.valid_for.ns
    return Publication(
        factor=spec.factor,
        known=known,
        expires=expires,
        values=values * spec.scale,
        every=every,
        every_was_found=found is not None,
        missing=missing,
    )


def one_after_another(publications: Sequence[Publication]) -> Publication:
    """Return the values of one factor from several files as one publication.

    Parameters
    ----------
    publications : sequence of Publication
        Each is known later than the one before.

    Notes
    -----
    A value expires as in its own file, so that a hole between two files is one.

    """
    last = publications[-1]
    revised = [p.revisions for p in publications if p.revisions is not None]
    missing = sum(p.missing for p in publications)
    for one, other in pairwise(publications):
        if one.every is not None:
            missing += count_missing(np.array([one.known[-1], other.known[0]]), one.every)
    return replace(
        last,
        known=np.concatenate([p.known for p in publications]),
        expires=np.concatenate([p.expires for p in publications]),
        values=np.concatenate([p.values for p in publications]),
        missing=missing,
        revisions=Revisions(
            ends=np.concatenate([r.ends for r in revised]),
            count=sum(r.count for r in revised),
            late=sum(r.late for r in revised),
        )
        if revised
        else None,
    )


def sharing(publication: Publication, others: Iterable[Publication]) -> Publication:
    """Return a publication that shares its arrays with another of equal timing.

    Columns of a file mostly have one rule: instants derived from it are then computed once.
    """
    for other in others:
        if np.array_equal(publication.known, other.known) and np.array_equal(
            publication.expires, other.expires
        ):
            return replace(publication, known=other.known, expires=other.expires)
    return publication


def usual_distance(stamps: NDArray[np.int64]) -> Duration | None:
    """Return the interval of regular stamps, such as those of funding with its jitter.

    Parameters
    ----------
    stamps : int64 array of shape (stamps,)
        UNIX nanoseconds, strictly rising.

    Returns
    -------
    Duration or None
        None if they are too few, or irregular.

    """
    if len(stamps) < _MIN_REGULAR_ROWS:
        return None
    distances = np.diff(stamps)
    usual = float(np.median(distances))
    are_usual = np.abs(distances - usual) <= _REGULAR_JITTER * usual
    if are_usual.mean() < _REGULAR_SHARE:
        return None
    ns = round(usual)
    return Duration(_in_words(ns), ns)


def _in_words(ns: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count = ns / (size * 1_000_000_000)
        if count >= 1 and abs(count - round(count)) < _REGULAR_JITTER**3:
            return f"{round(count)}{unit}"
    return f"{ns / 1e9:.3g}s"
