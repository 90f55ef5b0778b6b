"""Processes below one or with files in a folder, told apart from later ones of their number."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def processes_below(top: int) -> dict[int, int]:
    """Return the processes under one, by number their start, clock ticks since the boot."""
    # Numbers, which are no paths.
    found = {int(n): _parent_and_start(int(n)) for n in os.listdir("/proc") if n.isdigit()}  # noqa: PTH208
    below: dict[int, int] = {}
    for pid, (parent, began) in found.items():
        above = parent
        while above > 1 and above != top:
            above = found.get(above, (0, 0))[0]
        if above == top:
            below[pid] = began
    return below


def processes_with_files_in(folder: str) -> dict[int, int]:
    """Return the processes that have a file of a folder open, by number their start as above."""
    inside = os.path.realpath(folder) + "/"
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            began = _parent_and_start(int(path.name))[1]
            if any(_link(each).startswith(inside) for each in (path / "fd").iterdir()):
                found[int(path.name)] = began
    return found


def _link(path: Path) -> str:
    with suppress(OSError):
        return str(path.readlink())
    return ""


def end_processes(started: Mapping[int, int]) -> None:
    """Kill processes that were found by the functions above, those that still run."""
    for pid, began in started.items():
        if _parent_and_start(pid)[1] == began:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _parent_and_start(pid: int) -> tuple[int, int]:
    """Return the parent and the start of a process, as in proc(5); zeros of none."""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return int(words[1]), int(words[19])
    return 0, 0
