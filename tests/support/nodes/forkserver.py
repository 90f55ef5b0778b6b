"""Python processes that start with everything imported: forks of a process that has done so.

Importing Nautilus takes half a second of processor time and more; a fork takes milliseconds.
What is forked is a process of its own like any other: arguments, environment, working directory,
standard streams, signals and exit code are those of ``python SCRIPT``.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parents[3]
_MOST_BYTES: Final = 1 << 17
_START_TIMEOUT_S: Final = 240.0
"""Of the first one, which waits for the imports too, also on a machine that has much to do."""


class ForkedProcess:
    """A started process, with the methods of ``subprocess.Popen`` that tests use.

    Parameters
    ----------
    words : Sequence[object]
        A script's path and its arguments, as after ``python``; ``-m`` and a module; or ``-f``,
        and the module, the function's name and the arguments as JSON.
    stdin, stdout, stderr : int or IO
        Descriptors or files, or ``subprocess.PIPE``.
    cwd : Path
        Its working directory.
    env : Mapping[str, str], optional
        Its environment; this process's own if not given.

    """

    def __init__(
        self,
        words: Sequence[object],
        *,
        stdin: int | IO[Any] = subprocess.DEVNULL,
        stdout: int | IO[Any] = 1,
        stderr: int | IO[Any] = 2,
        cwd: Path = ROOT,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.returncode: int | None = None
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[bytes] | None = None
        theirs: list[int] = []
        ours: list[int] = []
        for i, stream in enumerate((stdin, stdout, stderr)):
            if stream == subprocess.PIPE:
                read, write = os.pipe()
                theirs.append(read if i == 0 else write)
                ours.append(theirs[-1])
                if i == 0:
                    self.stdin = open(write, "wb", buffering=0)  # noqa: PTH123, SIM115
                else:
                    self.stdout = open(read, "rb", buffering=0)  # noqa: PTH123, SIM115
            elif stream == subprocess.DEVNULL:
                theirs.append(os.open(os.devnull, os.O_RDWR))
                ours.append(theirs[-1])
            elif stream == subprocess.STDOUT:
                theirs.append(theirs[1])
            else:
                theirs.append(stream if isinstance(stream, int) else stream.fileno())
        self._answers, their_answers = socket.socketpair()
        try:
            request = {
                "words": [str(word) for word in words],
                "cwd": str(cwd),
                "env": dict(os.environ if env is None else env),
            }
            _server().ask(json.dumps(request).encode(), [*theirs, their_answers.fileno()])
        finally:
            their_answers.close()
            for fd in ours:
                os.close(fd)
        self.pid: Final = self._answer(_START_TIMEOUT_S)

    def _answer(self, timeout_s: float | None) -> int:
        self._answers.settimeout(1e-6 if timeout_s == 0 else timeout_s)
        answer = self._answers.recv(8)
        assert answer, "the process that forks has ended"
        return int.from_bytes(answer, "little", signed=True)

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, if it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code, negative for a signal."""
        if self.returncode is None:
            try:
                self.returncode = self._answer(timeout)
            except TimeoutError:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            self._answers.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to this process alone, if it has not ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL, if it has not ended."""
        self.send_signal(signal.SIGKILL)


def run_forked(
    *words: object,
    cwd: Path = ROOT,
    timeout_s: float = 240,
    env: Mapping[str, str] | None = None,
    is_merged: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end, as ``subprocess.run`` does with captured output."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        errors = subprocess.STDOUT if is_merged else err
        process = ForkedProcess(words, stdout=out, stderr=errors, cwd=cwd, env=env)
        try:
            code = process.wait(timeout_s)
        finally:
            process.kill()
            process.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess([str(w) for w in words], code, *texts)


class _Server:
    """The process that has imported everything, and forks."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", __spec__.name, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()

    def ask(self, request: bytes, fds: list[int]) -> None:
        """Ask for a process; the descriptors are its streams, and who hears of it."""
        assert len(request) < _MOST_BYTES
        socket.send_fds(self._requests, [request], fds)


_running: list[_Server] = []


def _server() -> _Server:
    """Return this process's server, which ends with it."""
    if not _running:
        _running.append(_Server())
    return _running[0]


IMPORTED: Final = (
    "aiohttp",
    "pandas",
    "plotly.graph_objects",
    "pyarrow.parquet",
    "adapters.exf.service",
    "backtests.backfill",
    "backtests.check_parity",
    "backtests.compute_factors",
    "backtests.importing.backfilling.formats.format_table",
    "backtests.importing.backfilling.recent.recent_command",
    "backtests.inputs.computing.computed_recording",
    "backtests.import_factors",
    "backtests.run.results.page.html_report",
    "backtests.run.drill_runs",
    "backtests.run.one_backtest",
    "backtests.run_backtest",
    "live.bridge_aeron",
    "live.bridge_hazelcast",
    "live.exf.service_process",
    "live.exf.work.streaming_work",
    "live.node.node_run",
    "live.producers.demo_producer",
    "live.producers.replay_producer",
    "live.record_factors",
    "live.exf.commands",
    "live.guarding.guard_command",
    "live.run_exf",
    "live.node.node_command",
    "tests.support.catalogs.recorders",
    "tests.support.exchange.local_exchange",
    "tests.support.nodes.replay_node",
    "tests.support.nodes.stream_node",
    "tests.support.nodes.warm_up_node",
)
"""What the scripts import, some of it only when they need it."""


def _next_process(requests: socket.socket) -> dict[str, Any]:
    """Return in each process that was asked for; never in the server itself."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, fds, _, _ = socket.recv_fds(requests, _MOST_BYTES, 4)
        if not request:
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            *streams, answers = fds
            pid = os.fork()
            if pid == 0:
                os.close(answers)
                for number, fd in enumerate(streams):
                    os.dup2(fd, number)
                for fd in {*streams} - {0, 1, 2}:
                    os.close(fd)
                found: dict[str, Any] = json.loads(request)
                return found
            _report(pid, streams, answers)
        for fd in fds:
            os.close(fd)


def _report(pid: int, streams: list[int], answers: int) -> None:
    """Report a process's pid and then its exit code; end it if nobody is left to hear."""
    for fd in {*streams}:
        os.close(fd)
    with contextlib.suppress(OSError):  # whoever asked may have ended meanwhile
        os.write(answers, pid.to_bytes(8, "little", signed=True))
    ended = os.pidfd_open(pid)
    if ended not in select.select([ended, answers], [], [])[0]:
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(OSError):
        os.write(answers, code.to_bytes(8, "little", signed=True))
    os._exit(0)


def _run(request: dict[str, Any]) -> None:
    """Do what ``python WORDS`` does, after its imports."""
    import runpy

    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    first, *rest = request["words"]
    path = request["env"].get("PYTHONPATH")
    sys.path[1:1] = path.split(os.pathsep) if path else []
    if first == "-f":
        module, name, arguments = json.loads(rest[0])
        getattr(importlib.import_module(module), name)(*arguments)
    elif first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *rest]
        sys.path[0] = str(Path(first).resolve().parent)
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    import gc

    gc.disable()
    for name in IMPORTED:
        # One that has another name by now costs time, not the test; a test of its own finds it.
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    gc.freeze()
    gc.enable()
    # Below, so that the end of the script is the end of the interpreter, with its exit code.
    _run(_next_process(socket.socket(fileno=int(sys.argv[1]))))
