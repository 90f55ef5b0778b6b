"""The vectors that a reader must accept: every feature of the layout."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.support.vectors import written_image as w
from tests.support.vectors.written_image import VectorWriter, WrittenImage, workshop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ABC: Final = ("alpha", "beta", "gamma")
_LONG: Final = 63
# Exactly so many names fill 4096 bytes: 12 + 55 * (2 + 63 + 8) + (2 + 59 + 8).
_NAMES_IN_A_PAGE: Final = 55


@dataclass(frozen=True, kw_only=True)
class Readable:
    """An image, and in which ways it differs from what a whole reading would give."""

    name: str
    what: str
    image: WrittenImage
    has_snapshot: bool = True
    contradicts: bool = False
    """Whether reading ends with an error, though the file can be attached."""


def rows(first: int, last: int, count: int = 3) -> list[list[float]]:
    """Return the values of records ``first`` to ``last``; no two share one."""
    return [[n + i / 1024 for i in range(count)] for n in range(first, last + 1)]


def readable() -> Iterator[Readable]:
    """Give all vectors that must be accepted."""
    yield from _shapes()
    yield from _rings()
    yield from _lives()
    yield from _kills()
    yield from _oddities()


def _one(name: str, what: str, names: Sequence[str], capacity: int, records: int) -> Readable:
    with workshop() as place:
        writer = place.writer(names, capacity).write(*rows(1, records, len(names)))
        return Readable(name=name, what=what, image=writer.image(), has_snapshot=records > 0)


def _shapes() -> Iterator[Readable]:
    yield _one("one_factor", "One factor.", ["a"], 4, 3)
    many = [f"f{i}" for i in range(512)]
    yield _one("factors_512", "The most factors; a snapshot of two pages.", many, 2, 2)
    names = ["A" * _LONG, "b.c-d_E9", "z", "Z" + "0123456789_.-" * 4 + "0123456789"]
    yield _one("long_names", "Names of 63 characters, and every character there is.", names, 2, 1)
    page = [f"n{i:02}".ljust(_LONG, "x") for i in range(_NAMES_IN_A_PAGE)]
    yield _one("snapshot_of_a_page", "A snapshot of exactly 4096 bytes.", [*page, "y" * 59], 2, 1)
    yield _one("snapshot_of_a_page_and_a_byte", "One of 4097.", [*page, "y" * 60], 2, 1)
    special = [math.nan, -0.0, 5e-324, -2.225073858507201e-308, 1e308, -1.7976931348623157e308]
    special += [struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0123))[0]]
    special += [math.inf, -math.inf, 0.1]
    names = ["nan", "minus_zero", "denormal", "denormals_end", "large", "largest", "nan_payload"]
    names += ["infinity", "minus_infinity", "tenth"]
    with workshop() as place:
        image = place.writer(names, 2).write(special).image()
    what = "Values at the ends of float64; the writer made NaN of the infinities."
    yield Readable(name="values", what=what, image=image)


def _rings() -> Iterator[Readable]:
    yield _one("empty", "A live writer that has written no record.", ABC, 4, 0)
    yield _one("ring_not_full", "capacity - 1 records: nothing is lost.", ABC, 4, 3)
    yield _one("ring_full", "capacity records: the first may be overwritten.", ABC, 4, 4)
    yield _one("ring_wrapped", "A ring that went round more than twice.", ABC, 8, 21)
    yield _one("capacity_2", "The smallest ring: only the newest record counts.", ABC, 2, 5)


def _lives() -> Iterator[Readable]:
    with workshop() as place:
        old = place.writer(ABC, 8).write(*rows(1, 4)).close()
        yield Readable(name="closed", what="The writer has left.", image=old.image())
        new = place.writer([*ABC, "delta"], 8)
        what = "The stream goes on in another file; this one is read to its end."
        yield Readable(name="superseded", what=what, image=old.image())
        what = "A file that continues a stream, before its first record."
        image = new.image()
        yield Readable(name="continued_empty", what=what, image=image, has_snapshot=False)
        image = new.write(*rows(5, 7, 4)).image()
        what = "A file that continues a stream: its first sequence is 5."
        yield Readable(name="continued", what=what, image=image)
    with workshop() as place:
        place.writer(ABC, 4).close()
        with place.path.open("r+b") as file:
            file.seek(4096 + w.PUBLISHED_AT)
            file.write((2**53).to_bytes(8, "little"))
        image = place.writer(ABC, 4).write(*rows(1, 2)).image()
    what = "Sequences that no float64 holds."
    yield Readable(name="large_sequences", what=what, image=image)


def _two_images(place_capacity: int = 4) -> tuple[WrittenImage, WrittenImage]:
    """Return a region after 5 and after 6 records."""
    with workshop() as place:
        writer = place.writer(ABC, place_capacity).write(*rows(1, 5))
        before = writer.image()
        return before, writer.write(*rows(6, 6)).image()


def _kills() -> Iterator[Readable]:
    """Give what a writer leaves that is killed in record 6, by the order of its steps."""
    for name, what, words, commits in (
        ("killed_after_mark", "Killed when the slot was marked with 0.", 1, False),
        ("killed_in_record", "Killed with half of the record's words written.", 9, False),
        ("killed_before_announcing", "Killed with the record whole but not announced.", 11, True),
    ):
        before, after = _two_images()
        at = before.layout.slot_offset(6)
        before.data[at : at + 8 * words] = after.data[at : at + 8 * words]
        if not commits:
            before.put(at, 0)
        yield Readable(name=name, what=what, image=before)
    before, after = _two_images()
    second = after.layout.value_offsets[1]
    after.put(0, 0)
    after.data[second:4096] = before.data[second:4096]
    what = "Killed inside the snapshot, which stays 0; the ring has the record."
    yield Readable(name="killed_in_snapshot", what=what, image=after, has_snapshot=False)


def _oddities() -> Iterator[Readable]:
    def base() -> VectorWriter:
        return place.writer(ABC, 4)

    with workshop() as place:
        image = base().write(*rows(1, 2)).image()
    image.put_control(w.NAMESPACE_AT, 0)
    what = "The writer did not know its time namespace."
    yield Readable(name="time_namespace_unknown", what=what, image=image)
    with workshop() as place:
        image = base().write(*rows(1, 2)).image()
    image.put_control(w.HEARTBEAT_AT + 8, *[2**64 - 1] * 4)
    image.put(image.layout.slot_offset(2) + 40, *[2**64 - 1] * 3)
    what = "Reserved words are not 0; a reader does not look at them."
    yield Readable(name="reserved_words", what=what, image=image)
    with workshop() as place:
        image = base().write(*rows(1, 2)).image()
    image.put(image.layout.slot_offset(2), 6)
    what = "The newest record's slot holds another number: an error, and no endless loop."
    yield Readable(name="contradiction", what=what, image=image, contradicts=True)
