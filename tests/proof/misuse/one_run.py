"""One case in a node of its own, and what was wrong about the node's end."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.proof.figures import ROOT
from tests.proof.misuse.case import REACHED, Case
from tests.proof.misuse.strategies import attribute_of
from tests.support.nodes.forkserver import ForkedProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT: Final = ROOT / "live" / "run_node.py"
LIMIT_S: Final = 150.0
WATCH_S: Final = 5.0
START_S: Final = 60.0
"""For what a strategy does to be reached, on a machine with much to do."""
PROGRESS_LINES: Final = 2
MARK: Final = "DOLPHIN_MISUSE"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a case's node ended."""

    case: Case
    code: int | None
    """Its exit code; None: it was still running after the limit and was killed."""
    out: str
    err: str
    seconds: float

    def wrongs(self) -> list[str]:
        """Return what must not have happened, in words."""
        found = []
        if self.code is None:
            return [f"it still ran after {LIMIT_S:g} s"]
        if self.code < 0:
            found.append(f"it was ended by signal {-self.code}")
        if self.code and not self.err.strip():
            found.append(f"exit code {self.code} without a word on stderr")
        if self.case.is_reached and REACHED not in self.out:
            found.append("the misuse was not reached")
        if self.case.must_fail and self.code == 0:
            found.append("exit code 0 hides it")
        return found + self._left_open()

    def _left_open(self) -> list[str]:
        is_said = "LEFT OPEN" in self.err
        if "left open nothing" in self.out or "left open: nothing" in self.err:
            return []
        if is_said:
            return [] if self.code else ["LEFT OPEN is printed and the exit code is 0"]
        if "HOLDING" not in self.out and self.code:
            return []  # It never held anything, and says why it ended.
        return ["it held a position, and nothing tells whether it is closed"]


def run(case: Case) -> Outcome:
    """Run a node with a case's strategy to its end."""
    words: list[object] = [SCRIPT, *case.arguments, "--strategy"]
    with tempfile.TemporaryDirectory(prefix="dolphin_misuse_") as name:
        folder = Path(name)
        if case.make is None:
            (folder / "planted.py").write_bytes(case.text.encode())
            words.append("planted:Mine")
        else:
            words.append(f"tests.proof.misuse.strategies:{attribute_of(case.name)}")
        if case.config:
            (folder / "node.toml").write_text(case.config, encoding="utf-8")
            words += ["--config", folder / "node.toml"]
        mark = f"{os.getpid()}-{case.name}"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BINANCE_")}
        environment |= {"PYTHONPATH": str(ROOT), MARK: mark}
        environment.pop("RUST_BACKTRACE", None)  # it takes seconds, in which the lock is held
        begin = time.monotonic()
        with (folder / "out").open("w+b") as out, (folder / "err").open("w+b") as err:
            process = ForkedProcess(words, stdout=out, stderr=err, cwd=folder, env=environment)
            try:
                code = _end(process, case, folder / "out")
            finally:
                process.kill()
                process.wait(LIMIT_S)
                _wait_for_watch(mark)
                _end_marked(mark)
            out.seek(0)
            err.seek(0)
            return Outcome(
                case=case,
                code=code,
                out=out.read().decode(errors="replace"),
                err=err.read().decode(errors="replace"),
                seconds=time.monotonic() - begin,
            )


def _end(process: ForkedProcess, case: Case, out: Path) -> int | None:
    """Ask a node to stop some time after the misuse, and return its exit code."""
    begin = since = time.monotonic()
    is_misused = is_asked = False
    while (now := time.monotonic()) < begin + LIMIT_S:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(0.1)
        if not is_misused and _is_misused(case, out.read_text(errors="replace")):
            is_misused, since = True, now
        limit_s = case.seconds if is_misused else START_S
        if now >= since + limit_s and not is_asked:
            is_asked = True
            process.send_signal(signal.SIGTERM)
    return None


def _is_misused(case: Case, printed: str) -> bool:
    if case.is_reached and not case.is_at_stop:
        return REACHED in printed
    return "HOLDING" in printed or printed.count("latency") >= PROGRESS_LINES


def _wait_for_watch(mark: str) -> None:
    """Wait until the watch over the node, which has the last word, has ended too."""
    until_s = time.monotonic() + WATCH_S
    while time.monotonic() < until_s and any("hang_loop" in words for _, words in _marked(mark)):
        time.sleep(0.05)


def _end_marked(mark: str) -> None:
    """End what a case's strategy has started and left."""
    for pid, _ in _marked(mark):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _marked(mark: str) -> Iterator[tuple[int, str]]:
    """Yield the processes with a mark in their environment, and their command lines."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "environ").read_bytes().split(b"\0")
            if f"{MARK}={mark}".encode() in words:
                yield int(process.name), (process / "cmdline").read_text(errors="replace")
