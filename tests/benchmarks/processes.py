"""Child processes: started, answered and ended, with a limit on every wait."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
START_TIMEOUT_S: Final = 30.0
END_TIMEOUT_S: Final = 5.0


class ChildError(Exception):
    """A child process failed; the message is the last line that it wrote to stderr."""


def module(name: str, *arguments: object) -> list[str]:
    """Return the command that runs a module of this package."""
    return [sys.executable, "-m", f"tests.benchmarks.{name}", *map(str, arguments)]


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a process with pipes to its stdin, stdout and stderr; end it on leaving."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def await_ready(process: subprocess.Popen[str]) -> None:
    """Wait for the line with which a child says that it is set up."""
    stdout = process.stdout
    if stdout is None or not select.select([stdout], [], [], START_TIMEOUT_S)[0]:
        msg = f"not ready after {START_TIMEOUT_S:g} s"
        raise ChildError(msg)
    if not stdout.readline():
        raise _failure(process, END_TIMEOUT_S)


def say_ready() -> None:
    """Tell the parent that this child is set up, then wait for its word to go."""
    print("ready", flush=True)
    if not sys.stdin.readline():
        sys.exit("the process that started this one is gone")


def tell_go(process: subprocess.Popen[str]) -> None:
    """Let a child that said it is ready go on."""
    if process.stdin is not None:
        process.stdin.write("\n")
        process.stdin.flush()


def answer_of(process: subprocess.Popen[str], timeout_s: float) -> Any:
    """Wait for the end of a child; return what its last line says in JSON."""
    try:
        stdout, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        msg = f"no answer after {timeout_s:g} s"
        raise ChildError(msg) from None
    if process.returncode or not stdout:
        raise ChildError(_last_line(stderr) or f"exit code {process.returncode}")
    return json.loads(stdout.splitlines()[-1])


def run(command: list[str], timeout_s: float) -> Any:
    """Run a child to its end; return its answer."""
    with running(command) as process:
        return answer_of(process, timeout_s)


def _failure(process: subprocess.Popen[str], timeout_s: float) -> ChildError:
    try:
        _, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return ChildError("closed its output and hangs")
    return ChildError(_last_line(stderr) or f"exit code {process.returncode}")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
