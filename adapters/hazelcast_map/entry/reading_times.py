"""ReadingTimes: when an entry was last read, and since when a value may be in it."""

from __future__ import annotations

import time
from typing import Final

KNOWN_FOR_NS: Final = 750_000_000
"""For so long after a reading a value that states no instant counts as new when it arrives."""


class ReadingTimes:
    """Tell since when a value that states no instant may be there.

    Parameters
    ----------
    known_for_ns : int
        How long after a reading was asked for the entry counts as known, nanoseconds.

    Notes
    -----
    For one thread at a time.

    """

    def __init__(self, known_for_ns: int) -> None:
        self._known_for_ns: Final = known_for_ns
        self._asked_mono_ns = 0
        self._known_mono_ns = 0
        """When the last reading that was answered was asked for; 0 before the first."""

    def ask(self) -> None:
        """Mark that a reading is asked for."""
        self._asked_mono_ns = time.monotonic_ns()

    def answer(self) -> None:
        """Mark that it was answered."""
        self._known_mono_ns = self._asked_mono_ns

    def since_ns(self, now_ns: int, now_mono_ns: int) -> int:
        """Return since when a value that arrives now may be there, UNIX nanoseconds.

        Parameters
        ----------
        now_ns, now_mono_ns : int
            Now, by the wall clock (UNIX) and by ``CLOCK_MONOTONIC``, nanoseconds.

        Returns
        -------
        int
            Now, if the entry is known or was never read; otherwise the last reading's instant.

        """
        unknown_ns = now_mono_ns - self._known_mono_ns
        if self._known_mono_ns and unknown_ns > self._known_for_ns:
            return now_ns - unknown_ns
        return now_ns
