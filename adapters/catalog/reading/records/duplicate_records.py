"""Leaving out duplicates: records already read from another recording of the same stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray


class Once:
    """Remembers the sequences of some streams as ranges, which take little memory.

    Parameters
    ----------
    streams : collection of int
        The ids of the streams to check; records of all others pass.

    """

    def __init__(self, streams: Collection[int]) -> None:
        none = np.empty(0, np.uint64)
        self._seen: Final = dict.fromkeys(streams, (none, none))

    @property
    def streams(self) -> Collection[int]:
        """The ids of the streams that are checked."""
        return self._seen.keys()

    def is_new(self, stream_id: int, sequences: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return which sequences of a stream are new, bool of shape (records,); remember them."""
        if stream_id not in self._seen:
            return np.ones(len(sequences), np.bool_)
        begins, ends = self._seen[stream_id]
        at = np.searchsorted(begins, sequences, "right")
        is_new: NDArray[np.bool_] = at == 0
        is_new[~is_new] = sequences[~is_new] >= ends[at[~is_new] - 1]
        _, first = np.unique(sequences, return_index=True)
        is_first = np.zeros(len(sequences), bool)
        is_first[first] = True
        is_new &= is_first
        if is_new.any():
            self._seen[stream_id] = _with(begins, ends, np.unique(sequences[is_new]))
        return is_new


def _with(
    begins: NDArray[np.uint64], ends: NDArray[np.uint64], sequences: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return half-open ranges with new, sorted sequences added."""
    one = np.uint64(1)
    breaks = np.flatnonzero(np.diff(sequences) != one)
    new_begins = sequences[np.concatenate(([0], breaks + 1))]
    new_ends = sequences[np.concatenate((breaks, [len(sequences) - 1]))] + one
    begins, ends = np.concatenate((begins, new_begins)), np.concatenate((ends, new_ends))
    order = np.argsort(begins)
    begins, ends = begins[order], ends[order]
    starts_anew = np.concatenate(([True], begins[1:] != ends[:-1]))
    first = np.flatnonzero(starts_anew)
    last = np.concatenate((first[1:] - 1, [len(begins) - 1]))
    return begins[first], ends[last]
