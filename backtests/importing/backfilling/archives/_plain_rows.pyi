"""Lines of plain numbers as the buffers of Arrow's columns; see plain_rows.c."""

from collections.abc import Buffer, Callable

def plain_rows[B: Buffer](
    text: bytes, kinds: str, allocate: Callable[[int], B]
) -> tuple[int, list[B]] | None: ...
