"""A producer and a reader in Python, which obey the same lines as those in Java.

``-m live.latency.phase3.sides.python_sides produce ENGINE ADDRESS SENT NUMBER``
``-m live.latency.phase3.sides.python_sides receive ENGINE ADDRESS LOG ROWS IDLE``
"""

from __future__ import annotations

import contextlib
import gc
import json
import mmap
import os
import queue
import struct
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.terminal import say
from dolphin_strategies import DolphinError
from live.latency.phase3.sides.python_engines import FACTORS, receiver_of, sender_of, warm

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.latency.phase3.sides.python_engines import Receiver, Sender, ValueAt

NUMBER: Final = 0
STAMP: Final = 1
PRODUCER: Final = 2
LAST: Final = 3
BEAT_NS: Final = 100_000_000
_SENT: Final = struct.Struct("<q")
_ROW: Final = struct.Struct("<qddd")
_PACK_ROW: Final = _ROW.pack_into
_ROW_TYPE: Final = np.dtype("<i8, <f8, <f8, <f8")


class Lines:
    """The lines of the standard input, read on a thread of its own; None is its end.

    Parameters
    ----------
    on_end : callable, optional
        Called at the end, on that thread.

    """

    def __init__(self, on_end: Callable[[], object] = lambda: None) -> None:
        self._on_end: Final = on_end
        self._lines: Final[queue.SimpleQueue[str | None]] = queue.SimpleQueue()
        self.has_ended = False
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line.strip())
        self.has_ended = True
        self._on_end()
        self._lines.put(None)

    def next(self) -> str | None:
        """Wait for the next line."""
        return self._lines.get()


class Producer:
    """Sends records as the lines say; see ``Produce.java`` for the protocol and the record."""

    def __init__(self, lines: Lines, sent: Path, number: float) -> None:
        self._lines: Final = lines
        self._values: Final = np.arange(0.5, FACTORS)
        self._values[PRODUCER] = number
        self._values[LAST] = 0
        with sent.open("r+b") as file:
            self._sent_file: Final = mmap.mmap(file.fileno(), _SENT.size)
        self._sent = 0
        self._sender: Sender | None = None

    def obey(self, engine: str, address: str) -> None:
        """Answer lines until the standard input ends."""
        say("up")
        while (line := self._lines.next()) is not None:
            words = line.split()
            if words[0] == "warm":
                warm(engine, address)
                say("warm")
            elif words[0] == "open":
                try:
                    self._sender = sender_of(engine, address)
                except DolphinError as error:
                    say(f"refused {error}")
                    continue
                gc.collect()
                gc.freeze()
                say("ready")
            elif words[0] == "run":
                say(json.dumps(self._run(float(words[1]), int(words[2]))))
            else:
                self._values[LAST] = 1
                self._run(0, 1)
                say("ended")
        if self._sender is not None:
            self._sender.close()

    def _run(self, rate_hz: float, count: int) -> dict[str, int]:
        sender, values, pack = self._sender, self._values, _SENT.pack_into
        if sender is None:
            msg = "standard input: expected 'open' before 'run'"
            raise DolphinError(msg)
        clock, send = time.monotonic_ns, sender.send
        interval_ns = 1e9 / rate_hz if rate_hz else 0.0
        begin = beat_at = clock()
        refused = sum_ns = longest_ns = 0
        for n in range(count):
            due = begin + int(n * interval_ns)
            now = clock()
            while now < due and not self._lines.has_ended:
                if now - beat_at >= BEAT_NS:
                    sender.beat()
                    beat_at = now
                os.sched_yield()
                now = clock()
            if now - beat_at >= BEAT_NS:
                sender.beat()
                beat_at = now
            values[NUMBER] = self._sent
            now = clock()
            values[STAMP] = now
            while not send(values):
                refused += 1
                os.sched_yield()
                if self._lines.has_ended:
                    break
            self._sent += 1
            pack(self._sent_file, 0, self._sent)
            took_ns = clock() - now
            sum_ns += took_ns
            longest_ns = max(longest_ns, took_ns)
            if self._lines.has_ended:
                break
        return {
            "sent": count, "refused": refused, "send_ns": sum_ns, "longest_ns": longest_ns,
            "wall_ns": clock() - begin,
        }  # fmt: skip


class Log:
    """The rows of a reader: received, stamp, number, producer; int64."""

    def __init__(self, rows: int) -> None:
        self._rows: Final = bytearray(_ROW.size * rows)
        self._used = 0
        self.is_full = False

    def add(self, value_at: ValueAt) -> None:
        """Keep a record, of which the values are in this process."""
        now = time.monotonic_ns()
        if self.is_full:
            return
        used = self._used
        # 1 µs less than a row of an array takes, which a reader at 20,000/s would be behind by.
        _PACK_ROW(self._rows, used, now, value_at(STAMP), value_at(NUMBER), value_at(PRODUCER))
        self._used = used + _ROW.size
        self.is_full = self._used == len(self._rows) or value_at(LAST) == 1

    def save(self, path: Path) -> None:
        """Write the rows."""
        rows = np.frombuffer(self._rows[: self._used], dtype=_ROW_TYPE)
        columns = [rows[name].astype("<i8") for name in _ROW_TYPE.names or ()]
        path.write_bytes(np.column_stack(columns).tobytes())


def receive(lines: Lines, receiver: Receiver, log: Log, idle: str) -> None:
    """Poll until the log is full or the standard input ends."""
    poll, add = receiver.poll, log.add
    while not log.is_full:
        if not poll(add):
            if lines.has_ended:
                return
            if idle == "yield":
                os.sched_yield()


def main(arguments: list[str]) -> int:
    """Run one side."""
    side, engine, address, path = arguments[:4]
    lines = Lines()
    # Ctrl-C reaches the parent alone; a signal of its own is the parent's, and ends this.
    with contextlib.suppress(KeyboardInterrupt):
        if side == "produce":
            Producer(lines, Path(path), float(arguments[4])).obey(engine, address)
            return 0
        log = Log(int(arguments[4]))
        say("up")
        line = lines.next()
        if line == "warm":
            warm(engine, address)
            say("warm")
            line = lines.next()
        if line is None:
            return 0
        with contextlib.closing(receiver_of(engine, address)) as receiver:
            gc.collect()
            gc.freeze()
            say("ready")
            receive(lines, receiver, log, arguments[5])
        log.save(Path(path))
        say("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
