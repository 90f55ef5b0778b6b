"""The state of factors by instant: when it changes, and what it is then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.durations import NEVER_NS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from backtests.importing.content.publication import Publication

ROWS_AT_ONCE: Final = 65_536
"""Rows that are computed and written at a time."""
_VALUES_AT_ONCE: Final = 4_194_304
"""The values of such rows, at most: 32 MB."""


def instants_of(
    publications: Sequence[Publication], start_ns: int | None = None
) -> NDArray[np.int64]:
    """Return every instant at which the state of the factors changes, rising.

    Parameters
    ----------
    publications : sequence of Publication
        The factors.
    start_ns : int, optional
        The first instant, UNIX nanoseconds; included if any value was known before it.

    Returns
    -------
    int64 array of shape (instants,)
        UNIX nanoseconds.

    """
    timings = {(id(p.known), id(p.expires)): p for p in publications}
    parts = [np.empty(0, np.int64)]
    for p in timings.values():
        parts.append(p.known)
        # An expiry preceded by a newer value changes nothing.
        newer = np.append(p.known[1:], NEVER_NS)
        parts.append(p.expires[p.expires < newer])
    # Merging sorted runs is faster than numpy's unique, which hashes.
    instants = np.sort(np.concatenate(parts), kind="stable")
    instants = instants[np.diff(instants, prepend=-1) > 0]
    if start_ns is not None:
        was_known = len(instants) and instants[0] < start_ns
        instants = instants[instants >= start_ns]
        if was_known and (not len(instants) or instants[0] > start_ns):
            instants = np.insert(instants, 0, start_ns)
    return instants


def states_in_blocks(
    publications: Sequence[Publication], instants: NDArray[np.int64]
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield the states at rising instants in blocks of bounded size.

    Parameters
    ----------
    publications : sequence of Publication
        The factors.
    instants : int64 array of shape (instants,)
        UNIX nanoseconds.

    Yields
    ------
    tuple of slice and float64 array of shape (instants of the slice, publications)
        See :func:`states_at`.

    """
    rows = max(1, min(ROWS_AT_ONCE, _VALUES_AT_ONCE // max(1, len(publications))))
    for first in range(0, len(instants), rows):
        block = slice(first, min(first + rows, len(instants)))
        yield block, states_at(publications, instants[block])


def states_at(
    publications: Sequence[Publication], instants: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the last known value of each factor at each instant.

    Parameters
    ----------
    publications : sequence of Publication
        The factors.
    instants : int64 array of shape (instants,)
        UNIX nanoseconds.

    Returns
    -------
    float64 array of shape (instants, publications)
        NaN where there is no value.

    """
    states = np.full((len(instants), len(publications)), np.nan)
    found: dict[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.bool_]]] = {}
    for column, p in enumerate(publications):
        if not len(p.known):
            continue
        timing = (id(p.known), id(p.expires))
        if timing not in found:
            at = np.searchsorted(p.known, instants, side="right") - 1
            found[timing] = at, (at >= 0) & (instants < p.expires[at])
        at, stands = found[timing]
        states[:, column] = np.where(stands, p.values[at], np.nan)
    return states
