"""The processes under one, each told apart from a later one with its number."""

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


def end_processes(started: Mapping[int, int]) -> None:
    """Kill processes that were found by :func:`processes_below`, those that still run."""
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
