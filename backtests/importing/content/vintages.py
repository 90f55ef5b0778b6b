"""When each value of a revised series was known: a revision from its publication on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

import numpy as np

from adapters.command.durations import NEVER_NS
from backtests.importing.content.publication import Publication, Revisions, usual_distance
from backtests.importing.spec.factor_file_spec import FOREVER
from backtests.importing.spec.local_times import HOLE, after, count_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from backtests.importing.spec.factor_file_spec import ColumnSpec


def ends_of(stamps: NDArray[np.int64], spec: ColumnSpec, zone: tzinfo = UTC) -> NDArray[np.int64]:
    """Return the instants before which no value of a stamp can be final.

    Parameters
    ----------
    stamps : int64 array of shape (rows,)
        UNIX nanoseconds.
    spec : ColumnSpec
        The span that a value covers, if it states one.
    zone : tzinfo
        The time zone whose calendar days are used.

    Returns
    -------
    int64 array of shape (rows,)
        UNIX nanoseconds: the end of what a value covers; without ``covers`` the stamp.

    """
    if spec.covers is None or spec.stamp == "end":
        return stamps
    return after(stamps, spec.covers, zone)


def publish_vintages(
    stamps: NDArray[np.int64],
    published: NDArray[np.int64],
    values: NDArray[np.float64],
    spec: ColumnSpec,
    zone: tzinfo = UTC,
) -> Publication:
    """Return what was known of a series of which each row states when it was published.

    Parameters
    ----------
    stamps : int64 array of shape (rows,)
        UNIX nanoseconds, not falling.
    published : int64 array of shape (rows,)
        UNIX nanoseconds, strictly rising among the rows of one stamp.
    values : float64 array of shape (rows,)
        NaN: no value.
    spec : ColumnSpec
        The rule: ``vintages``, ``delay``, and how long a value stands.
    zone : tzinfo
        The time zone whose calendar days are used.

    Notes
    -----
    The factor is the newest stamp's value as it was last published. A revision of an older stamp
    changes nothing, since a value of a newer one is known already; it is counted as late. Of rows
    published at one instant that of the newest stamp is the value.

    A value is valid until a newer stamp's is known, for 1.5 intervals after its stamp's first
    publication at most: what was known at an instant never depends on whether the next value comes
    late or not at all. With ``valid_for`` each value is valid for that long from its publication,
    also over rows without a value.

    """
    every = spec.covers or spec.every
    distinct = stamps[np.diff(stamps, prepend=-1) != 0]
    found = None if every else usual_distance(distinct)
    every = every or found
    missing = 0 if every is None else count_missing(distinct, every)
    if spec.vintages != "all":
        stamps, published, values = _one_of_each(stamps, published, values, spec.vintages)
    if spec.valid_for is not None:
        has_value = ~np.isnan(values)
        stamps, published = stamps[has_value], published[has_value]
        values = values[has_value]
    stamps, known, values, late = in_order_of_publication(
        stamps, published + spec.delay.ns, values
    )
    is_first = np.diff(stamps, prepend=-1) != 0
    expires = np.full(len(stamps), NEVER_NS)
    if spec.valid_for is not None and spec.valid_for.ns != FOREVER.ns:
        expires = known + spec.valid_for.ns
    elif spec.valid_for is None and every is not None and len(stamps):
        late_ns = round((HOLE - 1) * every.ns)
        expires = (after(known[is_first], every, zone) + late_ns)[np.cumsum(is_first) - 1]
    return Publication(
        factor=spec.factor,
        known=known,
        expires=expires,
        values=values * spec.scale,
        every=every,
        every_was_found=found is not None,
        missing=missing,
        revisions=Revisions(
            ends=ends_of(stamps, spec, zone), count=int((~is_first).sum()), late=late
        ),
    )


def after_earlier_files(
    parts: Sequence[Publication], specs: Sequence[ColumnSpec]
) -> list[Publication]:
    """Return the publications of several files, without what is late only since an earlier file.

    Parameters
    ----------
    parts : sequence of Publication
        Of one factor, each known later than the one before.
    specs : sequence of ColumnSpec
        The rule of each.

    """
    kept: list[Publication] = []
    newest = 0
    for part, spec in zip(parts, specs, strict=True):
        if part.revisions is None:
            kept.append(part)
            # Without revisions a value is known its delay after the end of what it covers.
            newest = max(newest, int(part.known[-1]) - spec.delay.ns)
            continue
        ends = part.revisions.ends
        is_late = ends < newest
        if is_late.any():
            revisions = replace(
                part.revisions,
                ends=ends[~is_late],
                late=part.revisions.late + int(is_late.sum()),
            )
            kept.append(
                replace(
                    part,
                    known=part.known[~is_late],
                    expires=part.expires[~is_late],
                    values=part.values[~is_late],
                    revisions=revisions,
                )
            )
        else:
            kept.append(part)
        newest = max(newest, int(ends[-1])) if len(ends) else newest
    return kept


def _one_of_each(
    stamps: NDArray[np.int64],
    published: NDArray[np.int64],
    values: NDArray[np.float64],
    vintages: str,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return each stamp's first publication, with its own value or with the last one.

    Publications without a value count only where a stamp has no other.
    """
    has_value = ~np.isnan(values)
    is_new = np.diff(stamps, prepend=-1) != 0
    group = np.cumsum(is_new) - 1
    is_kept = has_value | ~(np.bincount(group, has_value) > 0)[group]
    stamps, published, values = stamps[is_kept], published[is_kept], values[is_kept]
    starts = np.flatnonzero(np.diff(stamps, prepend=-1))
    if vintages == "first":
        return stamps[starts], published[starts], values[starts]
    ends = np.append(starts[1:], len(stamps)) - 1
    return stamps[starts], published[starts], values[ends]


def in_order_of_publication(
    stamps: NDArray[np.int64], known: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], int]:
    """Return the rows that changed what was known, and the number of those that came too late.

    Parameters
    ----------
    stamps, known : int64 arrays of shape (rows,)
        UNIX nanoseconds.
    values : float64 array of shape (rows,)
        Their values.

    Returns
    -------
    tuple of int64, int64 and float64 arrays of shape (rows kept,) and int
        Stamps that do not fall, instants that rise, values; and how many rows were published when
        a newer stamp was known already, or at the same instant as a newer one.

    """
    order = np.lexsort((stamps, known))
    stamps, known, values = stamps[order], known[order], values[order]
    is_newest = stamps >= np.maximum.accumulate(stamps) if len(stamps) else stamps > 0
    # Of one instant the last row, which is that of the newest stamp.
    is_last = np.diff(known, append=NEVER_NS) > 0
    kept = is_newest & is_last
    return stamps[kept], known[kept], values[kept], int((~kept).sum())
