"""The vectors that a reader must refuse, each wrong in one way, with the reason's code."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adapters.shm.region.region_layout import MAX_FILE_SIZE
from tests.support.vectors import written_image as w
from tests.support.vectors.readable import ABC, rows
from tests.support.vectors.written_image import workshop

if TYPE_CHECKING:
    from collections.abc import Iterator

REASONS: Final = {
    "truncated": "the file ends before its names, its control block",
    "count": "the number of factors is not 1 to 512",
    "name": "a name is empty, too long, has a wrong character, or comes twice",
    "too_large": "the file is larger than 256 MB",
    "magic": "it is no region",
    "byte_order": "another kind of machine wrote it",
    "version": "another layout version",
    "snapshot_size": "the field is not what the names give",
    "factor_count": "the field is not the snapshot's count",
    "record_size": "the field is not what the count gives",
    "capacity": "not a power of two of at least 2, or more than fits into a file",
    "schema_hash": "the field is not the hash of the names",
    "file_size": "the field is not what names and capacity give, or not the file's size",
    "boot_id": "from another boot of the machine",
    "time_namespace": "a writer whose monotonic clock is another",
    "sequence": "not 1 <= first_sequence <= published + 1 <= 2**63",
}
"""Every reason's code with its meaning."""

_CONTROL: Final = 4096


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A file, and why it is refused."""

    name: str
    reason: str
    data: bytes
    size: int
    """Bytes of the file; beyond ``data`` it is zeros."""


def _base() -> bytearray:
    with workshop() as place:
        return place.writer(ABC, 2).write(*rows(1, 1)).image().data


def refused() -> Iterator[Refused]:
    """Give all vectors that must be refused."""
    base = bytes(_base())

    def patched(name: str, reason: str, at: int, form: str, *values: object) -> Refused:
        data = bytearray(base)
        struct.pack_into("<" + form, data, at, *values)
        return Refused(name=name, reason=reason, data=bytes(data), size=len(data))

    def cut(name: str, size: int, reason: str = "truncated") -> Refused:
        return Refused(name=name, reason=reason, data=base[:size], size=size)

    def control(name: str, reason: str, at: int, form: str, *values: object) -> Refused:
        return patched(name, reason, _CONTROL + at, form, *values)

    yield cut("no_bytes", 0)
    yield cut("cut_in_header", 11)
    yield cut("cut_in_names", 20)
    yield cut("cut_in_snapshot", 4000)
    yield cut("cut_before_control", _CONTROL)
    yield cut("cut_in_control", _CONTROL + 100)
    yield cut("cut_before_ring", _CONTROL + 4096, "file_size")
    yield cut("cut_in_ring", len(base) - 8, "file_size")
    whole = {"data": base, "reason": "file_size"}
    yield Refused(name="too_long", size=len(base) + 8, **whole)  # type: ignore[arg-type]
    yield Refused(name="too_large", reason="too_large", data=base, size=MAX_FILE_SIZE + 1)

    yield patched("count_0", "count", 8, "I", 0)
    yield patched("count_513", "count", 8, "I", 513)
    yield patched("count_of_ones", "count", 8, "I", 2**32 - 1)
    yield patched("name_beyond_the_end", "truncated", 12, "H", 65_535)
    for name, names in (
        ("name_empty", [b"", b"beta"]),
        ("name_of_64", [b"a" * 64, b"beta"]),
        ("name_begins_with_digit", [b"1alpha"]),
        ("name_with_space", [b"al pha"]),
        ("name_with_slash", [b"al/pha"]),
        ("name_with_zero", [b"alph\0"]),
        ("name_not_ascii", ["alphä".encode()]),
        ("name_twice", [b"alpha", b"beta", b"alpha"]),
    ):
        yield _with_names(name, names, base)

    yield control("magic_other", "magic", 0, "Q", 0x324E4948504C4F44)
    yield control("magic_zero", "magic", 0, "Q", 0)
    yield control("magic_swapped", "byte_order", 0, "Q", int.from_bytes(b"DOLPHIN1"))
    yield control("byte_order_swapped", "byte_order", 12, "I", 0x04030201)
    yield control("version_0", "version", 8, "I", 0)
    yield control("version_2", "version", 8, "I", 2)
    yield control("file_size_other", "file_size", 16, "Q", len(base) + 128)
    yield control("snapshot_size_other", "snapshot_size", 24, "I", 8192)
    yield control("snapshot_size_zero", "snapshot_size", 24, "I", 0)
    yield control("factor_count_other", "factor_count", 28, "I", 4)
    yield control("record_size_other", "record_size", 32, "I", 192)
    yield control("record_size_unaligned", "record_size", 32, "I", 120)
    yield control("capacity_0", "capacity", 36, "I", 0)
    yield control("capacity_1", "capacity", 36, "I", 1)
    yield control("capacity_3", "capacity", 36, "I", 3)
    yield control("capacity_beyond_256_mb", "capacity", 36, "I", 2**31)
    yield control("capacity_other", "file_size", 36, "I", 4)
    yield control("schema_hash_other", "schema_hash", 40, "Q", 1)
    yield patched("schema_of_other_names", "schema_hash", 14, "5s", b"alphb")
    yield control("boot_other", "boot_id", w.BOOT_AT, "16s", bytes(16))
    yield control("time_namespace_other", "time_namespace", w.NAMESPACE_AT, "Q", 1)
    yield control("first_sequence_0", "sequence", w.FIRST_AT, "Q", 0)
    yield control("published_below_first", "sequence", w.FIRST_AT, "Q", 3)
    yield control("published_of_ones", "sequence", w.PUBLISHED_AT, "Q", 2**64 - 1)
    yield control("published_beyond_2_63", "sequence", w.PUBLISHED_AT, "Q", 2**63)


def _with_names(case: str, names: list[bytes], base: bytes) -> Refused:
    """Return a file whose other fields fit its names."""
    value = struct.pack("<d", 1.0)
    entries = [struct.pack("<H", len(name)) + name + value for name in names]
    snapshot = (
        struct.pack("<QI", w.times_of(1).published_wall_ns, len(names)) + b"".join(entries)
    ).ljust(_CONTROL, b"\0")
    data = bytearray(snapshot + base[_CONTROL:])
    struct.pack_into("<I", data, _CONTROL + 28, len(names))
    data[_CONTROL + 40 : _CONTROL + 48] = hashlib.sha256(b"\n".join(names)).digest()[:8]
    return Refused(name=case, reason="name", data=bytes(data), size=len(data))
