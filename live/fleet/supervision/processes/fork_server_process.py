"""The process behind a ForkServer: imports what nodes need, then forks on request."""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import socket
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Final

from setproctitle import setproctitle

from live.fleet.supervision.processes.fork_server import MOST_BYTES, write_identity

IMPORTED: Final = (
    "live.node.node_command",
    "live.node.node_run",
    "adapters.computing.computed_source",
    "dolphin_strategies",
    "numpy.random",
)
"""What run_node.py imports whatever its strategy is, sooner or later; no code of a user."""
READY: Final = b"ready"
_LOOK_S: Final = 0.001
_MOST_LOOKS: Final = 1_000


def main(requests: socket.socket) -> None:
    """Import, then fork for each request; return in each of the forked processes only."""
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()
    requests.send(READY)
    while True:
        request, fds, _, _ = socket.recv_fds(requests, MOST_BYTES, 2)
        if not request:
            os._exit(0)
        pid = 0
        if len(fds) == 2:
            pid = _forked(requests, json.loads(request), *fds)
            if pid < 0:
                return
        for fd in fds:
            os.close(fd)
        requests.send(pid.to_bytes(8, "little"))


def _forked(requests: socket.socket, request: dict[str, Any], log_fd: int, lock_fd: int) -> int:
    """Return the pid of a forked process, 0 if there is none; -1 in that process itself."""
    read_fd, write_fd = os.pipe()
    try:
        between = _fork()
    except OSError:
        os.close(read_fd)
        os.close(write_fd)
        return 0
    if not between:
        # The process between ends at once, so that the one below is an orphan.
        between = os.getpid()
        try:
            pid = _fork()
        except OSError:
            os._exit(1)
        if pid:
            os.write(write_fd, pid.to_bytes(8, "little"))
            os._exit(0)
        os.close(read_fd)
        os.close(write_fd)
        requests.close()
        _await_end_of(between)
        _become(request, log_fd, lock_fd)
        return -1
    os.close(write_fd)
    answer = os.read(read_fd, 8)
    os.close(read_fd)
    os.waitpid(between, 0)
    return int.from_bytes(answer, "little")


def _fork() -> int:
    """Fork; the threads that are there, of OpenBLAS and of Arrow's allocator, prepare for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _await_end_of(parent: int) -> None:
    """Wait until a parent has ended, so that whoever asks for it gets the one after it."""
    for _ in range(_MOST_LOOKS):
        if os.getppid() != parent:
            return
        time.sleep(_LOOK_S)


def _become(request: dict[str, Any], log_fd: int, lock_fd: int) -> None:
    """Take the place of a process that was started by itself."""
    os.setsid()
    write_identity(lock_fd, request["note"])
    os.dup2(log_fd, 1)
    os.dup2(log_fd, 2)
    os.close(log_fd)
    os.chdir(request["cwd"])
    setproctitle(" ".join(request["command"]))
    _, *sys.argv = request["command"]
    sys.path.insert(0, str(Path(sys.argv[0]).resolve().parent))
    # Its state was copied with the process, and would be the same in all of them.
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
    # Below, so that the end of the script is the end of the interpreter, with its exit code.
    runpy.run_path(sys.argv[0], run_name="__main__")
