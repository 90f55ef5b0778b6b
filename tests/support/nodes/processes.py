"""Real child processes that run one function of a test module, and are always ended."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.eventually import TIMEOUT_S
from tests.support.nodes.forkserver import ForkedProcess

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).resolve().parents[3]


class Child:
    """A running child: lines in, lines out, signals."""

    def __init__(self, function: Callable[..., None], *arguments: object) -> None:
        call = json.dumps([function.__module__, function.__name__, arguments], default=str)
        self.popen: Final = ForkedProcess(
            ["-f", call], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.pid: Final = self.popen.pid
        self._unread = b""

    def line(self, timeout_s: float = TIMEOUT_S) -> str:
        """Return the next line that the child prints; fail if none comes."""
        assert self.popen.stdout is not None
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._unread:
            left = max(deadline - time.monotonic(), 0)
            ready, _, _ = select.select([self.popen.stdout], [], [], left)
            more = os.read(self.popen.stdout.fileno(), 65536) if ready else b""
            assert more, f"child {self.pid} printed no line (exit code {self.popen.poll()})"
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def ask(self, question: object) -> str:
        """Send a line and return the answer."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(f"{question}\n".encode())
        return self.line()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this child alone."""
        self.popen.send_signal(number)

    def wait(self, timeout_s: float = TIMEOUT_S) -> int:
        """Return the exit code, negative for a signal."""
        return self.popen.wait(timeout_s)

    def kill(self) -> None:
        """End the child with SIGKILL and wait for it."""
        self.popen.kill()
        self.popen.wait(TIMEOUT_S)

    def close(self) -> None:
        """End the child and close the pipes."""
        self.kill()
        for pipe in (self.popen.stdin, self.popen.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def child(function: Callable[..., None], *arguments: object) -> Iterator[Child]:
    """Run a module's function in a new process; arguments travel as JSON."""
    running = Child(function, *arguments)
    try:
        yield running
    finally:
        running.close()


def has_ended(pid: int) -> bool:
    """Return whether a process is gone, or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"
