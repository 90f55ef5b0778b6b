"""The sides of an entry: a source, a publisher, and the bridge with a reader of its region."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.hazelcast_map import HazelcastPublisher, HazelcastSource
from adapters.shm import FactorReader
from adapters.shm.source import ShmSource
from dolphin_strategies import SourceState
from tests.proof.figures import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.hazelcast_map import HazelcastSettings
    from dolphin_strategies import ExternalFactors, FactorSource

LATE_S: Final = 1.0
"""A value whose stamp is so much later than the instant at which it was written is stale."""
EXIT_TIMEOUT_S: Final = 20.0
EVERY: Final = 1 << 30
SETTLING: Final = 100
"""Looks until nothing is unread, while others still write."""


class ReadSide:
    """Follow what writers put in: their number as ``n``, the UNIX second as ``at``."""

    def __init__(self, name: str, source: FactorSource) -> None:
        self.name: Final = name
        self.source: Final = source
        self.stale = 0
        self.delivered = 0
        self.newest_s = 0.0
        self.gaps = 0
        """Records that the sequences show to be missing."""
        self.went_back = 0
        """Records that came twice, or after a newer one."""
        self._last: tuple[int, int] = (0, 0)
        self._ts_event = 0
        self.newest_number = 0.0
        source.open(lambda: None, time.time_ns)

    def look(self) -> None:
        """Take all records, in order."""
        while (f := self.source.read_next()) is not None:
            self._take(f)

    def _take(self, f: ExternalFactors) -> None:
        self.delivered += 1
        stream_id, sequence = self._last
        if f.stream_id == stream_id:
            self.gaps += max(f.sequence - sequence - 1, 0)
            self.went_back += f.sequence <= sequence or f["n"] < self.newest_number
        self.went_back += f.ts_event < self._ts_event
        self._last, self._ts_event = (f.stream_id, f.sequence), f.ts_event
        self.newest_number = f["n"]
        self.newest_s = f["at"]
        self.stale += f.ts_event / 1e9 - f["at"] > LATE_S

    def has_noticed(self) -> bool:
        """Return whether the source says that it is not live."""
        return self.source.status().state is not SourceState.LIVE

    def has_since(self, unix_s: float) -> bool:
        """Return whether it is live and has a record from after an instant."""
        return self.source.status().state is SourceState.LIVE and self.newest_s > unix_s

    def unaccounted(self) -> int:
        """Return how many records are missing in the counts, or came twice or back in order."""
        for _ in range(SETTLING):
            self.look()
            status = self.source.status()
            if not status.pending:
                break
        return (
            self.went_back
            + abs(status.lost - self.gaps)
            + abs(status.pending)
            + abs(status.delivered - self.delivered)
        )

    def close(self) -> None:
        """Close the source."""
        self.source.close()


class PublisherSide:
    """A publisher behind the line; what it writes is read without it."""

    def __init__(self, settings: HazelcastSettings, direct: HazelcastSettings) -> None:
        self.name: Final = "publisher"
        self.publisher: Final = HazelcastPublisher(settings)
        self.reader: Final = ReadSide("what it writes", HazelcastSource(direct))
        self._number = 0
        self._written_s = 0.0

    @property
    def stale(self) -> int:
        """What its reader took for younger than it was."""
        return self.reader.stale

    def look(self) -> None:
        """Write twice a second, as the ExtF service does at least; and read."""
        self.reader.look()
        if time.monotonic() - self._written_s >= 0.5:
            self._written_s = time.monotonic()
            self._number += 1
            self.publisher.write({"n": self._number, "at": time.time()})

    def has_noticed(self) -> bool:
        """Return whether it states a problem."""
        return bool(self.publisher.problem)

    def has_since(self, unix_s: float) -> bool:
        """Return whether it has none, and its reader has a record from after an instant."""
        return not self.publisher.problem and self.reader.newest_s > unix_s

    def unaccounted(self) -> int:
        """Return how many states were neither confirmed nor replaced, or are missing behind."""
        p = self.publisher
        missing = 0 if p.flush(EXIT_TIMEOUT_S) else 1
        return missing + abs(p.written - p.sent - p.conflated) + self.reader.unaccounted()

    def close(self) -> None:
        """Close both."""
        self.publisher.close()
        self.reader.close()


class BridgeSide(ReadSide):
    """The bridge as a process behind the line, and a reader of its region."""

    def __init__(self, url: str, region: Path) -> None:
        script = str(ROOT / "live" / "bridge_hazelcast.py")
        self.process: Final = subprocess.Popen(
            [sys.executable, script, url, "--region", str(region)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._region: Final = region
        super().__init__("bridge's region", ShmSource(region))

    def unaccounted(self) -> int:
        """Return what is missing in the region's counts, after the bridge's own, which it ends."""
        missing = super().unaccounted()
        if self.process.poll() is not None:
            return missing + EVERY
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=EXIT_TIMEOUT_S)
        found = re.findall(r"([\d,]+) published, ([\d,]+) bridged, ([\d,]+) lost", output)
        if self.process.returncode or not found:
            return missing + EVERY
        published, bridged, lost = (int(n.replace(",", "")) for n in found[-1])
        with FactorReader(self._region) as reader:
            missing += abs(bridged - reader.status().published)
        return missing + abs(published - bridged - lost)

    def close(self) -> None:
        """End the process and close the reader."""
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.communicate()
        super().close()
