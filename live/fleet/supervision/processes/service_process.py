"""ServiceProcess: the process of a service: made, found again, signalled, never doubled."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from adapters.process.byte_lock import is_locked, try_lock
from adapters.process.safe_files import UnusableFileError, open_file, open_or_make
from adapters.run_state.process_identity import ProcessIdentity
from adapters.run_state.run_state import BadStateError, RunState
from adapters.run_state.state_file import StateReader
from dolphin_strategies.errors import DolphinError
from live.fleet.settings.service_commands import STATE_SUFFIX
from live.fleet.supervision.processes.fork_server import ForkError, write_identity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from live.fleet.supervision.processes.fork_server import ForkedChild, ForkServer
    from live.fleet.supervision.processes.service_log import ServiceLog

_FIND_S: Final = 1.0
"""From a child's birth until it has written who it is, at the longest, seconds."""
_LOOK_S: Final = 0.005
_MOST_BYTES: Final = 4_096


class NotMadeError(DolphinError):
    """A process cannot be made."""


class ServiceProcess:
    """The process of a service, which outlives whoever made it.

    Parameters
    ----------
    folder : Path
        The fleet's run folder.
    name : str
        The service.
    log : ServiceLog
        Where its output goes.

    Attributes
    ----------
    pid : int
        Of its process; 0 without one.
    note : dict
        What was noted at its start.

    Notes
    -----
    A lock on ``NAME.process`` shows that there is a process. It is taken before the process is
    made, inherited by it, and freed by the kernel with it; the child itself writes who it is into
    the file before it becomes the service. So at no instant can a kill of the supervisor leave a
    process that the next one does not find.

    """

    def __init__(self, folder: Path, name: str, log: ServiceLog) -> None:
        self.pid = 0
        self.note: dict[str, Any] = {}
        self._name: Final = name
        self._log: Final = log
        self._lock_path: Final = folder / f"{name}.process"
        self._state_path: Final = folder / f"{name}{STATE_SUFFIX}"
        self._child: subprocess.Popen[bytes] | ForkedChild | None = None
        self._pidfd = -1
        self._reader: StateReader | None = None

    def make(
        self, command: Sequence[str], cwd: Path, note: dict[str, Any], forks: ForkServer | None
    ) -> None:
        """Make the process.

        Parameters
        ----------
        command : sequence of str
            The command line.
        cwd : Path
            The folder that it runs in.
        note : dict
            Kept beside its identity, for whoever finds it.
        forks : ForkServer, optional
            What forks it; None: it is started anew.

        Raises
        ------
        NotMadeError
            If there is one already, or it cannot be made.

        """
        try:
            lock_fd = open_or_make(self._lock_path)
        except UnusableFileError as error:
            raise NotMadeError(str(error)) from None
        log_fd = -1
        try:
            if not try_lock(lock_fd):
                msg = f"a process of {self._name} is still there (lock {self._lock_path})"
                raise NotMadeError(msg)
            os.ftruncate(lock_fd, 0)
            log_fd = self._log.open()
            start = _started if forks is None else forks.fork
            self._child = start(command, cwd, note, log_fd, lock_fd)
        except ForkError as error:
            os.close(lock_fd)
            lock_fd = -1
            # It may have been made all the same.
            if self.find():
                return
            msg = f"{self._name} cannot be started: {error}"
            raise NotMadeError(msg) from None
        except (OSError, subprocess.SubprocessError, UnusableFileError) as error:
            msg = f"{self._name} cannot be started: {error}"
            raise NotMadeError(msg) from None
        finally:
            for fd in (lock_fd, log_fd):
                if fd >= 0:
                    os.close(fd)
        self._take(self._child.pid, note)

    def find(self) -> bool:
        """Take over the process that another supervisor made; return whether there is one."""
        deadline_s = time.monotonic() + _FIND_S
        while True:
            found = self._look_for_one()
            if found is None:
                return False
            if found:
                process, note = found
                if not process.is_running():
                    return False
                self._take(process.pid, note)
                if self._pidfd >= 0 and process.is_running() and self.is_alive:
                    return True
                self.forget()
                return False
            if time.monotonic() >= deadline_s:
                return False
            time.sleep(_LOOK_S)

    def _look_for_one(self) -> tuple[ProcessIdentity, dict[str, Any]] | tuple[()] | None:
        """Return who holds the lock; None: nobody; empty: it has not told yet."""
        try:
            fd = open_file(self._lock_path, os.O_RDWR)
        except (OSError, UnusableFileError):
            return None
        try:
            if not is_locked(fd):
                return None
            content = os.pread(fd, _MOST_BYTES, 0)
        finally:
            os.close(fd)
        if not content.endswith(b"\n"):
            return ()
        with suppress(ValueError, TypeError, KeyError):
            note = json.loads(content)
            return ProcessIdentity(*note.pop("process")), note
        return ()

    def _take(self, pid: int, note: dict[str, Any]) -> None:
        self.pid, self.note = pid, note
        with suppress(OSError):
            self._pidfd = os.pidfd_open(pid)
        self._close_reader()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs; a zombie does not."""
        if self._child is not None:
            return self._child.poll() is None
        return self._pidfd >= 0 and not select.select([self._pidfd], [], [], 0)[0]

    @property
    def pidfd(self) -> int:
        """A descriptor that is readable once the process has ended; -1 without one."""
        return self._pidfd

    def code(self) -> int | None:
        """Return the exit code of a process that has ended; None if nobody knows."""
        if self._child is not None:
            return self._child.poll()
        # Its parent is somebody else: what it wrote itself is all there is.
        state = self.state()[1]
        return state.code if state is not None and state.phase == "ended" else None

    def state(self) -> tuple[int, RunState | None]:
        """Return the counter and the content of its state; 0 and None before it wrote one."""
        if self._reader is None or not self._reader.is_in_place():
            self._close_reader()
            try:
                self._reader = StateReader(
                    open_file(self._state_path, os.O_RDONLY), self._state_path
                )
            except (OSError, UnusableFileError):
                return 0, None
        written = self._reader.newest()
        if written is None:
            return 0, None
        try:
            found = RunState.decode(written.content)
        except BadStateError:
            return 0, None
        return (written.counter, found) if found.process.pid == self.pid else (0, None)

    def left_by_last(self) -> RunState | None:
        """Return the newest state in the file, whichever process wrote it."""
        try:
            reader = StateReader(open_file(self._state_path, os.O_RDONLY), self._state_path)
        except (OSError, UnusableFileError):
            return None
        try:
            written = reader.newest()
            return None if written is None else RunState.decode(written.content)
        except BadStateError:
            return None
        finally:
            reader.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, also to a process that is stopped; nothing without one."""
        if self._pidfd >= 0:
            with suppress(OSError):
                signal.pidfd_send_signal(self._pidfd, number)
                # A stopped process acts on a signal once it goes on.
                signal.pidfd_send_signal(self._pidfd, signal.SIGCONT)

    def forget(self) -> None:
        """Let go of a process that has ended."""
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        self.pid, self._child = 0, None
        self._close_reader()

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _started(
    command: Sequence[str], cwd: Path, note: dict[str, Any], log_fd: int, lock_fd: int
) -> subprocess.Popen[bytes]:
    """Start a process that writes who it is into its lock's file before it becomes the service."""
    return subprocess.Popen(
        list(command),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=log_fd,
        stderr=log_fd,
        pass_fds=(lock_fd,),
        start_new_session=True,
        preexec_fn=partial(write_identity, lock_fd, note),  # noqa: PLW1509 - no thread of ours is there
    )
