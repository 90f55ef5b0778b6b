"""PendingEvents: lines that wait for a recording's journal, and the counts of their records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from adapters.catalog.files.journal import Journal


class PendingEvents:
    """Holds journal lines, in order, until they can be written.

    Parameters
    ----------
    journal : Journal
        The recording's journal, written only through this object.

    Attributes
    ----------
    lost, dropped : int
        Records that the source reported lost; records that were not written.

    """

    def __init__(self, journal: Journal) -> None:
        self.lost = 0
        self.dropped = 0
        self._journal: Final = journal
        self._events: list[tuple[str, dict[str, Any]]] = []

    def __bool__(self) -> bool:
        return bool(self._events)

    def add_lost(self, stream_id: int, after_sequence: int, count: int) -> None:
        """Add a gap.

        Parameters
        ----------
        stream_id : int
            u64 of the stream.
        after_sequence : int
            The sequence of the last record before the gap.
        count : int
            The number of lost records.

        """
        self.lost += count
        gap = {"stream_id": f"{stream_id:016x}", "after_sequence": after_sequence, "lost": count}
        self._events.append(("gap", gap))

    def add_dropped(self, event: dict[str, Any]) -> None:
        """Add ``event["count"]`` dropped records; consecutive events of one kind share a line."""
        self.dropped += event["count"]
        if self._events:
            kind, last = self._events[-1]
            both = {**last, "count": 0, "last_sequence": 0}
            if kind == "dropped" and both == {**event, "count": 0, "last_sequence": 0}:
                event = {**event, "count": last["count"] + event["count"]}
                del self._events[-1]
        self._events.append(("dropped", event))

    def add_end(self, **counts: int) -> None:
        """Add the line that ends a recording."""
        self._events.append(("end", counts))

    def write(self) -> None:
        """Write the lines to the journal.

        Raises
        ------
        OSError
            If the journal cannot be written; the remaining lines wait for the next call.

        """
        while self._events:
            event, data = self._events[0]
            self._journal.append(event, is_durable=event != "gap", **data)
            del self._events[0]
