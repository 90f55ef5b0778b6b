"""Sequences where numbers of 32, 63 and 64 bits end, and a file from before a reboot."""

from __future__ import annotations

import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from adapters.shm import FactorReader, FactorWriter, RegionError
from tests.proof.figures import Figure, Form
from tests.proof.region.records import is_whole, write_one
from tests.support.transports.regions import (
    control_offset,
    factor_names,
    new_region_path,
    poke,
    remove_all_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES: Final = factor_names(3)
CAPACITY: Final = 8
FIRST_SEQUENCE, BOOT_ID, PUBLISHED = 56, 64, 192


@contextmanager
def _region(**fields: tuple[int, bytes]) -> Iterator[Path]:
    """Make a region without a writer, with fields of its control block as given."""
    path = new_region_path()
    try:
        FactorWriter(path, NAMES, capacity=CAPACITY).close()
        for offset, content in fields.values():
            poke(path, control_offset(NAMES) + offset, content)
        yield path
    finally:
        remove_all_of(path)


@contextmanager
def _region_at(published: int) -> Iterator[Path]:
    with _region(
        first=(FIRST_SEQUENCE, struct.pack("<Q", published + 1)),
        published=(PUBLISHED, struct.pack("<Q", published)),
    ) as path:
        yield path


def prove(form: Form) -> Iterator[Figure]:
    """Yield what happens around each of these sequences, and to a file of another boot."""
    for bits in (32, 53, 62):
        yield _crosses(bits)
    for bits in (63, 64):
        yield _is_refused(bits)
    yield _of_another_boot()


def _crosses(bits: int) -> Figure:
    """Write and read every record over the border."""
    border = 2**bits
    read = []
    with (
        _region_at(border - 10) as path,
        FactorWriter(path, NAMES, capacity=CAPACITY) as writer,
        FactorReader(path) as reader,
    ):
        for _ in range(30):
            write_one(writer)
            if not reader.wait(60):
                break
            f = reader.read_next()
            # Whole as far as a double can tell the sequence.
            if f is not None and (bits > 52 or is_whole(f)):
                read.append(f.sequence)
    return Figure(
        id="",
        what=f"records that cross sequence 2^{bits} (A19), each waited for and read",
        value=f"{len(read)} of 30, from {read[0] - border:+d} to {read[-1] - border:+d}",
        reach="30 of 30",
        is_met=read == [*range(border - 9, border + 21)],
    )


def _is_refused(bits: int) -> Figure:
    """Start shortly before the border: nobody reads it, and a writer begins a new stream."""
    with _region_at(2**bits - 10 if bits == 64 else 2**bits) as path:
        try:
            FactorReader(path).close()
            said = "attached"
        except RegionError as error:
            said = str(error)
        with (
            FactorWriter(path, NAMES, capacity=CAPACITY) as writer,
            FactorReader(path) as reader,
        ):
            n = write_one(writer)
            f = reader.latest()
    is_new = n == 1 and f is not None and is_whole(f)
    return Figure(
        id="",
        what=f"a region that stands at sequence 2^{bits}{' - 10' if bits == 64 else ''} (A19)",
        value="refused by a reader, begun anew by a writer"
        if is_new and "first sequence" in said
        else f"{said}; the writer stands at {n}",
        reach="refused by a reader, begun anew by a writer",
        is_met=is_new and "first sequence" in said,
    )


def _of_another_boot() -> Figure:
    """Copy a region back after a reboot."""
    with _region(boot=(BOOT_ID, bytes(range(16)))) as path:
        try:
            FactorReader(path).close()
            said = "attached"
        except RegionError as error:
            said = str(error)
        with FactorWriter(path, NAMES, capacity=CAPACITY) as writer:
            n = write_one(writer)
        with FactorReader(path) as reader:
            f = reader.latest()
    is_met = "one from before a reboot" in said and n == 1 and f is not None and is_whole(f)
    return Figure(
        id="",
        what="a region of an earlier boot copied back (A18)",
        value="refused by a reader, begun anew by a writer" if is_met else said,
        reach="refused by a reader, begun anew by a writer",
        is_met=is_met,
    )
