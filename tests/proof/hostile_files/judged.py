"""Whether a file is a region that may be attached, by docs/region.md and none of our code."""

from __future__ import annotations

import hashlib
import re
import struct
from pathlib import Path
from typing import Final

PAGE: Final = 4096
LARGEST_FILE: Final = 256 * 2**20
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}", re.ASCII)
_CONTROL: Final = struct.Struct("<8sIIQIIIIQQQ16sQ")


def this_boot() -> bytes:
    """Return the boot id as the page says it is stored."""
    text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return bytes.fromhex(text.replace("-", ""))


def this_time_namespace() -> int:
    """Return the number of this process's time namespace."""
    return Path("/proc/self/ns/time").stat().st_ino


def _names(content: bytes) -> tuple[list[str], int] | None:
    if len(content) < 12:
        return None
    (count,) = struct.unpack_from("<I", content, 8)
    if not 1 <= count <= 512:
        return None
    names, at = [], 12
    for _ in range(count):
        if at + 2 > len(content):
            return None
        (length,) = struct.unpack_from("<H", content, at)
        name = content[at + 2 : at + 2 + length].decode("latin-1")
        at += 2 + length + 8
        if at > len(content) or not _NAME.fullmatch(name):
            return None
        names.append(name)
    return (names, at) if len(set(names)) == count else None


def is_region(content: bytes, boot: bytes, namespace: int) -> bool:
    """Return whether a file of this content is a whole region of the given boot and clocks."""
    found = _names(content)
    if found is None or len(content) > LARGEST_FILE:
        return False
    names, at = found
    snapshot_size = -(-at // PAGE) * PAGE
    if len(content) < snapshot_size + PAGE:
        return False
    (magic, version, byte_order, file_size, size, count, record_size, capacity, schema_hash, _,
     first, boot_id, clocks) = _CONTROL.unpack_from(content, snapshot_size)  # fmt: skip
    (published,) = struct.unpack_from("<Q", content, snapshot_size + 192)
    digest = hashlib.sha256("\n".join(names).encode()).digest()[:8]
    return (
        magic == b"DOLPHIN1"
        and (version, byte_order) == (1, 0x01020304)
        and (size, count) == (snapshot_size, len(names))
        and record_size == -(-(64 + 8 * count) // 64) * 64
        and capacity >= 2
        and capacity & (capacity - 1) == 0
        and file_size == snapshot_size + PAGE + capacity * record_size == len(content)
        and schema_hash == int.from_bytes(digest, "little")
        and boot_id == boot
        and clocks in {0, namespace}
        and 1 <= first <= published + 1 <= 2**63
    )
