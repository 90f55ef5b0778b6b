"""Chunks: several streams in time order, cut into pieces that never split an instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class StreamPiece:
    """Some consecutive rows of one stream.

    Attributes
    ----------
    ts : int64 array of shape (rows,)
        ``ts_init``, UNIX nanoseconds, not falling.
    items : callable
        ``items(i, j)`` returns the rows from ``i`` to before ``j`` as data of an engine.

    """

    ts: NDArray[np.int64]
    items: Callable[[int, int], list[Any]]


@dataclass(frozen=True)
class Chunk:
    """All rows of a span of time: one list for each stream, in the order of the streams.

    Attributes
    ----------
    last_ns : int
        ``ts_init`` of its last row, UNIX nanoseconds.
    rows : int
        The number of rows in all lists.
    ties : int
        Rows of the first stream at an instant at which a later one, up to ``tied``, also has rows.
    stamps : tuple of int64 arrays
        For each list the ``ts_init`` of its rows, UNIX nanoseconds.
    items : tuple of lists
        Empty where a stream has none.

    """

    last_ns: int
    rows: int
    ties: int
    stamps: tuple[NDArray[np.int64], ...]
    items: tuple[list[Any], ...]


def chunks(
    streams: Sequence[Iterator[StreamPiece]], rows: Callable[[], int], tied: int | None = None
) -> Iterator[Chunk]:
    """Yield the rows of all streams in time order.

    Rows of one instant are in one chunk, so that their order is that of the streams.

    Parameters
    ----------
    streams : sequence of iterators
        Each in the order of ``ts_init``.
    rows : callable
        Returns the largest number of rows of the next chunk, which only rows of one instant
        exceed.
    tied : int, optional
        How many of the streams are considered for ties; None: all.

    """
    held = [_Held(stream) for stream in streams]
    while True:
        limit = rows()
        for h in held:
            h.fill(limit)
        ends = [end for h in held if (end := h.safe_end_ns) is not None]
        if not any(len(h) for h in held):
            return
        # Every stream is read up to this instant.
        until_ns = _cut(held, min(ends, default=None), limit)
        counts = [h.count_before(until_ns) for h in held]
        last_ns = max(h.ts[n - 1] for h, n in zip(held, counts, strict=True) if n)
        stamps = tuple(h.ts[:n] for h, n in zip(held, counts, strict=True))
        first, others = stamps[0], stamps[1:tied]
        ties = int(np.isin(first, np.concatenate(others)).sum()) if others else 0
        items = tuple(h.take(n) for h, n in zip(held, counts, strict=True))
        yield Chunk(int(last_ns), sum(counts), ties, stamps, items)


def _cut(held: list[_Held], end_ns: int | None, limit: int) -> int | None:
    """Return the instant before which about ``limit`` rows are, at most the given one."""
    stamps = np.sort(np.concatenate([h.ts[: limit + 1] for h in held]))
    if len(stamps) <= limit:
        return end_ns
    at = int(stamps[limit])
    if at == stamps[0]:
        # One instant has more rows than the limit: take all of them.
        later = [int(h.ts[n]) for h in held if (n := h.count_before(at + 1)) < len(h)]
        at = min(later, default=at + 1)
    return at if end_ns is None else min(at, end_ns)


class _Held:
    """The rows of a stream that were read and not taken yet.

    ``ts`` is an int64 array of shape (rows held,).
    """

    def __init__(self, stream: Iterator[StreamPiece]) -> None:
        self._stream = stream
        self._pieces: list[StreamPiece] = []
        self._taken_of_first = 0
        self._is_over = False
        self.ts = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self.ts)

    @property
    def safe_end_ns(self) -> int | None:
        """The instant before which no more rows will come; None at the end of the stream."""
        return None if self._is_over else int(self.ts[-1])

    def fill(self, rows: int) -> None:
        """Read until there are more rows than requested, of more than one instant."""
        while not self._is_over and (len(self.ts) <= rows or self.ts[0] == self.ts[-1]):
            piece = next(self._stream, None)
            if piece is None:
                self._is_over = True
            elif len(piece.ts):
                self._pieces.append(piece)
                self.ts = np.concatenate([self.ts, piece.ts])

    def count_before(self, instant_ns: int | None) -> int:
        """Return how many rows are before an instant; None: all."""
        if instant_ns is None:
            return len(self.ts)
        return int(np.searchsorted(self.ts, instant_ns, side="left"))

    def take(self, count: int) -> list[Any]:
        """Remove the first rows and return them."""
        self.ts = self.ts[count:]
        taken: list[Any] = []
        while count:
            piece, at = self._pieces[0], self._taken_of_first
            n = min(count, len(piece.ts) - at)
            taken += piece.items(at, at + n)
            self._taken_of_first += n
            if self._taken_of_first == len(piece.ts):
                del self._pieces[0]
                self._taken_of_first = 0
            count -= n
        return taken
