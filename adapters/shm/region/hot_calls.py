"""The C calls of the hot path, as Python builtins with types.

Structs and buffers are passed as addresses; the caller keeps them alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.shm._region import ffi, lib

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.factors.external_factors import ExternalFactors
    from dolphin_strategies.factors.schema import FactorSchema

    type Making = tuple[type[ExternalFactors], FactorSchema, Callable[[], int], int]

publish: Callable[[int, int, int], int]
"""``(writer, values, ts_event)`` returns 0 or -errno."""

publish_dict: Callable[[int, int, dict[str, Any], int], int]
"""``(writer, factor_dict, dict, ts_event)`` returns 0 or -errno; -EAGAIN: not all plain."""

read_latest: Callable[[int, int, Making], ExternalFactors | int | None]
"""``(reader, spin_ns, making)`` returns a record, None for nothing, or a result code.

``making`` is (class, schema, clock, stream id), from which a record is made with its bytes.
"""

read_next: Callable[[int, int, Making], ExternalFactors | int | None]
"""``(reader, spin_ns, making)``, as ``read_latest``."""

read_latest_into: Callable[[int, int], int]
"""``(reader, values)`` returns the sequence, 0 for nothing new, or -errno (-ESTALE: moved)."""

close_reader: Callable[[int], bool]
"""``(reader)`` returns whether no call reads any more; False while one watches: call again."""


def address_of(pointer: Any) -> int:
    """Return the address of a C pointer."""
    return int(ffi.cast("uintptr_t", pointer))


if lib.python_calls_into(id(globals())):
    msg = "out of memory while loading adapters.shm"
    raise MemoryError(msg)
