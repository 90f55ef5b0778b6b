"""Starting the service in the background, stopping it, and checking whether it runs."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dolphin_strategies.errors import DolphinError
from live.exf.service_files import AlreadyRunningError, ServiceFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRIPT: Final = Path(__file__).parents[1] / "run_exf.py"
START_TIMEOUT_S: Final = 15.0
STOP_TIMEOUT_S: Final = 6.0
RECORDING_STOP_TIMEOUT_S: Final = 27.0
"""For a service that has to make files of recorded market data."""
_LOOK_S: Final = 0.05


class NotStartedError(DolphinError):
    """The service did not start."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def start(region: Path, arguments: Sequence[str], log: Path) -> int:
    """Start the service in a session of its own, and return its pid once it publishes.

    Parameters
    ----------
    region : Path
        The service's region.
    arguments : sequence of str
        The arguments of ``run_exf.py run``.
    log : Path
        The service's log file.

    Raises
    ------
    AlreadyRunningError
        If a service for this region is running.
    NotStartedError
        If the service ends, or does not publish within 15 s.

    """
    service_files = ServiceFiles(region)
    if (pid := service_files.running_pid()) is not None:
        raise AlreadyRunningError(region, pid)
    command = [sys.executable, str(SCRIPT), "run", *arguments, "--log", str(log), "--detached"]
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s:
        status = service_files.read_status()
        if status is not None and (status.get("pid"), status.get("state")) == (
            child.pid,
            "running",
        ):
            return child.pid
        if child.poll() is not None:
            printed = child.communicate()[1].decode(errors="replace").strip()
            msg = printed or f"the service ended with code {child.returncode}; see {log}"
            raise NotStartedError(msg, child.returncode)
        time.sleep(_LOOK_S)
    child.kill()
    child.wait()
    msg = f"the service did not publish within {START_TIMEOUT_S:g} s; see {log}"
    raise NotStartedError(msg, 1)


def stop(region: Path) -> str:
    """Request the service to stop, wait, and kill it if it does not.

    Returns
    -------
    str
        ``not running``, ``stopped`` or ``killed``.

    """
    service_files = ServiceFiles(region)
    pid = service_files.running_pid()
    if pid is None:
        return "not running"
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return "stopped"
    try:
        if service_files.running_pid() != pid:  # the pid may belong to another process by now
            return "stopped"
        signal.pidfd_send_signal(pidfd, signal.SIGTERM)
        status = service_files.read_status() or {}
        is_recording = status.get("market_recording") is not None
        if _ends_within(pidfd, RECORDING_STOP_TIMEOUT_S if is_recording else STOP_TIMEOUT_S):
            return "stopped"
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        _ends_within(pidfd, STOP_TIMEOUT_S)
    except ProcessLookupError:
        return "stopped"
    else:
        return "killed"
    finally:
        os.close(pidfd)


def _ends_within(pidfd: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))
