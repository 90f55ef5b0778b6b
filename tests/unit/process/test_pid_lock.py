"""The lock with a process id, which catalogs, regions, runs and the service hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from adapters.process.pid_lock import LockHeldError, PidLock, holder_of

if TYPE_CHECKING:
    from pathlib import Path

HOLD: Final = """
import sys, time
from adapters.process.pid_lock import PidLock

lock = PidLock(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


def test_a_held_lock_names_its_process_until_it_is_released(tmp_path: Path) -> None:
    """A second one is refused with the pid; after the release the file is empty and free."""
    file = tmp_path / "pid"
    assert holder_of(file) is None
    lock = PidLock(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text(encoding="ascii") == f"{os.getpid()}\n"
    assert holder_of(file) == os.getpid()
    with pytest.raises(LockHeldError, match=f"process {os.getpid()}") as caught:
        PidLock(file)
    assert caught.value.pid == os.getpid()
    lock.release()
    lock.release()
    assert not file.read_bytes()
    assert holder_of(file) is None
    PidLock(file, create=False).release()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    """Its pid stays in the file, and nobody takes it for a living process."""
    file = tmp_path / "pid"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "held\n"
            assert holder_of(file) == child.pid
            with pytest.raises(LockHeldError) as caught:
                PidLock(file)
            assert caught.value.pid == child.pid
        finally:
            child.send_signal(signal.SIGKILL)
    assert file.read_text(encoding="ascii") == f"{child.pid}\n"
    assert holder_of(file) is None
    PidLock(file).release()


def test_a_lock_that_no_other_can_find_says_so(tmp_path: Path) -> None:
    """Its file was removed: the next process makes another one."""
    file = tmp_path / "pid"
    lock = PidLock(file)
    assert lock.is_in_place()
    file.unlink()
    assert not lock.is_in_place()
    other = PidLock(file)
    other.release()
    lock.release()


def test_a_missing_or_linked_file_is_not_locked(tmp_path: Path) -> None:
    """A lock is made only where asked, and never through a link."""
    file = tmp_path / "pid"
    with pytest.raises(FileNotFoundError):
        PidLock(file, create=False)
    (tmp_path / "target").touch()
    file.symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic"):
        PidLock(file)
    assert holder_of(file) is None
