"""The order in which recorded data is taken, and after which of it factors are evaluated."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adapters.catalog.files.delivered_tables import Delivered
    from backtests.engine.merged_chunks import Chunk

_PLACE: Final = attrgetter("instant_ns", "number")


class Groups(NamedTuple):
    """Data in order, in groups after each of which factors are evaluated.

    The fields are the arguments of :meth:`~adapters.computing.record_maker.RecordMaker.take`.

    Attributes
    ----------
    data : list
        The data of all groups.
    ends : int64 array of shape (groups,)
        Where each group ends in ``data``.
    expire_before_ns : int64 array of shape (groups,)
        Inputs that became too old before this instant were found to be so before the group came,
        UNIX nanoseconds.
    instants_ns : int64 array of shape (groups,)
        The instant at which each group is evaluated, UNIX nanoseconds, not falling.

    """

    data: list[Any]
    ends: NDArray[np.int64]
    expire_before_ns: NDArray[np.int64]
    instants_ns: NDArray[np.int64]


class DataOrder(Protocol):
    """Puts the rows of chunks in order; a chunk's instants are after those of the one before."""

    def of(self, chunk: Chunk) -> Groups:
        """Return the data up to the end of a chunk, without an incomplete group."""

    def rest(self, end_ns: int) -> Groups:
        """Return the data that are left after the last chunk, of instants before an end."""


class StampOrder:
    """The order of ``ts_init``, then of the streams; a group is an instant."""

    def of(self, chunk: Chunk) -> Groups:
        """Return the rows of a chunk, in order."""
        items = [item for one in chunk.items for item in one]
        stamps = np.concatenate(chunk.stamps)
        order = np.argsort(stamps, kind="stable")
        firsts = np.flatnonzero(np.diff(stamps[order], prepend=-1))
        return _grouped([items[i] for i in order.tolist()], firsts, stamps[order])

    def rest(self, end_ns: int) -> Groups:
        """Return nothing: chunks are complete."""
        return _nothing()


class DeliveryOrder:
    """The order in which data came to the producer; a group is a burst.

    A late datum is of a later instant than that of its ``ts_init``, by which chunks are made; it
    is held back until then, as is a burst of which there may be more.
    """

    def __init__(self) -> None:
        self._held: list[Delivered] = []
        self._last_ns = 0

    def of(self, chunk: Chunk) -> Groups:
        """Return the data of the bursts that are complete at the end of a chunk, in order."""
        found = self._held
        found += (item for one in chunk.items for item in one)
        found.sort(key=_PLACE)
        count = len(found)
        while count and found[count - 1].instant_ns > chunk.last_ns:
            count -= 1
        if not count:
            return _nothing()
        last_burst = found[count - 1].burst
        while count and found[count - 1].burst == last_burst:
            count -= 1
        return self._taken(count)

    def rest(self, end_ns: int) -> Groups:
        """Return the data that were held back, in order."""
        return self._taken(sum(d.instant_ns < end_ns for d in self._held))

    def _taken(self, count: int) -> Groups:
        """Return the first of the data that are held, and hold them no more."""
        found, self._held = self._held[:count], self._held[count:]
        if not found:
            return _nothing()
        instants, stamps, bursts = (
            np.fromiter(map(attrgetter(name), found), np.int64, count)
            for name in ("instant_ns", "ts_init", "burst")
        )
        before = np.concatenate(([self._last_ns], instants[:-1]))
        self._last_ns = int(instants[-1])
        # An instant that neither a datum nor one before it has reached is that of an alert.
        is_of_alert = (instants > before) & (stamps < instants)
        firsts = np.flatnonzero(np.diff(bursts, prepend=-1))
        return _grouped([d.datum for d in found], firsts, instants, is_of_alert[firsts])


def _nothing() -> Groups:
    none = np.empty(0, np.int64)
    return Groups([], none, none, none)


def _grouped(
    data: list[Any],
    firsts: NDArray[np.int64],
    instants: NDArray[np.int64],
    has_expired: NDArray[np.bool] | None = None,
) -> Groups:
    """Return data as groups.

    Parameters
    ----------
    data : list
        The data.
    firsts : int64 array of shape (groups,)
        The places of the first of each group.
    instants : int64 array of shape (data,)
        The instant of each datum, UNIX nanoseconds.
    has_expired : bool array of shape (groups,), optional
        Whether an input that was too old exactly at a group's first instant was found to be so
        before; by default none.

    """
    ends = np.append(firsts[1:], len(data))
    before = instants[firsts] if has_expired is None else instants[firsts] + has_expired
    return Groups(data, ends, before, instants[ends - 1])
