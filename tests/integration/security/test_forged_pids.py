"""Pid files that name a process which is not ours."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from adapters.process.pid_lock import holder_of
from adapters.process.safe_files import UnusableFileError
from live.exf import background_service
from live.exf.service_files import ServiceFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOBODY = 65534


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that nobody may end."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("text", ["{pid}\n", "-{pid}\n", "1\n", "0\n", "9" * 30, "\x1b[2J", ""])
def test_a_forged_pid_stops_no_process(
    region_path: Path, stranger: subprocess.Popen[bytes], text: str
) -> None:
    """Nobody holds the file's lock: whoever it names is not the service, and is not signalled."""
    files = ServiceFiles(region_path)
    files.folder.mkdir(mode=0o700)
    pid_file = files.folder / "pid"
    pid_file.write_text(text.format(pid=stranger.pid))
    assert holder_of(pid_file) is None
    assert files.running_pid() is None
    assert background_service.stop(region_path) == "not running"
    assert stranger.poll() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to change owners")
def test_a_service_folder_of_somebody_else_stops_no_process(
    region_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    """Its owner could hold the lock, and name whom root is to end."""
    folder = ServiceFiles(region_path).folder
    folder.mkdir(mode=0o700)
    (folder / "pid").write_text(f"{stranger.pid}\n")
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(UnusableFileError, match=f"found uid {NOBODY}"):
        background_service.stop(region_path)
    assert stranger.poll() is None
