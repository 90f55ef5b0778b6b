"""A producer in Java that obeys lines, and its region as the other end of a source."""

from __future__ import annotations

import math
import os
import select
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from adapters.shm.source import ShmSource
from tests.support.eventually import TIMEOUT_S
from tests.support.java.project import program
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from dolphin_strategies import FactorSource


class JavaProducer:
    """The process; it writes any number of regions."""

    def __init__(self) -> None:
        self.popen: Final = subprocess.Popen(
            program("ObedientProducer"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.pid: Final = self.popen.pid
        self._unread = b""

    def ask(self, command: str, path: Path, *arguments: object) -> str:
        """Send a command and return its answer; fail if none comes."""
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        line = " ".join(map(str, (command, path, *arguments)))
        self.popen.stdin.write(f"{line}\n".encode())
        self.popen.stdin.flush()
        deadline = time.monotonic() + TIMEOUT_S
        while b"\n" not in self._unread:
            left = max(deadline - time.monotonic(), 0)
            ready, _, _ = select.select([self.popen.stdout], [], [], left)
            more = os.read(self.popen.stdout.fileno(), 65536) if ready else b""
            assert more, f"the producer in Java gave no answer (exit code {self.popen.poll()})"
            self._unread += more
        answer, _, self._unread = self._unread.partition(b"\n")
        return answer.decode()

    def open(self, path: Path, names: Sequence[str], capacity: int = 4096) -> int:
        """Open a region; return its newest sequence."""
        return int(self.ask("open", path, capacity, ",".join(names)))

    def write(self, path: Path, n: int) -> int:
        """Write the next n records; return the newest sequence."""
        return int(self.ask("write", path, n))

    def put(self, path: Path, **factors: float | None) -> int:
        """Write one record of these factors; return its sequence."""
        as_java = {None: "null", math.inf: "Infinity"}
        pairs = (f"{name}={as_java.get(v, v)}" for name, v in factors.items())
        return int(self.ask("put", path, ",".join(pairs)))

    def kill(self) -> None:
        """End it with SIGKILL and wait for it; safe to call again."""
        self.popen.kill()
        self.popen.wait(TIMEOUT_S)

    def close(self) -> None:
        """End it and close the pipes."""
        self.kill()
        for pipe in (self.popen.stdin, self.popen.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def java_producer() -> Iterator[JavaProducer]:
    """Run a producer, and end it."""
    running = JavaProducer()
    try:
        yield running
    finally:
        running.close()


class JavaShmProducer:
    """A region of a producer in Java, as the conformance suite wants a source's other end."""

    announces_names = True

    def __init__(self, java: JavaProducer, names: Sequence[str], capacity: int) -> None:
        self._java = java
        self._path = new_region_path()
        self.source: FactorSource = ShmSource(self._path)
        java.open(self._path, names, capacity)

    def publish(self, n: int) -> None:
        """Publish the next n records."""
        self._java.write(self._path, n)

    def settle(self) -> None:
        """Do nothing: memory is shared at once."""

    def stop(self) -> None:
        """Close the region and remove it."""
        self._java.ask("remove", self._path)
        remove_all_of(self._path)
