"""New names and the record that brought them, seen from outside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pytest

from adapters.shm import FactorReader, FactorWriter, RegionError
from adapters.shm.region.region_files import folder_of
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from pathlib import Path

NEW_NAMES: Final = 200


def add_names(path: str) -> None:
    """Write one record, then one new name with each."""
    with FactorWriter(path, ["f0"], capacity=8) as writer:
        state = {"f0": 0.0}
        writer.write(state)
        print("begun", flush=True)
        for i in range(1, NEW_NAMES + 1):
            state[f"f{i}"] = float(i)
            writer.write(state)
    print("done", flush=True)


def test_a_region_with_new_names_is_never_without_a_record(region_path: Path) -> None:
    """Fault A03: the new file appears with its first record: whoever attaches at any instant,
    or after a kill at it, finds the newest values.
    """
    looks = 0
    newest = 0
    with child(add_names, region_path) as writer:
        assert writer.line() == "begun"
        while newest <= NEW_NAMES:
            with FactorReader(region_path) as reader:
                f = reader.latest()
            looks += 1
            assert f is not None, f"no record after {newest}"
            assert f.sequence >= newest
            assert len(f) == f.sequence
            newest = f.sequence
        assert writer.line() == "done"
    assert looks > 1


def test_new_names_that_cannot_be_had_change_nothing(region_path: Path) -> None:
    """A schema too large for its file: an error, and the old names with the next record."""
    with FactorWriter(region_path, ["a"], capacity=2**20) as writer:
        writer.write({"a": 1.0})
        with pytest.raises((RegionError, ValueError)):
            writer.write({"a": 2.0} | {f"f{i}": 1.0 for i in range(400)})
        assert not (folder_of(region_path) / "new").exists()
        writer.write({"a": 3.0})
        with FactorReader(region_path) as reader:
            f = reader.latest()
        assert f is not None
        assert (f.sequence, f["a"]) == (2, 3.0)
    FactorWriter(region_path, ["a"], capacity=2**20).close(unlink=True)


@pytest.mark.parametrize("key", ["abcde", "abc", "abce", "abc\u00e4", "\u6261\u6463zz"], ids=ascii)
def test_a_key_that_resembles_a_name_is_another_one(region_path: Path, key: str) -> None:
    """Fault B04: one letter more, fewer or other, or wide letters that begin with the bytes of the
    name: its value does not come under the name in whose place it stands.
    """
    with FactorWriter(region_path, ["abcd", "x"], capacity=8) as writer:
        for _ in range(2):
            writer.write({key: 1.0, "x": 2.0})
            with FactorReader(region_path) as reader:
                f = reader.latest()
            assert f is not None
            assert math.isnan(f["abcd"])
            assert f["x"] == 2.0
        assert writer.counters["missing_values"] == 2
