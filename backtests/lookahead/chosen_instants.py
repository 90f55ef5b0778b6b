"""The instants of a look-ahead proof: drawn where decisions, market and factors overlap."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_OF_TIME: Final = 3
"""Of so many strata one is represented by an instant of any kind, the others by decisions."""


def choose_instants(
    moments: NDArray[np.int64], overlap: Sequence[Sequence[int]], count: int, seed: int
) -> list[int]:
    """Draw instants from the overlap, one from each of ``count`` strata of equal time.

    Two of three are instants of decisions, at which the shortest look-ahead is visible; the others
    are any of the stratum. Each is at or after a decision, and before the overlap's end, so that
    there are decisions to compare and data to change.

    Parameters
    ----------
    moments : int64 array of shape (decisions,)
        The instants of the first run's decisions, UNIX nanoseconds.
    overlap : sequence of pairs of int
        Closed spans with market and factors, in order, UNIX nanoseconds.
    count : int
        The number of instants.
    seed : int
        The same seed draws the same instants.

    Returns
    -------
    list of int
        UNIX nanoseconds, rising; fewer than ``count`` where the overlap has no more, none if no
        decision lies in it.

    """
    time = _OverlapTime(overlap)
    moments = np.unique(moments)
    moments = moments[time.holds(moments) & (moments < time.end_ns)]
    if not len(moments):
        return []
    random = np.random.default_rng(seed)
    places = time.place(moments)
    begin, end = int(places[0]), int(time.place(np.array([time.end_ns]))[0])
    edges = [begin + (end - begin) * k // count for k in range(count + 1)]
    chosen: set[int] = set()
    without: list[tuple[int, int]] = []
    for number, (first, last) in enumerate(pairwise(edges)):
        inside = moments[(places >= first) & (places < last)]
        if number % _OF_TIME == _OF_TIME - 1:
            chosen.add(time.instant(_any_of(random, first, last)))
        elif len(inside):
            chosen.add(int(random.choice(inside)))
        else:
            without.append((first, last))
    # A stratum without a decision is represented by one of another, or by any instant of its own.
    others = [m for m in moments.tolist() if m not in chosen]
    random.shuffle(others)
    for first, last in without:
        chosen.add(others.pop() if others else time.instant(_any_of(random, first, last)))
    return sorted(chosen)


def _any_of(random: np.random.Generator, first: int, end: int) -> int:
    return int(random.integers(first, max(end, first + 1)))


class _OverlapTime:
    """The time of the overlap alone: its spans without what is between them."""

    def __init__(self, spans: Sequence[Sequence[int]]) -> None:
        self._firsts = np.array([first for first, _ in spans], np.int64)
        self._lasts = np.array([last for _, last in spans], np.int64)
        lengths = self._lasts - self._firsts + 1
        self._places = np.cumsum(lengths) - lengths
        self.end_ns = int(self._lasts[-1]) if len(spans) else 0

    def holds(self, ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which instants lie in the overlap."""
        span = np.searchsorted(self._firsts, ns, side="right") - 1
        return (span >= 0) & (ns <= self._lasts[span] if len(self._lasts) else False)

    def place(self, ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how much time of the overlap lies before instants in it."""
        span = np.searchsorted(self._firsts, ns, side="right") - 1
        return np.asarray(self._places[span] + ns - self._firsts[span], np.int64)

    def instant(self, place: int) -> int:
        """Return the instant before which so much time of the overlap lies."""
        span = int(np.searchsorted(self._places, place, side="right")) - 1
        return int(self._firsts[span] + place - self._places[span])
