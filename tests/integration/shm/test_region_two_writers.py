"""Two writers at once, because the lock of the first was taken away from it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from adapters.shm import FactorReader, FactorWriter, RegionMovedError, WriterLockedError
from adapters.shm.region.region_files import folder_of
from tests.support.transports.regions import factor_names, is_whole, write_records

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = factor_names(2)


def test_two_writers_by_force_never_write_into_one_file(region_path: Path) -> None:
    """Fault A06: the folder with the lock is removed, the region stays. The second writer goes on
    with the stream in a file of its own; what the first still writes into its own no reader of the
    path sees, and a reader of the old file is told that it has moved.
    """
    with FactorWriter(region_path, NAMES, capacity=8) as first:
        write_records(first, 5)
        with FactorReader(region_path) as old:
            shutil.rmtree(folder_of(region_path))
            with FactorWriter(region_path, NAMES, capacity=8) as second:
                for _ in range(20):
                    first.write_values(np.full(2, 0.5))
                    write_records(second, 1)
                with FactorReader(region_path) as reader:
                    assert (reader.stream_id, reader.first_sequence) == (old.stream_id, 6)
                    records, lost = reader.since(5)
                assert [f.sequence for f in records] == [*range(26 - len(records), 26)]
                assert lost + len(records) == 20
                assert all(is_whole(f) for f in records)
                old.read_latest()
                assert not old.is_current()
                with pytest.raises(RegionMovedError):
                    old.read_latest()
                with pytest.raises(WriterLockedError):
                    first.heartbeat()
