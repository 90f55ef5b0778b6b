"""The order of a region's times over its files and writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.shm import FactorReader, FactorWriter
from tests.support.transports.regions import read_snapshot

if TYPE_CHECKING:
    from pathlib import Path

LATE_NS = 2**62


def test_times_never_go_back_over_writers_that_wrote_nothing(region_path: Path) -> None:
    """Fault A17: a writer with other names is killed before its first record, and so is the next
    one: the third still knows the newest event, and clamps what is older.
    """
    with FactorWriter(region_path, ["a"], capacity=2) as writer:
        for n in range(3):
            writer.write({"a": float(n)}, LATE_NS)
    for names in (["a", "b"], ["a", "b"], ["c"]):
        FactorWriter(region_path, names, capacity=2).abandon()
    assert read_snapshot(region_path) is None
    with FactorReader(region_path) as reader:
        assert (reader.read_latest(), reader.read_next(), reader.latest()) == (None, None, None)
    with FactorWriter(region_path, ["a"], capacity=2) as writer, FactorReader(region_path) as r:
        writer.write({"a": 4.0}, 1)
        f = r.read_next()
        assert f is not None
        assert (f.sequence, f.ts_event) == (4, LATE_NS)
        assert writer.counters["clamped_events"] == 1
