"""A media driver as a process of its own, in a folder of its own, for one test."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import pytest

from adapters.process.child import Child
from live.aeron_driver import READY

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT: Final = Path(__file__).resolve().parents[3]
START_TIMEOUT_S: Final = 60.0


def require_aeron() -> None:
    """Skip where the extra `aeron` is not installed: there is no wheel for each machine."""
    pytest.importorskip("pyaeron", reason="the extra `aeron` is not installed")


def new_driver_folder() -> Path:
    """Return a path that no other test uses."""
    return Path(f"/dev/shm/dolphin_test_aeron_{os.getpid()}_{uuid4().hex[:8]}")


class DriverProcess:
    """``live/aeron_driver.py`` in a folder of its own.

    Parameters
    ----------
    within : sequence of str
        What stands before the command, for example to run it in a network namespace.
    options : sequence of str
        Further options of the command.

    """

    def __init__(self, within: Sequence[str] = (), options: Sequence[str] = ()) -> None:
        self.folder: Final = new_driver_folder()
        self._command: Final = [
            *within, sys.executable, str(ROOT / "live" / "aeron_driver.py"), "--with-parent",
            "--dir", str(self.folder), *options,
        ]  # fmt: skip
        self._child = self._start()

    def _start(self) -> Child:
        child = Child(self._command)
        child.wait_for(lambda line: READY in line, START_TIMEOUT_S, "the media driver")
        return child

    @property
    def pid(self) -> int:
        """Its process."""
        return self._child.pid

    def kill(self) -> None:
        """End it with SIGKILL; its folder stays."""
        self._child.kill()

    def start_again(self) -> None:
        """Start another one in the same folder."""
        self._child = self._start()

    def stop(self) -> None:
        """End it in order, and remove its folder."""
        if self._child.exit_code is None:
            os.kill(self._child.pid, signal.SIGTERM)
            self._child.wait(5.0)
        self._child.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
