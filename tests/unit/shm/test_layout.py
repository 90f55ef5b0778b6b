"""RegionLayout: the numbers of a region, worked out by hand here."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from adapters.shm._region import ffi, lib

from adapters.shm.region.region_layout import (
    MAX_FILE_SIZE,
    MAX_SNAPSHOT_SIZE,
    RegionLayout,
    boot_id,
)
from dolphin_strategies import FactorSchema


@pytest.mark.parametrize(
    ("names", "capacity", "snapshot", "record", "size"),
    [
        (["a"], 2, 4096, 128, 4096 + 4096 + 2 * 128),
        (["a", "bc"], 64, 4096, 128, 4096 + 4096 + 64 * 128),
        ([f"f{i}" for i in range(8)], 4096, 4096, 128, 8192 + 4096 * 128),
        ([f"f{i}" for i in range(9)], 4096, 4096, 192, 8192 + 4096 * 192),
        ([f"factor_{i:02}" for i in range(85)], 4096, 4096, 768, 8192 + 4096 * 768),
        ([f"{i:03}".rjust(63, "x") for i in range(55)], 4, 4096, 512, 8192 + 4 * 512),
        ([f"{i:03}".rjust(63, "x") for i in range(56)], 4, 8192, 512, 12288 + 4 * 512),
        ([f"{i:03}".rjust(63, "x") for i in range(512)], 4, 40960, 4160, 45056 + 4 * 4160),
    ],
    ids=lambda each: f"{len(each)} names" if isinstance(each, list) else str(each),
)
def test_sizes_follow_from_names_and_capacity(
    names: list[str], capacity: int, snapshot: int, record: int, size: int
) -> None:
    """Snapshot rounded up to pages, records to cache lines, one page for the control block."""
    lay = RegionLayout.of(FactorSchema(names), capacity)
    assert (lay.snapshot_size, lay.record_size, lay.file_size) == (snapshot, record, size)
    assert lay.ring_offset == snapshot + 4096
    assert snapshot <= MAX_SNAPSHOT_SIZE


@pytest.mark.parametrize("capacity", [-2, 0, 1, 3, 100, 4095, 2**22])
def test_a_capacity_out_of_rule_is_refused(capacity: int) -> None:
    """A power of two of at least 2, and a file of at most 256 MB."""
    with pytest.raises(ValueError, match="capacity: "):
        RegionLayout.of(FactorSchema(["a"]), capacity)


def test_the_largest_file_is_just_within_the_limit() -> None:
    """One factor, 2**20 records of 128 bytes: half of it; twice as many records are too many."""
    lay = RegionLayout.of(FactorSchema(["a"]), 2**20)
    assert lay.file_size <= MAX_FILE_SIZE == 256 * 2**20
    with pytest.raises(ValueError, match="at most 268,435,456"):
        RegionLayout.of(FactorSchema(["a"]), 2**21)


def test_the_snapshot_image_is_the_documented_one() -> None:
    """Timestamp 0, count, then length, name and NaN for each factor, unpadded."""
    lay = RegionLayout.of(FactorSchema(["a", "basis"]))
    image = lay.snapshot_image()
    nan = struct.pack("<d", float("nan"))
    head = struct.pack("<QI", 0, 2) + b"\1\0a" + nan + b"\5\0basis" + nan
    assert image == head.ljust(4096, b"\0")
    assert lay.value_offsets == (15, 30)


def test_the_control_block_has_the_documented_bytes() -> None:
    """Each fixed field at its offset, a closed state, and nothing else."""
    lay = RegionLayout.of(FactorSchema(["a"]), 64)
    block = lay.control_block(stream_id=0xABCD, first_sequence=9)
    fixed = struct.pack(
        "<8sIIQIIIIQQQ16sQ",
        b"DOLPHIN1", 1, 0x01020304, lay.file_size, 4096, 1, 128, 64, lay.schema.hash, 0xABCD, 9,
        boot_id(), Path("/proc/self/ns/time").stat().st_ino,
    )  # fmt: skip
    expected = bytearray(4096)
    expected[: len(fixed)] = fixed
    expected[128:136] = struct.pack("<Q", 3)
    expected[192:200] = struct.pack("<Q", 8)
    assert block == bytes(expected)


def test_hot_words_lie_in_cache_lines_of_their_own() -> None:
    """What every record changes shares no line with what readers only look up."""
    published = ffi.offsetof("struct region_control", "published")
    others = [o for f, o in ((f, ffi.offsetof("struct region_control", f)) for f, _ in
              ffi.typeof("struct region_control").fields)
              if f not in {"published", "reserved_2"}]  # fmt: skip
    assert published % 64 == 0
    assert max(o // 64 for o in others) < published // 64
    assert lib.REGION_RECORD_HEADER == lib.REGION_RECORD_ALIGNMENT == 64
