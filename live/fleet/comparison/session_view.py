"""SessionView: what one node was given and did, by the factor records that it acted on."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adapters.session.recorded_session import RecordedSession
from adapters.session.run_record import RunRecord, record_of
from adapters.session.wire_format import FACTORS, QUOTE, RELEASED

if TYPE_CHECKING:
    from adapters.session.run_record import Happening

_NO_LIMIT: Final = 2**63 - 1


class Record(NamedTuple):
    """A factor record as every reader of its region sees it, and after a restart of its producer
    another one.
    """

    stream_id: int
    sequence: int


@dataclass(kw_only=True)
class SessionView:
    """A session, read once.

    Attributes
    ----------
    folder : Path
        Its folder.
    strategy : str
        ``module:Class``.
    run : RunRecord
        Its decisions and execution events.
    numbers : list of int
        The delivery numbers of its factor records, rising.
    records : list of Record
        The records at these numbers.
    delivered_ns, event_ns : list of int
        When each was delivered and made, UNIX nanoseconds.
    mids : dict of str to list
        By instrument, delivery times and mids of its quotes.

    """

    folder: Path
    strategy: str
    run: RunRecord
    numbers: list[int] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    delivered_ns: list[int] = field(default_factory=list)
    event_ns: list[int] = field(default_factory=list)
    mids: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> SessionView:
        """Read a session that has ended.

        Raises
        ------
        SessionError
            If there is none, it is damaged, or it is still being recorded.

        """
        session = RecordedSession(folder)
        found = cls(
            folder=folder,
            strategy=session.header["strategy"]["path"],
            run=record_of(session.lines, _NO_LIMIT),
        )
        for item in session.inputs():
            if item.kind in {FACTORS, RELEASED}:
                found.numbers.append(item.number)
                found.records.append(Record(item.datum.stream_id, item.datum.sequence))
                found.delivered_ns.append(item.delivered_ns)
                found.event_ns.append(item.datum.ts_event)
            elif item.kind == QUOTE:
                quote = item.datum
                times, mids = found.mids.setdefault(str(quote.instrument_id), ([], []))
                times.append(item.delivered_ns)
                mids.append((float(quote.bid_price) + float(quote.ask_price)) / 2)
        return found

    def index_of(self, happening: Happening) -> int:
        """Return the index of the newest record before something happened; -1 before the first."""
        return bisect_right(self.numbers, happening.input) - 1

    def mid_at(self, instrument: str, at_ns: int) -> float | None:
        """Return the newest mid of an instrument at an instant, or None before the first."""
        times, mids = self.mids.get(instrument, ([], []))
        index = bisect_right(times, at_ns) - 1
        return mids[index] if index >= 0 else None

    def factors_of(self, record: Record) -> dict[str, float]:
        """Return the values of a record, without those that it has none of."""
        for item in RecordedSession(self.folder).inputs():
            if item.kind in {FACTORS, RELEASED}:
                f: Any = item.datum
                if Record(f.stream_id, f.sequence) == record:
                    return {name: value for name, value in f.items() if value == value}  # noqa: PLR0124 - NaN is not itself
        return {}
