"""Child processes: started, answered and ended, with a limit on every wait."""

from __future__ import annotations

import json
import os
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
    return [sys.executable, "-m", f"tests.benchmarks.children.{name}", *map(str, arguments)]


def module_over(checkout: Path, name: str, *arguments: object) -> list[str]:
    """Return the command that runs this checkout's file of a module over another's packages."""
    file = ROOT / f"tests/benchmarks/children/{name}.py"
    # -P: nothing is imported from beside the file.
    return [str(checkout / ".venv/bin/python"), "-P", str(file), *map(str, arguments)]


@contextmanager
def running(command: list[str], checkout: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """Start a process with pipes to its stdin, stdout and stderr; end it on leaving.

    It imports the packages of a checkout, this one by default.
    """
    process = subprocess.Popen(
        command,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
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


def ask(process: subprocess.Popen[str], question: object, timeout_s: float) -> Any:
    """Send a line to a child that answers each with one; return what the answer says in JSON."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        msg = "the process has no pipes"
        raise ChildError(msg)
    stdin.write(f"{question}\n")
    stdin.flush()
    if not select.select([stdout], [], [], timeout_s)[0]:
        msg = f"no answer after {timeout_s:g} s"
        raise ChildError(msg)
    line = stdout.readline()
    if not line:
        raise _failure(process, END_TIMEOUT_S)
    try:
        return json.loads(line)
    except ValueError:
        msg = f"expected an answer in JSON, found {line!r}"
        raise ChildError(msg) from None


def finish(process: subprocess.Popen[str], timeout_s: float) -> None:
    """End the stdin of a child that ends with it; wait, and check that it ended well."""
    try:
        _, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        msg = f"did not end within {timeout_s:g} s"
        raise ChildError(msg) from None
    if process.returncode:
        raise ChildError(_last_line(stderr) or f"exit code {process.returncode}")


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
