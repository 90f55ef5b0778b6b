"""The region's layout as numbers: computed for a new file, checked for an existing one."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.shm._region import ffi, lib
from adapters.shm.region.region_errors import RegionError
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_PATH: Final = Path("/dev/shm/dolphin_exf")  # noqa: S108 - the documented place
DEFAULT_CAPACITY: Final = 4096
MAX_FILE_SIZE: Final = 256 * 1024 * 1024
MAX_SNAPSHOT_SIZE: Final = 65_536
MAX_SEQUENCE: Final = 2**63

_SNAPSHOT_HEADER: Final = struct.Struct("<QI")
_NAME_LENGTH: Final = struct.Struct("<H")
_RECORD_TIMES: Final = struct.Struct("<Qqq")


def boot_id() -> bytes:
    """Return the 16 bytes that identify this boot, for which monotonic clocks are valid."""
    text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    return bytes.fromhex(text.strip().replace("-", ""))


def time_namespace() -> int:
    """Return the number of this process's time namespace, each of which has monotonic clocks of
    its own; 0 where the kernel has none.
    """
    try:
        return Path("/proc/self/ns/time").stat().st_ino
    except OSError:
        return 0


def _round_up(size: int, unit: int) -> int:
    return -(-size // unit) * unit


@dataclass(frozen=True, kw_only=True)
class RegionLayout:
    """The sizes and offsets, in bytes, of a region of one schema and capacity."""

    schema: FactorSchema
    capacity: int
    value_offsets: tuple[int, ...]
    snapshot_size: int
    record_size: int

    @classmethod
    def of(cls, schema: FactorSchema, capacity: int = DEFAULT_CAPACITY) -> RegionLayout:
        """Lay out a new region.

        Parameters
        ----------
        schema : FactorSchema
            The names.
        capacity : int
            Records in the ring: a power of two, at least 2.

        Raises
        ------
        ValueError
            If the capacity is not a power of two, or the file would be larger than 256 MB.

        """
        if capacity < 2 or capacity & (capacity - 1):
            msg = f"capacity: expected a power of two of at least 2, found {capacity}"
            raise ValueError(msg)
        offsets = []
        at = lib.REGION_SNAPSHOT_HEADER
        for name in schema:
            at += _NAME_LENGTH.size + len(name)
            offsets.append(at)
            at += 8
        layout = cls(
            schema=schema,
            capacity=capacity,
            value_offsets=tuple(offsets),
            snapshot_size=_round_up(at, lib.REGION_PAGE),
            record_size=_round_up(
                lib.REGION_RECORD_HEADER + 8 * len(schema), lib.REGION_RECORD_ALIGNMENT
            ),
        )
        if layout.file_size > MAX_FILE_SIZE:
            msg = (
                f"capacity: {capacity} records of {len(schema)} factors need "
                f"{layout.file_size:,} bytes; a region has at most {MAX_FILE_SIZE:,}"
            )
            raise ValueError(msg)
        return layout

    @property
    def ring_offset(self) -> int:
        """Offset of the ring's first record, bytes."""
        return int(self.snapshot_size + lib.REGION_CONTROL_SIZE)

    @property
    def file_size(self) -> int:
        """Size of the whole file, bytes."""
        return self.ring_offset + self.capacity * self.record_size

    def slot_offset(self, sequence: int) -> int:
        """Offset of the slot of a record, bytes."""
        return self.ring_offset + (sequence & (self.capacity - 1)) * self.record_size

    def snapshot_image(self) -> bytes:
        """Return the snapshot with timestamp 0 and every value NaN."""
        parts = [_SNAPSHOT_HEADER.pack(0, len(self.schema))]
        for name in self.schema:
            parts.append(_NAME_LENGTH.pack(len(name)))
            parts.append(name.encode("ascii"))
            parts.append(struct.pack("<d", float("nan")))
        return b"".join(parts).ljust(self.snapshot_size, b"\0")

    def control_block(self, *, stream_id: int, first_sequence: int) -> bytes:
        """Return the control block of a new file that has no writer yet."""
        control = ffi.new("struct region_control *")
        control.magic = lib.REGION_MAGIC
        control.layout_version = lib.REGION_LAYOUT_VERSION
        control.byte_order = lib.REGION_BYTE_ORDER
        control.file_size = self.file_size
        control.snapshot_size = self.snapshot_size
        control.factor_count = len(self.schema)
        control.record_size = self.record_size
        control.capacity = self.capacity
        control.schema_hash = self.schema.hash
        control.stream_id = stream_id
        control.first_sequence = first_sequence
        control.boot_id = list(boot_id())
        control.time_namespace = time_namespace()
        control.state = lib.REGION_CLOSED
        control.published = first_sequence - 1
        return bytes(ffi.buffer(control)).ljust(lib.REGION_CONTROL_SIZE, b"\0")


@dataclass(frozen=True, kw_only=True)
class FoundRegion:
    """The result of checking an open file: a trusted layout, and the file's constants."""

    layout: RegionLayout
    stream_id: int
    first_sequence: int
    published: int


def check(fd: int, path: Path) -> FoundRegion:
    """Check every size and offset of an open region file, reading it, not mapping it.

    Raises
    ------
    RegionError
        If the file is not a whole region of this layout version and this boot.

    """
    size = os.fstat(fd).st_size
    if size > MAX_FILE_SIZE:
        raise _refusal(path, f"at most {MAX_FILE_SIZE:,} bytes", f"{size:,} bytes")
    schema, at = _read_names(path, os.pread(fd, MAX_SNAPSHOT_SIZE, 0))
    snapshot_size = _round_up(at, lib.REGION_PAGE)
    raw = os.pread(fd, ffi.sizeof("struct region_control"), snapshot_size)
    if len(raw) < ffi.sizeof("struct region_control"):
        raise _refusal(path, f"a control block at offset {snapshot_size}", f"{size:,} bytes")
    control = ffi.new("struct region_control *")
    ffi.memmove(control, raw, len(raw))

    def expect(what: str, expected: object, found: object, show: Callable[..., str] = str) -> None:
        if expected != found:
            raise _refusal(path, f"{what} {show(expected)}", show(found))

    if control.magic == _swapped(lib.REGION_MAGIC, 8):
        raise _other_byte_order(path)
    expect("magic", lib.REGION_MAGIC, control.magic, hex)
    expect("byte order mark", lib.REGION_BYTE_ORDER, control.byte_order, hex)
    expect("layout version", lib.REGION_LAYOUT_VERSION, control.layout_version)
    capacity = control.capacity
    try:
        layout = RegionLayout.of(schema, capacity)
    except ValueError as error:
        raise _refusal(path, "a capacity that fits", str(error)) from None
    expect("snapshot size", layout.snapshot_size, control.snapshot_size)
    expect("factor count", len(schema), control.factor_count)
    expect("record size", layout.record_size, control.record_size)
    expect("schema hash", schema.hash, control.schema_hash, hex)
    expect("file size", layout.file_size, control.file_size)
    expect("file size", layout.file_size, size)
    if bytes(control.boot_id) != boot_id():
        raise _refusal(path, "a region of this boot of the machine", "one from before a reboot")
    ours = time_namespace()
    if 0 not in {ours, control.time_namespace} and ours != control.time_namespace:
        # Its heartbeat and its records have stamps of another clock: no age would be right.
        raise _refusal(
            path,
            f"a writer in time namespace {ours}, as this process",
            f"one in time namespace {control.time_namespace}, whose monotonic clock differs",
        )
    if not 1 <= control.first_sequence <= control.published + 1 <= MAX_SEQUENCE:
        raise _refusal(
            path,
            "a first sequence of at most published + 1",
            f"{control.first_sequence} with {control.published} published",
        )
    return FoundRegion(
        layout=layout,
        stream_id=control.stream_id,
        first_sequence=control.first_sequence,
        published=control.published,
    )


def slot_before_first(ts_event: int, published_wall_ns: int) -> bytes:
    """Return the slot before the first record of a new file: no record, but the times of the
    newest one of the file before, after which a writer continues that finds no record here.
    """
    return _RECORD_TIMES.pack(0, ts_event, published_wall_ns)


def newest_times(fd: int, found: FoundRegion) -> tuple[int, int]:
    """Return event time and publish time of the newest record of an open region, or of the file
    before if it has none yet; zeros if there is none at all.
    """
    raw = os.pread(fd, _RECORD_TIMES.size, found.layout.slot_offset(found.published))
    sequence, ts_event, published_wall_ns = _RECORD_TIMES.unpack(raw)
    is_it = sequence == (found.published if found.published >= found.first_sequence else 0)
    return (ts_event, published_wall_ns) if is_it else (0, 0)


def _read_names(path: Path, raw: bytes) -> tuple[FactorSchema, int]:
    """Parse the snapshot's names; return the schema and the snapshot's end."""
    names: list[str] = []
    if not raw:
        raise _refusal(path, "a snapshot with factor names", "an empty file")
    try:
        _, count = _SNAPSHOT_HEADER.unpack_from(raw)
        at = _SNAPSHOT_HEADER.size
        if 1 <= _swapped(count, 4) <= lib.REGION_MAX_FACTORS < count:
            raise _other_byte_order(path)
        if not 1 <= count <= lib.REGION_MAX_FACTORS:
            raise _refusal(path, f"1 to {lib.REGION_MAX_FACTORS} factors", f"count {count}")
        for _ in range(count):
            (length,) = _NAME_LENGTH.unpack_from(raw, at)
            at += _NAME_LENGTH.size
            names.append(raw[at : at + length].decode("ascii"))
            at += length + 8
        if at > len(raw):
            raise _refusal(path, f"a snapshot of {at:,} bytes", f"{len(raw):,} bytes")
        return FactorSchema(names), at
    except struct.error:
        raise _refusal(path, "a snapshot with factor names", f"{len(raw):,} bytes") from None
    except ValueError as error:
        raise _refusal(path, "a snapshot with factor names", str(error)) from None


def _swapped(number: int, size: int) -> int:
    return int.from_bytes(number.to_bytes(size, "little"), "big")


def _other_byte_order(path: Path) -> RegionError:
    return _refusal(
        path, "little-endian numbers", "big-endian ones, written by another kind of machine"
    )


def _refusal(path: Path, expected: str, found: str) -> RegionError:
    return RegionError(
        f"{path} is not a usable region: expected {expected}, found {found}; "
        "start its producer again, or remove the file if nothing uses it"
    )
