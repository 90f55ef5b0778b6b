"""Records that check themselves: values and event follow from the sequence."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.support.transports import regions
from tests.support.transports.regions import values_of

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.shm import FactorWriter
    from adapters.shm.region.region_layout import RegionLayout
    from dolphin_strategies import ExternalFactors

FIRST_EVENT: Final = 1_700_000_000_000_000_000
"""UNIX nanoseconds before the event of record 1; loops.c has the same."""


class BrokenRegionError(Exception):
    """A region shows what was never written, or lacks what was."""


def require(holds: bool, what: str) -> None:  # noqa: FBT001 - a condition, like assert's
    """Raise with ``what`` unless it holds.

    Raises
    ------
    BrokenRegionError
        If it does not.

    """
    if not holds:
        raise BrokenRegionError(what)


def is_whole(f: ExternalFactors) -> bool:
    """Return whether every bit of a record follows from its sequence."""
    expected = values_of(f.sequence, len(f)).tobytes()
    return f.payload == expected and f.ts_event == FIRST_EVENT + f.sequence


def write_one(writer: FactorWriter) -> int:
    """Publish the next record; return its sequence."""
    n = writer.published + 1
    writer.write_values(values_of(n, len(writer.schema)), FIRST_EVENT + n)
    return n


def check_slots(content: bytes, layout: RegionLayout) -> None:
    """Check that every slot which says that it holds a record holds all of it.

    Raises
    ------
    BrokenRegionError
        If one does not.

    """
    count = len(layout.schema)
    for slot in range(layout.capacity):
        at = layout.ring_offset + slot * layout.record_size
        n, ts_event = struct.unpack_from("<Qq", content, at)
        if n == 0:
            continue
        values = np.frombuffer(content, np.float64, count, at + 64)
        require(n % layout.capacity == slot, f"slot {slot} says that it holds record {n}")
        require(
            ts_event == FIRST_EVENT + n and values.tobytes() == values_of(n, count).tobytes(),
            f"slot {slot} says that it holds record {n}, and does not",
        )


def check_snapshot(path: Path, newest: int) -> bool:
    """Check that the snapshot is 0 or a whole, newest record; return whether it is whole.

    Raises
    ------
    BrokenRegionError
        If it is something else.

    """
    # Once: a snapshot of 0 stays 0 here.
    found = regions._SNAPSHOT_READER["read_snapshot"](path, attempts=1)
    if found is None:
        return False
    shown = np.array([*found[1].values()])
    if np.isnan(shown).all():
        return False
    n = int(shown[0] // 512)
    require(
        newest - 1 <= n <= newest and shown.tobytes() == values_of(n, len(shown)).tobytes(),
        f"the snapshot shows a mixture near record {n} while {newest} is the newest",
    )
    return True
