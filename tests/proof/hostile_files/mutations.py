"""Mutations of whole region files: of the fields, of the names, of any bytes, of the length."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

# Numbers at which checks of sizes go wrong.
_EDGES: Final = (0, 1, 2, 3, 12, 63, 64, 65, 127, 128, 512, 513, 4095, 4096, 4097, 8192, 65535,
                 65536, 2**20, 2**21, 2**28, 2**28 + 1, 2**31 - 1, 2**31, 2**32 - 1)  # fmt: skip
_WIDE_EDGES: Final = (*_EDGES, 2**32, 2**40, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1)
# Offset and size of each field of the control block, as docs/region.md has them.
_FIELDS: Final = ((0, 8), (8, 4), (12, 4), (16, 8), (24, 4), (28, 4), (32, 4), (36, 4), (40, 8),
                  (48, 8), (56, 8), (64, 8), (72, 8), (80, 8), (128, 8), (136, 8), (144, 8),
                  (152, 8), (192, 8))  # fmt: skip


def _end_of_names(content: bytes | bytearray) -> int:
    at = 12
    (count,) = struct.unpack_from("<I", content, 8)
    for _ in range(min(count, 512)):
        if at + 2 > len(content):
            break
        (length,) = struct.unpack_from("<H", content, at)
        at += 2 + length + 8
    return at


def _control(content: bytes | bytearray) -> int:
    return -(-_end_of_names(content) // 4096) * 4096


def _field(content: bytearray, draw: random.Random) -> None:
    """Give a field of the control block another number, or one that is almost right."""
    offset, size = draw.choice(_FIELDS)
    at = _control(content) + offset
    if at + size > len(content):
        return
    old = int.from_bytes(content[at : at + size], "little")
    new = draw.choice(
        (draw.choice(_WIDE_EDGES), old + draw.choice((-64, -1, 1, 64)), old * 2, old // 2,
         draw.getrandbits(8 * size), int.from_bytes(content[at : at + size], "big"))
    )  # fmt: skip
    content[at : at + size] = (new % 2 ** (8 * size)).to_bytes(size, "little")


def _consistent(content: bytearray, draw: random.Random) -> None:
    """Give the capacity another number and make the sizes fit it, so that later checks are met."""
    at = _control(content)
    if at + 200 > len(content):
        return
    capacity = draw.choice((0, 1, 2, 3, 4, 6, 8, 16, 32, 63, 64, 128, 2**31))
    (record_size,) = struct.unpack_from("<I", content, at + 32)
    size = at + 4096 + capacity * record_size
    struct.pack_into("<I", content, at + 36, capacity)
    struct.pack_into("<Q", content, at + 16, size)
    if size < 2**20:
        content[:] = content[:size].ljust(size, b"\0")


def _name(content: bytearray, draw: random.Random) -> None:
    """Change a name's length or one of its characters; sometimes with the hash that fits it."""
    at = 12
    (count,) = struct.unpack_from("<I", content, 8)
    places = []
    for _ in range(min(count, 512)):
        if at + 2 > len(content):
            break
        places.append(at)
        at += 2 + struct.unpack_from("<H", content, at)[0] + 8
    if not places:
        return
    at = draw.choice(places)
    if draw.random() < 0.3:
        struct.pack_into("<H", content, at, draw.choice(_EDGES) % 2**16)
    elif at + 2 < len(content):
        content[at + 2] = draw.choice(b"a_0.*?/\\\0\n\xff ")
    if draw.random() < 0.7:
        _right_hash(content)


def _right_hash(content: bytearray) -> None:
    at, names = 12, []
    (count,) = struct.unpack_from("<I", content, 8)
    for _ in range(min(count, 512)):
        if at + 2 > len(content):
            return
        (length,) = struct.unpack_from("<H", content, at)
        names.append(bytes(content[at + 2 : at + 2 + length]))
        at += 2 + length + 8
    where = _control(content) + 40
    if where + 8 <= len(content):
        content[where : where + 8] = hashlib.sha256(b"\n".join(names)).digest()[:8]


def _count(content: bytearray, draw: random.Random) -> None:
    struct.pack_into("<I", content, 8, draw.choice((*_EDGES, draw.getrandbits(32))))


def _bytes(content: bytearray, draw: random.Random) -> None:
    """Flip bits, or overwrite a run of bytes, anywhere or where it matters most."""
    limit = draw.choice((64, 512, 8192, len(content)))
    for _ in range(draw.choice((1, 1, 2, 8))):
        content[draw.randrange(min(limit, len(content)))] ^= 1 << draw.randrange(8)
    if draw.random() < 0.2:
        at = draw.randrange(len(content))
        content[at : at + 8] = draw.getrandbits(64).to_bytes(8, "little")[: len(content) - at]


def _length(content: bytearray, draw: random.Random) -> None:
    size = len(content)
    in_control = _control(content) + draw.choice((0, 100, 200, 256, 4096))
    new = draw.choice(
        (draw.randrange(size + 1), size - 1, size + 1, size + 4096, 0, 12, 4096, 8192, in_control)
    )
    content[:] = content[:new].ljust(min(new, 2**20), b"\0")


def _byte_swapped(content: bytearray, draw: random.Random) -> None:
    """Write every number of the header in the other byte order, as such a machine would."""
    end, at = _end_of_names(content), _control(content)
    if end > len(content) or at + 200 > len(content):
        return
    for offset, size in _FIELDS:
        if offset not in {64, 72}:  # the boot id is bytes
            content[at + offset : at + offset + size] = content[at + offset : at + offset + size][
                ::-1
            ]
    if draw.random() < 0.5:
        content[8:12] = content[8:12][::-1]


_KINDS: Final = (_field, _field, _field, _consistent, _name, _count, _bytes, _bytes, _length,
                 _byte_swapped)  # fmt: skip


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Return the content with one to four mutations, drawn at random."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 4))):
        if len(changed) < 16:
            break
        draw.choice(_KINDS)(changed, draw)
    return bytes(changed)
