"""WrittenImage: the bytes of a region that the project's own writer wrote, the same each time."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from adapters.shm.publishing.writer import FactorWriter
from adapters.shm.region.region_layout import RegionLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dolphin_strategies.factors.schema import FactorSchema

BOOT_ID: Final = bytes(range(16))
TIME_NAMESPACE: Final = 4_026_531_834
STREAM_ID: Final = 0x0123456789ABCDEF
WRITER_ID: Final = 0xFEDCBA9876543210
WRITER_PID: Final = 4242
_EVENT_NS: Final = 1_700_000_000_000_000_000
_WALL_NS: Final = 1_700_000_000_500_000_000
_MONO_NS: Final = 86_400_000_000_000

# Offsets from the control block's begin, as docs/region.md gives them.
STREAM_AT: Final = 48
FIRST_AT: Final = 56
BOOT_AT: Final = 64
NAMESPACE_AT: Final = 80
STATE_AT: Final = 128
WRITER_AT: Final = 136
PID_AT: Final = 144
HEARTBEAT_AT: Final = 152
PUBLISHED_AT: Final = 192


class Times(NamedTuple):
    """The instants of a record, nanoseconds: two of UNIX time, one of ``CLOCK_MONOTONIC``."""

    ts_event: int
    published_wall_ns: int
    published_mono_ns: int


def times_of(n: int) -> Times:
    """Return the instants that record n has in every vector; the lower bits of n are enough."""
    after = 1000 * (n % 2**20)
    return Times(_EVENT_NS + after, _WALL_NS + after, _MONO_NS + after)


@dataclass
class WrittenImage:
    """A region file as bytes, and what was written into it."""

    data: bytearray
    layout: RegionLayout
    written: dict[int, Sequence[float]] = field(default_factory=dict)
    """The values of each record by its sequence."""

    @property
    def schema(self) -> FactorSchema:
        """The names."""
        return self.layout.schema

    @property
    def published(self) -> int:
        """The sequence of the newest record."""
        return self.u64(self.layout.snapshot_size + PUBLISHED_AT)

    @property
    def first_sequence(self) -> int:
        """The sequence of the file's first record."""
        return self.u64(self.layout.snapshot_size + FIRST_AT)

    def u64(self, at: int) -> int:
        """Return the word at an offset."""
        return int.from_bytes(self.data[at : at + 8], "little")

    def put(self, at: int, *words: int) -> None:
        """Store 8-byte words from an offset on."""
        struct.pack_into(f"<{len(words)}Q", self.data, at, *words)

    def put_control(self, at: int, *words: int) -> None:
        """Store 8-byte words from an offset in the control block on."""
        self.put(self.layout.snapshot_size + at, *words)

    def settle(self) -> WrittenImage:
        """Replace what depends on the clock, the machine and chance; return this image."""
        start = self.layout.snapshot_size
        newest = self.published
        self.put_control(STREAM_AT, STREAM_ID)
        self.put_control(NAMESPACE_AT, TIME_NAMESPACE)
        self.data[start + BOOT_AT : start + BOOT_AT + len(BOOT_ID)] = BOOT_ID
        self.put_control(WRITER_AT, WRITER_ID, WRITER_PID, times_of(newest).published_mono_ns)
        for slot in range(self.layout.capacity):
            at = self.layout.ring_offset + slot * self.layout.record_size
            n = self.u64(at)
            if n:
                self.put(at + 16, *times_of(n)[1:], WRITER_ID)
            elif self.u64(at + 16):  # the slot before the first record
                self.put(at + 16, times_of(self.first_sequence - 1).published_wall_ns)
        if self.u64(0):
            self.put(0, times_of(newest).published_wall_ns)
        return self


class VectorWriter:
    """The project's writer on a file that is thrown away, looked at between two records."""

    def __init__(self, path: Path, names: Sequence[str], capacity: int) -> None:
        self._writer: Final = FactorWriter(path, names, capacity=capacity)
        self._layout: Final = RegionLayout.of(self._writer.schema, capacity)
        self._written: Final[dict[int, Sequence[float]]] = {}
        self._file: Final = path.open("rb")

    def write(self, *records: Sequence[float]) -> VectorWriter:
        """Publish records; return this writer."""
        for values in records:
            n = self._writer.published + 1
            self._writer.write_values(np.array(values, np.float64), times_of(n).ts_event)
            self._written[n] = values
        return self

    def image(self) -> WrittenImage:
        """Return the file as it is now, settled."""
        self._file.seek(0)
        data = bytearray(self._file.read())
        return WrittenImage(data, self._layout, dict(self._written)).settle()

    def close(self) -> VectorWriter:
        """Close the region; its file can still be looked at."""
        self._writer.close()
        return self

    def release(self) -> None:
        """Let the file go."""
        self._writer.close()
        self._file.close()


class Workshop:
    """A folder in which regions are written, one after the other at the same path."""

    def __init__(self, folder: Path) -> None:
        self.path: Final = folder / "region"
        self._writers: Final[list[VectorWriter]] = []

    def writer(self, names: Sequence[str], capacity: int) -> VectorWriter:
        """Return a writer at the path; the one before must be closed."""
        writer = VectorWriter(self.path, names, capacity)
        self._writers.append(writer)
        return writer

    def release(self) -> None:
        """Let all files go."""
        for writer in self._writers:
            writer.release()


@contextmanager
def workshop() -> Iterator[Workshop]:
    """Give a place to write regions, removed at the end."""
    with TemporaryDirectory(prefix="dolphin_vectors_") as folder:
        place = Workshop(Path(folder))
        try:
            yield place
        finally:
            place.release()
