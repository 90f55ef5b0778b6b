"""ForkServer: starts nodes as forks of a process that has imported what all of them need."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.process.child import module_command
from adapters.run_state.process_identity import ProcessIdentity

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BYTES: Final = 1 << 16
START_TIMEOUT_S: Final = 30.0
"""From its start until it has imported everything; one that takes longer is not used."""
FORK_TIMEOUT_S: Final = 5.0
_ROOT: Final = Path(__file__).resolve().parents[4]
_SERVER: Final = "live.fleet.supervision.processes.fork_server_process"
_PR_SET_CHILD_SUBREAPER: Final = 36
"""prctl(2): orphans among the descendants become children of this process."""


def write_identity(lock_fd: int, note: dict[str, Any]) -> None:
    """Write who this process is, and what is noted of it, into its lock's file."""
    found = ProcessIdentity.own()
    who = [found.pid, found.start_ticks, found.boot_id]
    os.pwrite(lock_fd, json.dumps({"process": who, **note}).encode() + b"\n", 0)


class ForkError(OSError):
    """The server cannot fork."""


class ForkedChild:
    """A child that somebody else forked for this process.

    Attributes
    ----------
    pid : int
        Its process identifier.

    """

    def __init__(self, pid: int) -> None:
        self.pid: Final = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal; None while it runs."""
        if self._code is None:
            with suppress(ChildProcessError):
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self._code = os.waitstatus_to_exitcode(status)
        return self._code


class ForkServer:
    """A process of imports: a node that it forks need not import half a second of modules itself.

    Notes
    -----
    What is forked is orphaned at once, and becomes a child of this process, which is its
    descendants' subreaper while the server is there. The server ends with this process.

    """

    def __init__(self) -> None:
        _set_subreaper(is_one=True)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process: Final = subprocess.Popen(
                module_command(_SERVER, theirs.fileno()),
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except BaseException:
            self._socket.close()
            _set_subreaper(is_one=False)
            raise
        finally:
            theirs.close()
        self._began_s: Final = time.monotonic()
        self._is_ready = self._is_broken = False

    @property
    def is_ready(self) -> bool:
        """Whether it has imported everything."""
        if not self._is_ready:
            self._socket.settimeout(0.0)
            with suppress(OSError):
                self._is_ready = bool(self._socket.recv(MOST_BYTES))
        return self._is_ready

    @property
    def is_lost(self) -> bool:
        """Whether it has ended, has failed once, or takes too long."""
        is_late = time.monotonic() - self._began_s > START_TIMEOUT_S and not self.is_ready
        return self._is_broken or is_late or self._process.poll() is not None

    def fork(
        self, command: Sequence[str], cwd: Path, note: dict[str, Any], log_fd: int, lock_fd: int
    ) -> ForkedChild:
        """Fork a process that goes on as ``python SCRIPT …`` does.

        Parameters
        ----------
        command : sequence of str
            The command line: this interpreter, a script and its arguments.
        cwd : Path
            The folder that it runs in.
        note : dict
            Written into the lock's file beside its identity, before it becomes the script.
        log_fd, lock_fd : int
            Its standard output and error; the lock that it inherits.

        Raises
        ------
        ForkError
            If the server does not answer, or cannot fork.

        """
        request = json.dumps({"command": [*command], "cwd": str(cwd), "note": note}).encode()
        self._socket.settimeout(FORK_TIMEOUT_S)
        # A late answer would be taken for that of the next request.
        self._is_broken = True
        try:
            socket.send_fds(self._socket, [request], [log_fd, lock_fd])
            pid = int.from_bytes(self._socket.recv(MOST_BYTES), "little")
        except OSError as error:
            msg = f"the process that forks does not answer: {error}"
            raise ForkError(msg) from None
        if not pid:
            msg = "the process that forks has ended, or could not fork"
            raise ForkError(msg)
        self._is_broken = False
        return ForkedChild(pid)

    def close(self) -> None:
        """End it; what it has forked goes on."""
        self._socket.close()
        # Between two forks it has nothing to finish.
        self._process.kill()
        self._process.wait()
        _set_subreaper(is_one=False)


def _set_subreaper(*, is_one: bool) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(is_one), 0, 0, 0)
