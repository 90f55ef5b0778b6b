"""FundingSettlements: when a perpetual settles, at which rate, and what was heard of it before."""

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
    heard : FundingRows
        The rows of which a strategy hears: each that differs from the one before.
    unusable : int
        Rows whose settlement nothing tells.

    """

    instants: NDArray[np.int64]
    rates: tuple[Decimal, ...]
    intervals_ns: NDArray[np.int64]
    heard: FundingRows
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


def changes(rows: FundingRows, at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows differ from the one before, in their rate or their settlement."""
    differ = np.ones(len(at), np.bool_)
    differ[1:] = (rows.rates[1:] != rows.rates[:-1]) | (at[1:] != at[:-1])
    return differ


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
    known = np.flatnonzero(at > 0)
    # A row of a history is stamped a little off its settlement; a message may still be about one
    # that has passed.
    is_own = (rows.next_ns == 0) & (np.abs(rows.ts_event - at) <= MINUTE_NS // 2)
    stamps = np.where(is_own, at, rows.ts_event)
    order = known[np.lexsort((rows.ts_init[known], stamps[known], at[known]))]
    instants, firsts = np.unique(at[order], return_index=True)
    is_until = (stamps[order] <= at[order]).astype(np.int64)
    counts = np.add.reduceat(is_until, firsts) if len(firsts) else firsts
    chosen = order[firsts + np.maximum(counts - 1, 0)]
    return FundingSettlements(
        instants=instants,
        rates=tuple(Decimal(text) for text in rows.rates[chosen]),
        intervals_ns=rows.intervals_ns[chosen],
        heard=taken(rows, changes(rows, at)),
        unusable=len(at) - len(known),
    )
