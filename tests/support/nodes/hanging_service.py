"""A streaming service whose thread stops turning once it streams: ``HANG run ARGUMENTS``."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from typing import TYPE_CHECKING, Final

from adapters.streams.hosting.stream_host import StreamHost
from live.run_exf import main

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HANGS_AFTER_S: Final = 1.0
FOR_A_WHILE_S: Final = 3.0


def hang_in_python() -> None:
    """Never return, in Python code."""
    while True:
        pass


def hang_in_c_with_the_lock() -> None:
    """Never return, in C code that keeps the interpreter's lock."""
    while True:
        # A signal ends one such call.
        ctypes.PyDLL(None).sleep(10_000)


def hang_for_a_while() -> None:
    """Return late."""
    time.sleep(FOR_A_WHILE_S)


HANGS: Final[Mapping[str, Callable[[], None]]] = {
    "python": hang_in_python,
    "lock": hang_in_c_with_the_lock,
    "while": hang_for_a_while,
}


def run(hang: str, arguments: list[str]) -> int:
    """Run the service; its streams call what hangs."""
    streams = StreamHost.run

    async def run_and_hang(self: StreamHost) -> None:
        asyncio.get_running_loop().call_later(HANGS_AFTER_S, HANGS[hang])
        await streams(self)

    StreamHost.run = run_and_hang  # type: ignore[method-assign]
    return main(arguments)


if __name__ == "__main__":
    os._exit(run(sys.argv[1], sys.argv[2:]))
