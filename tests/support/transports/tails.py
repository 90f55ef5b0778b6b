"""Tails in a loop of a test: opened, read to an end, and what they gave."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from adapters.catalog.tailing.tail_source import TailSource
from adapters.shm.source import ShmSource
from live.node.settings.tail_option import read_tail
from tests.support.eventually import eventually_async
from tests.support.transports.regions import is_whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from adapters.catalog.tailing.recorded.tail_start import TailStart


class Reading:
    """A tail that is open, and the records that it gave: stream and sequence."""

    def __init__(self, source: TailSource) -> None:
        self.source = source
        self.given: list[tuple[int, int]] = []

    def read(self, limit: int | None = None) -> int:
        """Read what is there, each record by itself; return how many there were."""
        n = 0
        while (limit is None or n < limit) and (f := self.source.read_next()) is not None:
            assert is_whole(f)
            assert f.ts_event <= f.ts_init <= time.time_ns()
            self.given.append((f.stream_id, f.sequence))
            n += 1
        return n

    def read_batches(self, limit: int) -> None:
        """Read what is there in batches."""
        while (batch := self.source.read_batch(limit)) is not None:
            assert 1 <= len(batch) <= limit
            assert all(is_whole(f) for f in batch.records())
            self.given += [(batch.stream_id, n) for n in batch.sequence.tolist()]

    async def read_until(self, place: tuple[int, int]) -> None:
        """Read on until a record, or a later one of its stream, has come."""

        def came() -> bool:
            self.read()
            return bool(self.given) and self.given[-1][0] == place[0] and self.given[-1] >= place

        await eventually_async(came, f"record {place}")

    def check_order(self) -> None:
        """Fail if a record came twice, or after a later one of its stream."""
        last: dict[int, int] = {}
        for stream_id, sequence in self.given:
            assert sequence > last.get(stream_id, 0), (stream_id, sequence)
            last[stream_id] = sequence

    def check_counts(self) -> tuple[int, int, int]:
        """Return delivered, lost and unread, after checking that they add up to published."""
        status = self.source.status()
        assert status.delivered == len(self.given)
        assert status.published == status.delivered + status.lost + status.pending
        return status.delivered, status.lost, status.pending


def tail_of(start: TailStart, region: Path) -> TailSource:
    """Return the tail of a region."""
    live = ShmSource(region, from_oldest=not start.is_newest)
    return TailSource(start, live, str(region.absolute()))


@asynccontextmanager
async def tailing(text: str, region: Path) -> AsyncIterator[Reading]:
    """Open a tail, described as for ``--tail``, in the running loop."""
    source = tail_of(read_tail(text), region)
    source.open(lambda: None, time.time_ns)
    try:
        yield Reading(source)
    finally:
        source.close()
