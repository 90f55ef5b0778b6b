"""BusyTime: when the node's thread last had other work than factors."""

from __future__ import annotations

import time
from typing import Final

BUSY_NS: Final = 20_000
"""Work that is no longer does not count; the loop's own turn takes 5 to 10 µs."""


class BusyTime:
    """Tells of a record whether it arrived while the node's thread was busy.

    The thread is free while its loop waits, and while a feed looks for records; it is busy when
    it does anything else for longer than 20 µs.

    Attributes
    ----------
    until_ns : int
        A record that was found now and written before this instant of ``CLOCK_MONOTONIC``
        arrived while the thread was busy, because nobody had found it until then.
    free_ns : int
        The last instant, same clock, at which the thread was known to be free.

    Notes
    -----
    Owned by the node's thread. In another loop than a ``NodeLoop`` nothing counts as busy.

    """

    __slots__ = ("free_ns", "until_ns")

    def __init__(self) -> None:
        self.until_ns = 0
        self.free_ns = time.monotonic_ns()

    def begin_free(self) -> None:
        """Note that the thread begins to wait or to look."""
        now_ns = time.monotonic_ns()
        if now_ns - self.free_ns > BUSY_NS:
            self.until_ns = now_ns

    def end_free(self) -> None:
        """Note that the thread has been free until now."""
        self.free_ns = time.monotonic_ns()
