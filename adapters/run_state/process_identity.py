"""The identity of a process: its pid, when it started, and in which boot of the machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """What no other process ever has.

    Attributes
    ----------
    pid : int
        Its process identifier, used again by the kernel after its end.
    start_ticks : int
        When it started, in clock ticks since the boot (field 22 of ``/proc/PID/stat``, proc(5)).
    boot_id : str
        ``/proc/sys/kernel/random/boot_id``.

    """

    pid: int
    start_ticks: int
    boot_id: str

    @classmethod
    def own(cls) -> Self:
        """Return this process's."""
        pid = os.getpid()
        return cls(pid, start_ticks(pid), boot_id())

    def is_running(self) -> bool:
        """Return whether this process is there, a zombie or not."""
        return self.boot_id == boot_id() and self.start_ticks == start_ticks(self.pid)


@cache
def boot_id() -> str:
    """Return the identifier of this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def start_ticks(pid: int) -> int:
    """Return when a process started, in clock ticks since the boot; 0 if there is none."""
    fields = _stat(pid)
    return int(fields[19]) if fields else 0


def is_stopped(pid: int) -> bool:
    """Return whether a process is stopped: Ctrl-Z, SIGSTOP, a debugger."""
    fields = _stat(pid)
    return bool(fields) and fields[0] in "tT"


def _stat(pid: int) -> list[str]:
    """Return the fields of ``/proc/PID/stat`` from the third on; none without the process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    # The command's name is in brackets and may have brackets in it.
    return text.rsplit(")", 1)[1].split()
