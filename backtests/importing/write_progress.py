"""WriteProgress: reports how much of an import is written, at most once a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_PERIOD_S: Final = 1.0


class WriteProgress:
    """Report how much is written.

    Parameters
    ----------
    total : int
        The number of all rows.
    report : callable
        Called with a line for the user.

    """

    def __init__(self, total: int, report: Callable[[str], None]) -> None:
        self._total: Final = total
        self._report: Final = report
        self._done = 0
        self._reported_at_s = time.monotonic()

    def add(self, rows: int) -> None:
        """Count rows as written."""
        self._done += rows
        if time.monotonic() >= self._reported_at_s + _PERIOD_S:
            self._reported_at_s = time.monotonic()
            share = self._done / self._total
            self._report(f"wrote {self._done:,} of {self._total:,} rows ({share:.0%})")
