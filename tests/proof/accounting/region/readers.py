"""A reader and a source beside their models: each record once, right, and counted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.shm import FactorReader, RegionMovedError
from adapters.shm.source import ShmSource
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dolphin_strategies import ExternalFactors
    from tests.proof.accounting.region.stepped_loop import SteppedLoop
    from tests.proof.accounting.region.written import File, Log


class ModelledReader:
    """A FactorReader of one file, whose every answer is known before it is asked for."""

    def __init__(self, path: Path, file: File, log: Log) -> None:
        self.reader: Final = FactorReader(path)
        self.file: Final = file
        self._log: Final = log
        self.position = max(file.published - 1, file.first - 1)
        self._accounted_from = self.position
        self._into = np.zeros(len(file.names))

    def read(self, how: str, limit: int) -> None:
        """Read in one of the ways, and compare."""
        expected = self._expected(how, limit)
        if how == "since":
            self._since(limit)
            return
        has_ended = self.position == self.file.published and (
            self.file.is_superseded or self.file.is_left
        )
        try:
            found = self._read(how, limit)
        except RegionMovedError:
            assert self.file.is_damaged or has_ended
            self.check()
            return
        if not self.file.is_damaged:
            assert not has_ended or self.file.is_left
            assert found == expected, (how, found, expected)
        assert all(n > self.position for n in found) or how == "latest"
        self.position = max([self.position, *found])
        self.check()

    def _expected(self, how: str, limit: int) -> list[int]:
        file, unread = self.file, self.file.published > self.position
        next_one = max(self.position + 1, file.oldest)
        if how == "latest":
            return [file.published] if file.published >= file.first else []
        if not unread or how in {"spin", "wait"}:
            return []
        if how in {"read_latest", "latest_into"}:
            return [file.published]
        if how == "read_next":
            return [next_one]
        end = next_one + min(limit, file.capacity)
        return [*range(next_one, min(end, file.published + 1))]

    def _read(self, how: str, limit: int) -> list[int]:
        """Read; return the sequences, whose records were compared bit by bit."""
        reader = self.reader
        unread = self.file.published > self.position
        if how in {"spin", "wait"}:
            is_there = reader.spin(0) if how == "spin" else reader.wait(0)
            assert is_there == unread or self.file.is_damaged
            return []
        if how == "latest_into":
            n = reader.latest_into(self._into)
            return self._compared([(n, self._into.tobytes())] if n else [])
        if how == "read_batch":
            batch = reader.read_batch(limit)
            rows = batch.records() if batch is not None else []
        else:
            f = getattr(reader, how)()
            rows = [f] if f is not None else []
        return self._compared([(f.sequence, f.payload) for f in rows])

    def _compared(self, found: list[tuple[int, bytes]]) -> list[int]:
        for n, payload in found:
            record = self._log.records[self.file.stream, n]
            assert record.is_equal(self.reader.schema.names, payload), (n, record, payload)
        return [n for n, _ in found]

    def _since(self, back: int) -> None:
        """Go back some records and read all from there on."""
        if self.file.is_damaged:
            return
        start, accounted = max(self.file.published - back, 0), self._accounted()
        records, lost = self.reader.since(start)
        found = self._compared([(f.sequence, f.payload) for f in records])
        first = max(start + 1, self.file.oldest)
        assert found == [*range(first, self.file.published + 1)]
        assert lost == (first - start - 1 if found else max(self.file.first - 1 - start, 0))
        self.position = max(self.file.published, self.file.first - 1)
        assert self._accounted() - accounted == self.position - max(start, self.file.first - 1)
        self._accounted_from = self.position - self._accounted()

    def _accounted(self) -> int:
        r = self.reader
        return r.delivered + r.conflated + r.lost

    def check(self) -> None:
        """Every record between the start and the position is delivered, conflated or lost."""
        assert self.reader.position == self.position
        assert self._accounted() == self.position - self._accounted_from
        assert self.reader.rejected == 0 or self.file.is_damaged
        if not self.file.is_damaged:
            assert self.reader.status().published == self.file.published

    def close(self) -> None:
        """Close, twice."""
        self.reader.close()
        self.reader.close()


class ModelledSource:
    """A ShmSource, and each record that it has handed out."""

    def __init__(
        self, path: Path, loop: SteppedLoop, log: Log, resume_after: Mapping[int, int]
    ) -> None:
        self.source: Final = ShmSource(path, resume_after=resume_after)
        self.received: Final[set[tuple[int, int]]] = set()
        self.last: Final[dict[int, int]] = {}
        """The newest sequence handed out of each stream."""
        self.start: Final[dict[int, int]] = dict(resume_after)
        """The sequence after which each stream is to be accounted for, where it is known."""
        self.wakes = 0
        self.is_asleep = False
        self._log: Final = log
        self._before = (0, 0, 0, 0)
        self._stamps: dict[int, tuple[int, int]] = {}

        async def opened() -> None:
            self.source.open(self._wake, time.time_ns)

        loop.run(opened())
        self._was_attached_at_once: Final = self.source.schema is not None

    def _wake(self) -> None:
        self.wakes += 1
        self.is_asleep = False

    def read(self, how: str, limit: int) -> int:
        """Read in one of the ways; return how many records came."""
        before = self.source.status()
        if how == "read_batch":
            got: Any = self.source.read_batch(limit)
            assert got is None or 1 <= len(got) <= limit
        else:
            got = getattr(self.source, how)(1000 if limit == 1 else 0)
        records = got.records() if isinstance(got, FactorBatch) else [got] if got else []
        for f in records:
            self._take(f)
        after = self.source.status()
        assert after.delivered == before.delivered + len(records) == len(self.received)
        self.check()
        return len(records)

    def _take(self, f: ExternalFactors) -> None:
        key = f.stream_id, f.sequence
        record = self._log.records[key]
        assert record.is_equal(f.schema.names, f.payload), (key, record, f.payload)
        assert key not in self.received, f"record {key} was handed out twice"
        self.received.add(key)
        assert f.sequence > self.last.get(f.stream_id, 0)
        self.last[f.stream_id] = f.sequence
        n, stamp = self._stamps.get(f.stream_id, (0, 0))
        assert f.ts_event >= stamp
        if record.ts_event and n == f.sequence - 1 and n:
            assert f.ts_event == max(record.ts_event, stamp)
        self._stamps[f.stream_id] = f.sequence, f.ts_event

    def check_beginning(self, file: File, firsts: set[int], *, was_refused: bool) -> None:
        """Compare where it began in the only stream there is: known, or with the first record.

        A source that was not attached when it was opened may have been refused; its next stream
        may be older than itself, and it may have begun with the newest record of its time.
        """
        start = self.start.get(file.stream)
        starts = {start} if start else {first - 1 for first in firsts}
        if was_refused and not start and not self._was_attached_at_once:
            starts |= {*range(file.published)}
        assert file.published - self.source.status().published in starts

    def sleep(self) -> None:
        """Ask for a wake-up."""
        self.is_asleep = self.source.sleep()

    def check(self) -> None:
        """Compare: the counts add up and never go back."""
        s = self.source.status()
        assert s.pending >= 0, s
        now = (s.published, s.delivered, s.conflated, s.lost)
        assert all(b >= a for a, b in zip(self._before, now, strict=True)), (self._before, s)
        self._before = now
