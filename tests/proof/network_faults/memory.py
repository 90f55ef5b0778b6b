"""Memory: what the processes of a side occupy, and whether it grows from fault to fault."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from tests.proof.network_faults.outcomes import Outcome

MOST_GROWTH: Final = 20_000_000
"""Bytes by which a process may grow from the first round of faults to the last."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def resident(pid: int) -> int:
    """Return the bytes of memory that a process occupies."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE


class Growth:
    """The growth of processes since the first round.

    Parameters
    ----------
    pids : dict of str to int
        The processes by name.
    """

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids: Final = pids
        self._after_first: dict[str, int] = {}

    def mark(self) -> None:
        """Remember what they occupy after the first round; later calls change nothing."""
        self._after_first = self._after_first or {n: resident(p) for n, p in self._pids.items()}

    def outcomes(self, fault: str) -> list[Outcome]:
        """Return one outcome a process: it is uncounted by the megabytes beyond the limit."""
        return [
            Outcome(
                fault=fault,
                side=name,
                uncounted=max(0, resident(pid) - self._after_first[name] - MOST_GROWTH) // 10**6,
            )
            for name, pid in self._pids.items()
        ]
