"""The log of a reader: its rows, and what they say about latency and loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

COLUMNS: Final = 4


class LogFile:
    """The rows of one reader: int64, little-endian, four columns.

    Parameters
    ----------
    path : Path
        The file that the reader has written.

    Attributes
    ----------
    received_ns, stamp_ns : int64 array
        When a record's values were copied, and when its producer handed it over; CLOCK_MONOTONIC.
    number, producer : int64 array
        Its number, from 0 for each producer, and the producer's.

    Raises
    ------
    DolphinError
        If the file is not such rows, or a producer's records came twice or out of order.

    """

    def __init__(self, path: Path) -> None:
        found = np.fromfile(path, dtype="<i8")
        if len(found) % COLUMNS:
            msg = f"{path}: expected rows of {COLUMNS} integers, found {len(found)} integers"
            raise DolphinError(msg)
        rows = found.astype(np.int64).reshape(-1, COLUMNS)
        self.received_ns, self.stamp_ns, self.number, self.producer = np.ascontiguousarray(rows.T)
        for each in np.unique(self.producer).tolist():
            if np.any(np.diff(self.number[self.producer == each]) <= 0):
                msg = f"{path}: records of producer {each} came twice or out of order"
                raise DolphinError(msg)

    def part(self, first: int, count: int, producer: int = 1) -> Part:
        """Return the records of a producer from a number on."""
        is_in = (self.producer == producer) & (self.number >= first)
        is_in &= self.number < first + count
        return Part(self.received_ns[is_in], self.stamp_ns[is_in], count)

    def count_of(self, producer: int) -> int:
        """Return how many records of a producer were received."""
        return int(np.count_nonzero(self.producer == producer))

    def first_ns(self, producer: int) -> int:
        """Return when the first record of a producer was received; 0 if none was."""
        found = self.received_ns[self.producer == producer]
        return int(found[0]) if len(found) else 0

    def longest_gap_ns(self, since_ns: int) -> int:
        """Return the longest time without a record after an instant."""
        after = self.received_ns[self.received_ns >= since_ns]
        return int(np.diff(after, prepend=since_ns).max()) if len(after) else 0


class Part:
    """Some records of one producer.

    Parameters
    ----------
    received_ns, stamp_ns : int64 array
        As of the log.
    sent : int
        How many were sent.

    """

    def __init__(
        self, received_ns: NDArray[np.int64], stamp_ns: NDArray[np.int64], sent: int
    ) -> None:
        self.latencies_ns: Final = received_ns - stamp_ns
        self.sent: Final = sent
        self.lost: Final = sent - len(received_ns)
        took_ns = int(received_ns[-1] - stamp_ns[0]) if len(received_ns) else 0
        self.per_s: Final = len(received_ns) * 1e9 / took_ns if took_ns > 0 else 0.0
