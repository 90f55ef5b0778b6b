"""Copy a Hazelcast entry into shared memory, so that nodes here hear of it in microseconds."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.hazelcast_map import HazelcastSettings, HazelcastSource
from adapters.shm import DEFAULT_PATH, FactorWriter
from dolphin_strategies import DolphinError, SourceState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dolphin_strategies import ExternalFactors

DEFAULT_URL: Final = str(HazelcastSettings())
HEARTBEAT_S: Final = 0.1
REPORT_S: Final = 5.0
BAD_USAGE: Final = 2


class Bridge:
    """Write each record of a source into a region, in order, as long as it runs.

    The region begins with the first record, because its names come with it. While the source is
    not live the region shows no heartbeat, so that its readers see a silent producer.

    Parameters
    ----------
    source : HazelcastSource
        Opened and closed by ``run``.
    region : Path
        Where to write.

    """

    def __init__(self, source: HazelcastSource, region: Path) -> None:
        self._source: Final = source
        self._region: Final = region
        self._writer: FactorWriter | None = None
        self._values = np.empty(0)
        self._told = ""
        self._stop: Final = asyncio.Event()
        self._error: DolphinError | None = None

    async def run(self) -> None:
        """Bridge until SIGINT or SIGTERM.

        Raises
        ------
        RegionError
            If the region cannot be written, or somebody else writes it.

        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        self._source.open(self._copy, time.time_ns)
        self._copy()
        report_s = time.monotonic() + REPORT_S
        try:
            while not self._stop.is_set():
                self._beat()
                if time.monotonic() >= report_s:
                    report_s += REPORT_S
                    say(self.summary())
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), HEARTBEAT_S)
        finally:
            self._source.close()
            if self._writer is not None:
                self._writer.close()
        if self._error is not None:
            raise self._error

    def _copy(self) -> None:
        """Write what is there, then ask to be called again."""
        try:
            while not self._source.sleep():
                while (f := self._source.read_next()) is not None:
                    self._write(f)
        except DolphinError as error:
            self._error = error
            self._stop.set()

    def _write(self, f: ExternalFactors) -> None:
        if self._writer is None:
            self._writer = FactorWriter(self._region, f.schema.names)
            say(f"writing {len(f)} factors into {self._region}")
        if self._writer.schema != f.schema:
            # New names: the writer makes a new file, and readers follow.
            self._writer.write(dict(f), f.ts_event)
            say(f"{len(f)} factors now")
            return
        if len(self._values) != len(f):
            self._values = np.empty(len(f))
        self._values[:] = f.array
        self._writer.write_values(self._values, f.ts_event)

    def _beat(self) -> None:
        status = self._source.status()
        if self._writer is not None and status.state is SourceState.LIVE:
            self._writer.heartbeat()
        told = f"{status.state.value}{': ' if status.reason else ''}{status.reason}"
        if status.state is not SourceState.LIVE:
            # Numbers that count on are no news.
            told = told.partition(" for ")[0]
        if told != self._told:
            self._told = told
            say(told)

    def summary(self) -> str:
        """Return the counts so far."""
        status = self._source.status()
        refused = {name: n for name, n in self._source.counters.items() if n}
        return (
            f"{status.published:,} published, {status.delivered:,} bridged, {status.lost:,} lost"
            f"{'; ' if refused else ''}{', '.join(f'{n:,} {name}' for name, n in refused.items())}"
        )


def say(line: str) -> None:
    """Print a line at once."""
    print(f"bridge_hazelcast: {line}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="bridge_hazelcast.py",
        description=__doc__,
        epilog="exit codes: 0 stopped as asked; 1 the region could not be written; 2 bad usage",
    )
    add = parser.add_argument
    add("source", nargs="?", default=DEFAULT_URL, metavar="URL",
        help=f"which entry; see docs/hazelcast.md (default: {DEFAULT_URL})")  # fmt: skip
    add("--region", type=Path, default=DEFAULT_PATH, metavar="PATH",
        help=f"where to write (default: {DEFAULT_PATH})")  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        source = HazelcastSource(HazelcastSettings.from_url(options.source))
        bridge = Bridge(source, options.region)
    except DolphinError as error:
        print(f"bridge_hazelcast.py: {error}", file=sys.stderr)
        return BAD_USAGE
    try:
        asyncio.run(bridge.run())
    except DolphinError as error:
        print(f"bridge_hazelcast.py: {error}", file=sys.stderr)
        return 1
    say(bridge.summary())
    return 0


if __name__ == "__main__":
    sys.exit(main())
