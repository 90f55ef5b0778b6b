"""Senders of stop signals that a node meets outside: a terminal, timeout, systemd."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.eventually import eventually
from tests.support.nodes.node_process import EXIT_TIMEOUT_S, ROOT, SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UV_RUN: Final = ("uv", "run", "--no-project")


class NodeGroup:
    """A node, or another script's process, that a launcher such as ``uv run`` started, in a
    process group of its own.
    """

    def __init__(self, launcher: Sequence[str], script: Path, arguments: Sequence[str]) -> None:
        self._process: Final = subprocess.Popen(
            [*launcher, sys.executable, str(script), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        self._lines: Final[list[str]] = []
        self._reader: Final = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._lines.extend(iter(self._process.stdout.readline, ""))

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return "".join(self._lines)

    def wait_for(self, text: str) -> None:
        """Wait until the node has printed a text."""
        eventually(
            lambda: text in self.output or self._process.poll() is not None, f"output {text!r}"
        )
        assert text in self.output, self.output

    @property
    def pids(self) -> list[int]:
        """The launcher, the node and all that they started, parents first."""
        found = [self._process.pid]
        for pid in found:
            with suppress(OSError):
                for task in Path(f"/proc/{pid}/task").glob("*/children"):
                    found += map(int, task.read_text(encoding="ascii").split())
        return found

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal as a terminal does: to each process of the group at once."""
        os.killpg(self._process.pid, number)

    def signal_launcher(self, number: signal.Signals) -> None:
        """Send a signal to the launcher alone."""
        self._process.send_signal(number)

    def stop_like_systemd(self) -> None:
        """Send SIGTERM to each process of the unit in turn, then SIGCONT."""
        pids = self.pids
        for number in (signal.SIGTERM, signal.SIGCONT):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
                time.sleep(0.005)

    def exit_code(self) -> int:
        """Wait for the end and return the launcher's exit code."""
        code = self._process.wait(EXIT_TIMEOUT_S)
        self._reader.join(5)
        return code

    def end(self) -> None:
        """Make sure that all of it is gone."""
        for pid in self.pids if self._process.poll() is None else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)


@contextmanager
def node_group(
    launcher: Sequence[str], *arguments: str, script: Path = SCRIPT
) -> Iterator[NodeGroup]:
    """Run the command under a launcher and see to it that all of it ends."""
    group = NodeGroup(launcher, script, arguments)
    try:
        yield group
    finally:
        group.end()
