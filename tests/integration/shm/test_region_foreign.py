"""Regions of other machines and other versions: refused with both sides named."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import pytest

from adapters.shm import FactorReader, FactorWriter, RegionError

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = ["basis", "spread"]
CONTROL: Final = 4096
# The fields of the control block up to the boot id, and the words behind it.
FIXED: Final = "8sIIQIIIIQQQ"
WORDS: Final = ((128, "Q"), (136, "Q"), (144, "Q"), (152, "Q"), (192, "Q"))


def as_big_endian(content: bytes, *, with_names: bool) -> bytes:
    """Return a region as a machine of the other byte order would have written it."""
    swapped = bytearray(content)
    if with_names:
        at = 8
        (count,) = struct.unpack_from("<I", content, at)
        struct.pack_into(">I", swapped, at, count)
        at = 12
        for _ in range(count):
            (length,) = struct.unpack_from("<H", content, at)
            struct.pack_into(">H", swapped, at, length)
            at += 2 + length
            swapped[at : at + 8] = content[at : at + 8][::-1]
            at += 8
    magic, *numbers = struct.unpack_from("<" + FIXED, content, CONTROL)
    struct.pack_into(">" + FIXED, swapped, CONTROL, magic[::-1], *numbers)
    for offset, kind in WORDS:
        (value,) = struct.unpack_from("<" + kind, content, CONTROL + offset)
        struct.pack_into(">" + kind, swapped, CONTROL + offset, value)
    return bytes(swapped)


@pytest.mark.parametrize("with_names", [True, False], ids=["all numbers", "the control block"])
def test_the_other_byte_order_is_refused_by_its_name(
    region_path: Path, *, with_names: bool
) -> None:
    """Fault A12: a header of a big-endian machine, as qemu-s390x writes it in the long proof."""
    with FactorWriter(region_path, NAMES, capacity=8) as writer:
        writer.write({"basis": 1.0, "spread": 2.0})
    region_path.write_bytes(as_big_endian(region_path.read_bytes(), with_names=with_names))
    with pytest.raises(RegionError, match="expected little-endian numbers, found big-endian ones"):
        FactorReader(region_path)
    with FactorWriter(region_path, NAMES, capacity=8) as writer:
        writer.write({"basis": 3.0, "spread": 4.0})
        with FactorReader(region_path) as reader:
            latest = reader.read_latest()
    assert latest is not None
    assert latest["basis"] == 3.0


def test_another_layout_version_is_refused_with_both_numbers(region_path: Path) -> None:
    """Faults A12, D13: a producer of a later version, a reader of this one."""
    with FactorWriter(region_path, NAMES, capacity=8) as writer:
        writer.write({"basis": 1.0, "spread": 2.0})
    content = bytearray(region_path.read_bytes())
    struct.pack_into("<I", content, CONTROL + 8, 2)
    region_path.write_bytes(content)
    with pytest.raises(RegionError, match="expected layout version 1, found 2"):
        FactorReader(region_path)
