"""run_node.py as a user starts it: a process, its output, its signals.

The process is a fork of one that has imported everything; the README's tests start it for real.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.eventually import TIMEOUT_S, eventually
from tests.support.nodes.forkserver import ForkedProcess

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).resolve().parents[3]
SCRIPT: Final = ROOT / "live" / "run_node.py"
EXIT_TIMEOUT_S: Final = 120.0
FACTORS_TIMEOUT_S: Final = 300.0
PROGRESS: Final = re.compile(r"^ *([\d.]+) s  factors ([\d,]+)/s", re.MULTILINE)
SHM: Final = Path("/dev/shm")


class NodeProcess:
    """A running ``python live/run_node.py``."""

    def __init__(
        self,
        *arguments: object,
        cwd: Path = ROOT,
        script: Path = SCRIPT,
        more: Mapping[str, str] | None = None,
    ) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BINANCE_")}
        environment |= {"PYTHONPATH": str(ROOT), **(more or {})}
        self._process: Final = ForkedProcess(
            [script, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=environment,
        )
        self.pid: Final = self._process.pid
        self.lines: Final[list[str]] = []
        self._reader: Final = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.decode().rstrip("\n"))

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return "\n".join(self.lines)

    def wait_for(self, text: str, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until the process has printed a text."""
        eventually(
            lambda: text in self.output or self._process.poll() is not None,
            f"output {text!r}",
            timeout_s,
        )
        assert text in self.output, self.output

    def factors(self) -> float:
        """Return about how many factor records the strategy has received, by the progress."""
        seen, before_s = 0.0, 0.0
        for at_s, per_s in PROGRESS.findall(self.output):
            seen += (float(at_s) - before_s) * int(per_s.replace(",", ""))
            before_s = float(at_s)
        return seen

    def wait_for_factors(self, count: int) -> None:
        """Wait until the strategy has received about so many factor records."""
        eventually(
            lambda: self.factors() >= count or self._process.poll() is not None,
            f"{count} factor records",
            FACTORS_TIMEOUT_S,
        )
        assert self.factors() >= count, self.output

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the node's process alone."""
        self._process.send_signal(number)

    def has_ended(self) -> bool:
        """Return whether the process has ended by itself."""
        return self._process.poll() is not None

    def exit_code(self) -> int:
        """Wait for the end and return the exit code."""
        code = self._process.wait(EXIT_TIMEOUT_S)
        self._reader.join(EXIT_TIMEOUT_S)
        return code

    def run_folders(self) -> list[Path]:
        """Return this run's folders in /dev/shm."""
        return list(SHM.glob(f"dolphin_run_{self.pid}_*"))

    def children(self) -> list[int]:
        """Return the pids of the processes that the node started."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def end(self) -> None:
        """Make sure that the process is gone."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(240)


@contextmanager
def node(
    *arguments: object,
    cwd: Path = ROOT,
    script: Path = SCRIPT,
    more: Mapping[str, str] | None = None,
) -> Iterator[NodeProcess]:
    """Run the command, with more in its environment, and see to it that it ends."""
    process = NodeProcess(*arguments, cwd=cwd, script=script, more=more)
    try:
        yield process
    finally:
        process.end()
