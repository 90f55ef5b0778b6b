"""ProducerWatch: whether the producer of a region is alive, and the reason if it is not."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from dolphin_strategies.factors.source import SourceState

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

    from adapters.shm.reading.attachment import WriterStatus

HEARTBEAT_TIMEOUT_NS: Final = 800_000_000
"""Looked at every 100 ms, so that a producer that stands still is noticed within a second."""


class ProducerWatch:
    """Judge a producer by its lock and heartbeat, and detect its death through a pidfd.

    Parameters
    ----------
    path : Path
        The region's path, for the reason reported before the region exists.
    on_death : callable
        Called on the loop's thread when the producer's process has ended.

    """

    def __init__(self, path: Path, on_death: Callable[[], None]) -> None:
        self.state = SourceState.WAITING
        self.reason = f"{path} does not exist yet: its producer has not started"
        self._on_death: Final = on_death
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pidfd = -1

    def set(self, state: SourceState, reason: str) -> None:
        """Set a state that the caller has determined."""
        self.state, self.reason = state, reason

    def look(self, writer: WriterStatus, loop: asyncio.AbstractEventLoop | None) -> None:
        """Check whether the producer is alive, and if so watch its process with the loop."""
        silent_ns = time.monotonic_ns() - writer.heartbeat_mono_ns
        if not writer.alive:
            what = "closed the region" if writer.has_closed else "is gone"
            self.forget()
            self.set(
                SourceState.STALE,
                f"producer {writer.pid} {what} after record {writer.published}",
            )
        elif silent_ns > HEARTBEAT_TIMEOUT_NS:
            self.set(
                SourceState.STALE,
                f"producer {writer.pid} has been silent for {silent_ns / 1e9:.1f} s",
            )
        else:
            if self._pidfd < 0 and loop is not None:
                self._watch(writer.pid, loop)
            self.set(SourceState.LIVE, "")

    def _watch(self, pid: int, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(OSError, OverflowError):
            self._pidfd = os.pidfd_open(pid)
            loop.add_reader(self._pidfd, self._on_pidfd)
            self._loop = loop

    def _on_pidfd(self) -> None:
        self.forget()
        self._on_death()

    def forget(self) -> None:
        """Stop watching the process; safe to call again."""
        if self._pidfd >= 0:
            if self._loop is not None:
                self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
