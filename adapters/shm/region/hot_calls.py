"""The C calls of the hot path, as Python builtins with types.

Structs and buffers go in as addresses; whoever calls keeps them alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.shm._region import ffi, lib

if TYPE_CHECKING:
    from collections.abc import Callable

    type Record = tuple[bytes, int, int, int]

publish: Callable[[int, int, int], int]
"""``(writer, values, ts_event)`` gives 0 or -errno."""

publish_dict: Callable[[int, int, dict[str, Any], int], int]
"""``(writer, factor_dict, dict, ts_event)`` gives 0 or -errno; -EAGAIN: not all plain."""

read_latest: Callable[[int, int], Record | int]
"""``(reader, spin_ns)`` gives a record (payload, ts_event, sequence, published_mono_ns), or a
result code."""

read_next: Callable[[int, int], Record | int]
"""``(reader, spin_ns)``, likewise."""

read_latest_into: Callable[[int, int], int]
"""``(reader, values)`` gives the sequence, 0 for nothing new, or -errno (-ESTALE: moved)."""


def address_of(pointer: Any) -> int:
    """Return the address of a C pointer."""
    return int(ffi.cast("uintptr_t", pointer))


if lib.python_calls_into(id(globals())):
    msg = "out of memory while loading adapters.shm"
    raise MemoryError(msg)
