"""FundingSettlements: when a perpetual settles, and at which rate."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

MINUTE_NS: Final = 60_000_000_000
"""Perpetuals settle at whole minutes; what a venue stamps is off by milliseconds to seconds."""
HISTORY_DISTANCE_NS: Final = 30 * MINUTE_NS
"""Rows that name no settlement and are at least so far apart are settled ones, the others
forecasts."""


@dataclass(frozen=True, kw_only=True)
class FundingRows:
    """Funding rates of one perpetual, in the order of ``ts_init``.

    Attributes
    ----------
    rates : object array of str, of shape (rows,)
        Decimal text: fractions of the notional.
    intervals_ns : int64 array of shape (rows,)
        Nanoseconds; 0 where a row has none.
    next_ns : int64 array of shape (rows,)
        The next funding time, UNIX nanoseconds; 0 where a row has none.
    ts_event, ts_init : int64 arrays of shape (rows,)
        UNIX nanoseconds.

    """

    rates: NDArray[np.object_]
    intervals_ns: NDArray[np.int64]
    next_ns: NDArray[np.int64]
    ts_event: NDArray[np.int64]
    ts_init: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class FundingSettlements:
    """The settlements of one perpetual.

    Attributes
    ----------
    instants : int64 array of shape (settlements,)
        When was settled, UNIX nanoseconds, rising.
    rates : tuple of Decimal
        One for each: a fraction of the notional, which longs pay if it is positive.
    intervals_ns : int64 array of shape (settlements,)
        The interval that each ended, nanoseconds; 0 where nothing states it.
    unusable : int
        Rows whose settlement nothing tells.

    """

    instants: NDArray[np.int64]
    rates: tuple[Decimal, ...]
    intervals_ns: NDArray[np.int64]
    unusable: int = 0


def taken(rows: FundingRows, picked: NDArray[np.bool_] | NDArray[np.int64]) -> FundingRows:
    """Return some of the rows, by a mask or by their positions."""
    return FundingRows(
        rates=rows.rates[picked],
        intervals_ns=rows.intervals_ns[picked],
        next_ns=rows.next_ns[picked],
        ts_event=rows.ts_event[picked],
        ts_init=rows.ts_init[picked],
    )


def together(parts: list[FundingRows]) -> FundingRows:
    """Return the rows of several parts, one after another."""
    if not parts:
        none = np.empty(0, np.int64)
        return FundingRows(
            rates=np.empty(0, np.object_),
            intervals_ns=none,
            next_ns=none,
            ts_event=none,
            ts_init=none,
        )
    return FundingRows(
        rates=np.concatenate([p.rates for p in parts]),
        intervals_ns=np.concatenate([p.intervals_ns for p in parts]),
        next_ns=np.concatenate([p.next_ns for p in parts]),
        ts_event=np.concatenate([p.ts_event for p in parts]),
        ts_init=np.concatenate([p.ts_init for p in parts]),
    )


def are_history(rows: FundingRows) -> bool:
    """Return whether rows that name no next funding time are settlements, and not forecasts."""
    stamps = np.unique(rows.ts_event[rows.next_ns == 0])
    if len(stamps) > 1:
        return bool(np.median(np.diff(stamps)) >= HISTORY_DISTANCE_NS)
    step = rows.intervals_ns[rows.next_ns == 0]
    if not len(stamps) or not step[0]:
        return True
    off = int(stamps[0]) % int(step[0])
    return bool(min(off, int(step[0]) - off) <= MINUTE_NS)


def settled_at(rows: FundingRows, *, is_history: bool) -> NDArray[np.int64]:
    """Return the settlement that each row is about.

    The next funding time that it names; else, of a history, its own stamp; else the next multiple
    of its interval. All on the nearest whole minute.

    Parameters
    ----------
    rows : FundingRows
        The rows.
    is_history : bool
        Whether rows that name no next funding time are settlements: :func:`are_history`.

    Returns
    -------
    int64 array of shape (rows,)
        UNIX nanoseconds; 0 where nothing tells.

    """
    steps = np.maximum(rows.intervals_ns, 1)
    ahead = -(-rows.ts_event // steps) * steps
    ahead[rows.intervals_ns == 0] = 0
    at = np.where(rows.next_ns > 0, rows.next_ns, rows.ts_event if is_history else ahead)
    return (at + MINUTE_NS // 2) // MINUTE_NS * MINUTE_NS


def changes(rows: FundingRows) -> NDArray[np.bool_]:
    """Return which rows differ from the one before: in rate, interval or next funding time."""
    differ = np.ones(len(rows.rates), np.bool_)
    differ[1:] = rows.rates[1:] != rows.rates[:-1]
    for column in (rows.intervals_ns, rows.next_ns):
        differ[1:] |= column[1:] != column[:-1]
    return differ


def deciding(rows: FundingRows, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows that decide: of each settlement the last until then, and the first after.

    Parameters
    ----------
    rows : FundingRows
        The rows.
    at : int64 array of shape (rows,)
        The settlement of each: :func:`settled_at`.

    Returns
    -------
    int64 array of shape (deciding rows,)
        Their positions, by settlement, then by stamp.

    """
    known = np.flatnonzero(at > 0)
    stamps = _stamps(rows, at)
    order = known[np.lexsort((rows.ts_init[known], stamps[known], at[known]))]
    is_until = stamps[order] <= at[order]
    # Of the row before and of the row after each, whether it is about the same settlement.
    are_same = at[order][1:] == at[order][:-1]
    none = np.zeros(min(1, len(order)), np.bool_)
    has_before = np.concatenate([none, are_same])
    has_after = np.concatenate([are_same, none])
    before, after = np.roll(is_until, 1), np.roll(is_until, -1)
    is_last_until = is_until & ~(has_after & after)
    is_first_after = ~is_until & ~(has_before & ~before)
    found: NDArray[np.int64] = order[is_last_until | is_first_after]
    return found


def settlements(rows: FundingRows, at: NDArray[np.int64]) -> FundingSettlements:
    """Return the settlements that rows are about.

    The rate of each is the one last stamped until then, or else the first one after; a row of a
    history is stamped with its settlement. However often a settlement is named, it is one.

    Parameters
    ----------
    rows : FundingRows
        The rows.
    at : int64 array of shape (rows,)
        The settlement of each: :func:`settled_at`.

    """
    order = deciding(rows, at)
    # By settlement; the last until then comes before the first after.
    instants, firsts = np.unique(at[order], return_index=True)
    chosen = order[firsts]
    return FundingSettlements(
        instants=instants,
        rates=tuple(Decimal(text) for text in rows.rates[chosen]),
        intervals_ns=rows.intervals_ns[chosen],
        unusable=int((at == 0).sum()),
    )


def _stamps(rows: FundingRows, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the stamps by which rows come before or after their settlement.

    A row of a history is stamped a little off its settlement; a message may still be about one
    that has passed.
    """
    is_own = (rows.next_ns == 0) & (np.abs(rows.ts_event - at) <= MINUTE_NS // 2)
    return np.where(is_own, at, rows.ts_event)
