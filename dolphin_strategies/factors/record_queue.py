"""RecordQueue: the newest records, and counts of those read, skipped and lost."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from dolphin_strategies.factors.schema import FactorSchema


class SourceRecord(NamedTuple):
    """The content of one ExternalFactors, and how many records were missed before it."""

    schema: FactorSchema
    payload: bytes
    ts_event: int
    sequence: int
    published_mono_ns: int
    stream_id: int
    missed: int


class RecordQueue:
    """Keep the newest ``capacity`` records, and the reader's position among them.

    Parameters
    ----------
    capacity : int
        Records kept; older ones are dropped, and counted as lost if unread.

    Attributes
    ----------
    published, delivered, conflated, lost : int
        ``published == delivered + conflated + lost + unread``.
    unread : int
        Records at the end that were not taken yet.

    Notes
    -----
    For one thread at a time.

    """

    def __init__(self, capacity: int) -> None:
        self.capacity: Final = capacity
        self.published = self.delivered = self.conflated = self.lost = self.unread = 0
        self._records: Final[deque[SourceRecord]] = deque()

    def append(self, record: SourceRecord) -> None:
        """Add the newest record; records missed before it, and an unread one dropped, are lost."""
        self.published += record.missed + 1
        self.lost += record.missed
        self._records.append(record)
        self.unread += 1
        if len(self._records) > self.capacity:
            self._records.popleft()
            if self.unread > self.capacity:
                self.unread = self.capacity
                self.lost += 1

    def skip_to_newest(self) -> None:
        """Skip all unread records but the newest."""
        skipped = max(self.unread - 1, 0)
        self.conflated += skipped
        self.unread -= skipped

    def peek(self) -> SourceRecord | None:
        """Return the oldest unread record, which stays unread."""
        return self._records[-self.unread] if self.unread else None

    def take(self) -> SourceRecord | None:
        """Return the oldest unread record."""
        record = self.peek()
        if record is not None:
            self.unread -= 1
            self.delivered += 1
        return record

    def take_alike(self, limit: int) -> list[SourceRecord]:
        """Return the oldest unread records, of one schema and stream, at most ``limit``."""
        records: list[SourceRecord] = []
        while len(records) < limit and (record := self.peek()) is not None:
            if records and not same_kind(records[0], record):
                break
            self.take()
            records.append(record)
        return records

    def after(self, stream_id: int, sequence: int, limit: int) -> list[SourceRecord]:
        """Return the oldest records after a given one, read or not, of one schema and stream.

        Parameters
        ----------
        stream_id, sequence : int
            The given record; if the queue holds no record of its stream, the answer begins with
            the oldest.
        limit : int
            The largest number of records to return.

        """
        start = 0
        for i, r in enumerate(self._records):
            if r.stream_id == stream_id and r.sequence <= sequence:
                start = i + 1
        found: list[SourceRecord] = []
        for r in islice(self._records, start, None):
            if len(found) == limit or (found and not same_kind(found[0], r)):
                break
            found.append(r)
        return found


def same_kind(one: SourceRecord, other: SourceRecord) -> bool:
    """Return whether two records may be in one batch."""
    return one.schema is other.schema and one.stream_id == other.stream_id
