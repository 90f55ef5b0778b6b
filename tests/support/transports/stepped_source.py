"""A source in a process of its own, whose wall clock a test sets: ``stepped_source URL``."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from adapters.hazelcast_map import HazelcastSettings, HazelcastSource
from dolphin_strategies import SourceState

ROOT: Final = Path(__file__).resolve().parents[3]


def faketime() -> Path | None:
    """Return the library that sets a process's clock, for threads; None where there is none."""
    return next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


class SteppedSource:
    """A source in a process whose wall clock is set.

    Its process tells, a hundred times a second: live or not, the newest ``at``, its ``ts_event``,
    how often one was before its predecessor's, and its wall clock less the monotonic one.

    Parameters
    ----------
    url : str
        The entry.
    folder : Path
        For the file that sets the clock.
    library : Path
        See ``faketime``.
    """

    name = "source, other process"

    def __init__(self, url: str, folder: Path, library: Path) -> None:
        self._clock: Final = folder / "clock"
        self.set_clock(0)
        environment = {
            **os.environ, "LD_PRELOAD": str(library), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_TIMESTAMP_FILE": str(self._clock), "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip
        self._process: Final = subprocess.Popen(
            [sys.executable, "-m", __name__, url],
            stdout=subprocess.PIPE, cwd=ROOT, env=environment,
        )  # fmt: skip
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._unread = b""
        self._seen: list[Any] = [False, 0.0, 0, 0, 0.0]
        self.stale = 0

    @property
    def skew_s(self) -> float:
        """Its wall clock less the monotonic one, seconds."""
        return float(self._seen[4])

    def set_clock(self, offset_s: int) -> None:
        """Set its wall clock so far off."""
        new = self._clock.with_suffix(".new")
        new.write_text(f"{offset_s:+d}s\n", encoding="ascii")
        new.rename(self._clock)

    def look(self) -> None:
        """Take its newest line."""
        assert self._process.stdout is not None
        self._unread += self._process.stdout.read() or b""
        *lines, self._unread = self._unread.split(b"\n")
        if lines:
            self._seen = json.loads(lines[-1])
        self.stale = self._seen[3]

    def has_noticed(self) -> bool:
        """Return whether its source is not live."""
        return not self._seen[0]

    def has_since(self, unix_s: float) -> bool:
        """Return whether it is live and has a value that was written after an instant."""
        return bool(self._seen[0]) and self._seen[1] > unix_s

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


async def main(url: str) -> None:
    """Follow the entry and tell, a hundred times a second."""
    source = HazelcastSource(HazelcastSettings.from_url(url))
    source.open(lambda: None, time.time_ns)
    newest, ts_event, went_back = 0.0, 0, 0
    while True:
        while (f := source.read_next()) is not None:
            went_back += f.ts_event < ts_event
            newest, ts_event = f["at"], f.ts_event
        is_live = source.status().state is SourceState.LIVE
        skew_s = time.time() - time.monotonic()
        print(json.dumps([is_live, newest, ts_event, went_back, skew_s]), flush=True)
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
