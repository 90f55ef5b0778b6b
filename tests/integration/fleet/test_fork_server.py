"""A process that imports what nodes need, and forks them."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from adapters.process.byte_lock import is_locked, try_lock
from adapters.run_state.process_identity import ProcessIdentity
from live.fleet.supervision.processes.fork_server import ForkError, ForkServer
from live.fleet.supervision.processes.service_log import ServiceLog
from live.fleet.supervision.processes.service_process import NotMadeError, ServiceProcess
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCRIPT = """
import json, os, random, sys
import numpy
print(json.dumps({
    "argv": sys.argv, "path": sys.path[0], "cwd": os.getcwd(), "pid": os.getpid(),
    "session": os.getsid(0), "parent": os.getppid(), "had": "live.node.node_run" in sys.modules,
    "drawn": [float(numpy.random.random()), random.random()], "main": __name__,
    "title": open("/proc/self/cmdline").read().rstrip(chr(0)),
    "open": len([fd for fd in os.listdir("/proc/self/fd")]),
}), flush=True)
sys.stderr.write("an error line\\n")
if "wait" in sys.argv:
    sys.stdin.read() or __import__("time").sleep(120)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def server() -> Iterator[ForkServer]:
    """Return a server that has imported everything."""
    server = ForkServer()
    try:
        eventually(lambda: server.is_ready, "its imports")
        yield server
    finally:
        server.close()


def service(folder: Path, name: str) -> ServiceProcess:
    """Return a service without a process."""
    return ServiceProcess(folder, name, ServiceLog(folder, name, 1_000_000))


def ended(process: ServiceProcess) -> int | None:
    """Return the exit code of a service's process, once it has ended."""
    assert select.select([process.pidfd], [], [], 60)[0]
    assert not process.is_alive
    return process.code()


def said(folder: Path, name: str) -> dict[str, Any]:
    """Return what the script has said of itself."""
    eventually(lambda: (folder / f"{name}.log").read_text().count("\n") >= 2, "its lines")
    found: dict[str, Any] = json.loads((folder / f"{name}.log").read_text().splitlines()[0])
    return found


def test_a_forked_process_is_as_one_that_was_started(server: ForkServer, tmp_path: Path) -> None:
    """Arguments, folder, streams, session, lock, parent, title, chance and exit code."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    found = []
    for name, code in (("one", "0"), ("two", "7")):
        process = service(tmp_path, name)
        command = [sys.executable, str(script), code, "a b"]
        process.make(command, tmp_path, {"digest": "d"}, server)
        assert ended(process) == int(code)
        words = said(tmp_path, name)
        assert words["argv"] == command[1:]
        assert (words["path"], words["cwd"]) == (str(tmp_path), str(tmp_path))
        assert words["pid"] == words["session"] == process.pid
        assert words["parent"] == os.getpid()
        assert (words["had"], words["main"]) == (True, "__main__")
        assert words["title"] == " ".join(command)
        assert "an error line" in (tmp_path / f"{name}.log").read_text()
        found.append(words)
        process.forget()
    assert not set(found[0]["drawn"]).intersection(found[1]["drawn"])
    # Nothing of the first process is left open for the second.
    assert found[0]["open"] == found[1]["open"]


def test_whoever_comes_later_finds_it_by_its_lock(server: ForkServer, tmp_path: Path) -> None:
    """It holds the lock alone, whose file says who it is; a second one is not made."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = service(tmp_path, "one")
    process.make([sys.executable, str(script), "0", "wait"], tmp_path, {"digest": "d"}, server)
    said(tmp_path, "one")
    server.close()
    other = service(tmp_path, "one")
    assert other.find()
    assert (other.pid, other.note) == (process.pid, {"digest": "d"})
    with pytest.raises(NotMadeError, match="still there"):
        service(tmp_path, "one").make([sys.executable, str(script), "0"], tmp_path, {}, None)
    process.signal(signal.SIGKILL)
    assert ended(process) == -signal.SIGKILL
    lock = os.open(tmp_path / "one.process", os.O_RDWR)
    assert not is_locked(lock)
    assert try_lock(lock)
    os.close(lock)


def test_a_server_that_was_killed_is_lost_and_what_it_forked_goes_on(
    server: ForkServer, tmp_path: Path
) -> None:
    """The next fork fails with a sentence, and nothing is left locked."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    first = service(tmp_path, "one")
    first.make([sys.executable, str(script), "3", "wait"], tmp_path, {}, server)
    words = said(tmp_path, "one")
    assert not server.is_lost
    server._process.send_signal(signal.SIGKILL)
    eventually(lambda: server.is_lost, "its loss")
    second = service(tmp_path, "two")
    with pytest.raises(NotMadeError, match="two cannot be started: the process that forks"):
        second.make([sys.executable, str(script), "0"], tmp_path, {}, server)
    second.make([sys.executable, str(script), "0"], tmp_path, {}, None)
    assert ended(second) == 0
    assert first.is_alive
    assert ProcessIdentity.own().pid == words["parent"]
    first.signal(signal.SIGTERM)
    assert ended(first) == -signal.SIGTERM


def test_a_server_that_stands_still_is_given_up(
    server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork has a limit; a late answer is never taken for another's, and closing ends it."""
    monkeypatch.setattr("live.fleet.supervision.processes.fork_server.FORK_TIMEOUT_S", 0.2)
    server._process.send_signal(signal.SIGSTOP)
    log = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT)
    with pytest.raises(ForkError, match="does not answer"):
        server.fork([sys.executable, "x.py"], tmp_path, {}, log, log)
    os.close(log)
    assert server.is_lost
    began_s = time.monotonic()
    server.close()
    assert time.monotonic() - began_s < 60
    assert server._process.poll() is not None
