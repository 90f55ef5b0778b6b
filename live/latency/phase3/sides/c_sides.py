"""A producer and a reader whose loops are in C, on Aeron's C client; Python obeys the lines.

``-m live.latency.phase3.sides.c_sides LIBRARY produce ADDRESS SENT NUMBER``
``-m live.latency.phase3.sides.c_sides LIBRARY receive ADDRESS LOG ROWS IDLE``
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from adapters.aeron_stream.driver.driver_client import aeron_library
from adapters.command.terminal import say
from dolphin_strategies import DolphinError
from live.latency.phase3.sides.python_engines import CONNECT_S, FACTORS
from live.latency.phase3.sides.python_sides import LAST, PRODUCER, Lines

_COLUMNS: Final = 4
_FIGURES: Final = ("sent", "refused", "send_ns", "longest_ns", "wall_ns")


class _End(ctypes.Structure):
    _fields_ = [(n, ctypes.c_void_p) for n in ("context", "client", "publication", "subscription")]


class _Run(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in _FIGURES]


class _Log(ctypes.Structure):
    _fields_ = [
        ("rows", ctypes.c_void_p),
        ("used", ctypes.c_int64),
        ("size", ctypes.c_int64),
        ("is_full", ctypes.c_int32),
        ("values", ctypes.c_double * FACTORS),
    ]


class AeronLoops:
    """One end of an Aeron channel, a context that closes it.

    Parameters
    ----------
    library : Path
        What was built of ``aeron_loops.c``.
    address : str
        "FOLDER CHANNEL STREAM".

    """

    def __init__(self, library: Path, address: str) -> None:
        # Its functions are found by the library that is loaded after it.
        ctypes.CDLL(_client_library(), mode=ctypes.RTLD_GLOBAL)
        self._calls: Final = ctypes.CDLL(str(library))
        for name in ("end_publish", "end_subscribe", "end_receive"):
            getattr(self._calls, name).restype = ctypes.c_char_p
        self._end: Final = _End()
        self._is_over: Final = ctypes.c_int32(0)
        folder, channel, stream = address.split(" ")
        self._where: Final = (
            folder.encode(), channel.encode(), ctypes.c_int32(int(stream)),
            ctypes.c_int64(int(CONNECT_S * 1e9)),
        )  # fmt: skip

    def end_soon(self) -> None:
        """End the loop that runs; from any thread."""
        self._is_over.value = 1

    def publish(self) -> None:
        """Open the producer's end, and wait for a reader."""
        self._check(self._calls.end_publish(ctypes.byref(self._end), *self._where))

    def subscribe(self) -> None:
        """Open the reader's end."""
        self._check(self._calls.end_subscribe(ctypes.byref(self._end), *self._where))

    def send(self, values: Any, rate_hz: float, count: int, sent: Any) -> dict[str, int]:
        """Send records; return the producer's figures."""
        run = _Run()
        self._calls.end_send(
            ctypes.byref(self._end),
            values.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_double(rate_hz),
            ctypes.c_int64(count),
            ctypes.byref(sent),
            ctypes.byref(self._is_over),
            ctypes.byref(run),
        )
        return {name: getattr(run, name) for name in _FIGURES}

    def receive(self, rows: Any, *, yields: bool) -> Any:
        """Keep records until the rows are full or this ends; return the rows that were used."""
        log = _Log(rows=rows.ctypes.data, size=len(rows))
        self._check(
            self._calls.end_receive(
                ctypes.byref(self._end),
                ctypes.byref(log),
                int(yields),
                ctypes.byref(self._is_over),
            )
        )
        return rows[: log.used]

    def close(self) -> None:
        """Close the end; safe to call again."""
        self._calls.end_close(ctypes.byref(self._end))

    def _check(self, problem: bytes | None) -> None:
        if problem is not None:
            self.close()
            msg = f"Aeron: {problem.decode(errors='replace')}"
            raise DolphinError(msg)


def _client_library() -> str:
    folder = Path(aeron_library().__file__).parent
    (found,) = folder.glob("_pyaeron*.so")
    return str(found)


def produce(loops: AeronLoops, lines: Lines, sent_path: Path, number: float) -> None:
    """Answer lines until the standard input ends."""
    values = np.arange(0.5, FACTORS)
    values[PRODUCER], values[LAST] = number, 0
    with sent_path.open("r+b") as file:
        sent = ctypes.c_int64.from_buffer(mmap.mmap(file.fileno(), 8))
    say("up")
    while (line := lines.next()) is not None:
        words = line.split()
        if words[0] == "warm":
            say("warm")
        elif words[0] == "open":
            try:
                loops.publish()
            except DolphinError as error:
                say(f"refused {error}")
                continue
            say("ready")
        elif words[0] == "run":
            say(json.dumps(loops.send(values, float(words[1]), int(words[2]), sent)))
        else:
            values[LAST] = 1
            loops.send(values, 0, 1, sent)
            say("ended")


def receive(loops: AeronLoops, lines: Lines, log: Path, size: int, idle: str) -> None:
    """Keep records until the log is full or the standard input ends."""
    say("up")
    line = lines.next()
    if line == "warm":
        say("warm")
        line = lines.next()
    if line is None:
        return
    loops.subscribe()
    rows = np.zeros((size, _COLUMNS), dtype="<i8")
    say("ready")
    log.write_bytes(loops.receive(rows, yields=idle == "yield").tobytes())
    say("ended")


def main(arguments: list[str]) -> int:
    """Run one side."""
    library, side, address, path = arguments[:4]
    # Ctrl-C reaches the parent alone; a signal of its own is the parent's, and ends this.
    with contextlib.suppress(KeyboardInterrupt):
        loops = AeronLoops(Path(library), address)
        with contextlib.closing(loops):
            lines = Lines(loops.end_soon)
            if side == "produce":
                produce(loops, lines, Path(path), float(arguments[4]))
            else:
                receive(loops, lines, Path(path), int(arguments[4]), arguments[5])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
