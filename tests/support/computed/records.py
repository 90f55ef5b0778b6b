"""Records of computed factors, live ones beside those that were computed again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dolphin_strategies import FactorBatch

type Record = tuple[int, int, bytes]
"""``ts_init`` and ``ts_event``, UNIX nanoseconds, and the values."""


def records_of(batches: Iterable[FactorBatch]) -> list[Record]:
    """Return the records of batches."""
    return [
        (at_ns, event_ns, row.tobytes())
        for b in batches
        for at_ns, event_ns, row in zip(
            b.ts_init.tolist(), b.ts_event.tolist(), b.values, strict=True
        )
    ]


def missing(live: Sequence[Record], again: Sequence[Record]) -> list[Record]:
    """Return the live records that were not computed again, bit for bit.

    A burst that only repeats values has a record if the last one is 100 ms old, which depends on
    the alerts between: it may have that of an earlier instant.
    """
    stamps = [at_ns for at_ns, _, _ in again]
    found = []
    for record in live:
        at_ns, _, payload = record
        first, last = bisect_left(stamps, at_ns), bisect_right(stamps, at_ns)
        if record not in again[first:last] and (not first or again[first - 1][2] != payload):
            found.append(record)
    return found
