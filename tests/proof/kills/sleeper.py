"""Sleeper: a process that sleeps in a reader's wait, and says what it saw on waking."""

from __future__ import annotations

import os
import select
import signal
import struct
import time
from typing import TYPE_CHECKING, Final

from adapters.shm import FactorReader
from adapters.shm.region.region_files import folder_of
from tests.proof.region.records import is_whole, require
from tests.proof.region.victims import forked
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_WAIT_S: Final = 60.0
NOTICED_S: Final = 2.0
_SEEN: Final = struct.Struct("<Q?")


def _sleep(path: Path, tell: int) -> None:
    with FactorReader(path) as reader:
        while True:
            if reader.wait(LONGEST_WAIT_S) and (f := reader.read_latest()) is not None:
                os.write(tell, _SEEN.pack(f.sequence, is_whole(f)))


class Sleeper:
    """One reader that sleeps again after each record, until ``close``.

    Parameters
    ----------
    path : Path
        The region.

    """

    def __init__(self, path: Path) -> None:
        self._waiters: Final = folder_of(path) / "waiters"
        self._heard, tell = os.pipe()
        self._process: Final = forked(lambda: _sleep(path, tell))
        os.close(tell)
        self._newest = 0
        self.longest_s = 0.0

    def wait_until_asleep(self) -> None:
        """Return once it has asked for a wake-up."""
        eventually(self.is_asleep, "the sleeper asks for a wake-up")
        # Stopped, so that all changes are the writer's until it is to see a record.
        self._process.signal(signal.SIGSTOP)

    def is_asleep(self) -> bool:
        """Return whether the waiters page has a request."""
        return any(self._waiters.read_bytes()[:8])

    def expect(self, sequence: int) -> None:
        """Wait until it has seen a record.

        Raises
        ------
        BrokenRegionError
            If it sleeps on, or saw another record than was written.

        """
        self._process.signal(signal.SIGCONT)
        begin = time.perf_counter()
        while self._newest < sequence:
            left = NOTICED_S - (time.perf_counter() - begin)
            ready, _, _ = select.select([self._heard], [], [], max(left, 0))
            require(
                bool(ready), f"a sleeping reader did not notice record {sequence} in {NOTICED_S} s"
            )
            self._newest, whole = _SEEN.unpack(os.read(self._heard, _SEEN.size))
            require(whole, f"the woken reader got record {self._newest} torn")
        self.longest_s = max(self.longest_s, time.perf_counter() - begin)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        os.close(self._heard)
