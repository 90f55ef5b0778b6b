"""The machine and versions of the figures, and the other load on the machine."""

from __future__ import annotations

import math
import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def describe() -> dict[str, str]:
    """Return the CPU, cores, kernel, versions, load and date, by name."""
    return {
        "cpu": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "nautilus_trader": version("nautilus_trader"),
        "load": f"{os.getloadavg()[0]:.2f}",
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


class Disturbance:
    """The load on the machine from now on: the time in which some process waited for a core, and
    the time taken by the hypervisor.
    """

    def __init__(self) -> None:
        self._start = time.monotonic(), _waited_s(), _stolen_s()

    def __str__(self) -> str:
        start_s, waited_s, stolen_s = self._start
        wall_s = time.monotonic() - start_s
        return (
            f"disturbance in these {wall_s:.0f} s: some process waited for a core in "
            f"{100 * (_waited_s() - waited_s) / wall_s:.1f} % of the time, the hypervisor took "
            f"{100 * (_stolen_s() - stolen_s) / wall_s:.1f} % of one"
        )


def _waited_s() -> float:
    """Return the total of the kernel's CPU pressure; NaN if the kernel has none."""
    try:
        some = Path("/proc/pressure/cpu").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return math.nan
    return int(some.rpartition("total=")[2]) / 1e6


def _stolen_s() -> float:
    fields = Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=9)
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")
