"""PendingEvents: journal lines on their way to a recording's journal, and what they count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from adapters.catalog.files.journal import Journal


class PendingEvents:
    """Holds journal lines until the disk takes them, in order.

    Parameters
    ----------
    journal : Journal
        Written by nobody else.

    Attributes
    ----------
    lost, dropped : int
        Records reported lost by their source; records that were not written.

    """

    def __init__(self, journal: Journal) -> None:
        self.lost = 0
        self.dropped = 0
        self._journal: Final = journal
        self._events: list[tuple[str, dict[str, Any]]] = []

    def __bool__(self) -> bool:
        return bool(self._events)

    def add_lost(self, stream_id: int, after_sequence: int, count: int) -> None:
        """Add a gap of ``count`` records after a sequence."""
        self.lost += count
        gap = {"stream_id": f"{stream_id:016x}", "after_sequence": after_sequence, "lost": count}
        self._events.append(("gap", gap))

    def add_dropped(self, event: dict[str, Any]) -> None:
        """Add ``event["count"]`` dropped records; a run of the same kind makes one line."""
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
            If the journal cannot be written; the lines that are left wait for the next call.

        """
        while self._events:
            event, data = self._events[0]
            self._journal.append(event, is_durable=event != "gap", **data)
            del self._events[0]
