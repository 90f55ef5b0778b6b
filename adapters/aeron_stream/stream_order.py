"""StreamOrder: which messages become records, in which order, and what was lost between them."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream.messages import (
    BOOT_ID_SIZE,
    END,
    RECORD,
    STATE,
    VALUES_AT,
    Header,
    MessageError,
    header_of,
    state_of,
)
from adapters.source_records.record_queue import SourceRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.factors.schema import FactorSchema

SILENT_NS: Final = 500_000_000
"""Five states missed: the publisher is gone, and another one is followed."""


class StreamOrder:
    """Follow one publisher's stream, and count by its sequence what did not arrive.

    The first stream begins with the first record that arrives. A later one is a publisher that
    started again, so its records count from its first one on, or, if it was refused for a while,
    from the first of them that arrived here.

    Parameters
    ----------
    boot_id : bytes
        This machine's boot id; instants of ``CLOCK_MONOTONIC`` are kept of no other's.
    add : callable
        Takes each SourceRecord, in order.
    capacity : int
        Records kept that arrive before their schema.

    Attributes
    ----------
    schema : FactorSchema or None
        The names of the newest state, or None before the first.
    counters : Counter
        ``refused_messages`` (not of this format), ``refused_publisher`` (of another stream than
        the one followed), ``refused_old`` (a sequence that had arrived), ``clamped_events``
        (an event time after the arrival, or before its predecessor's), ``streams`` followed.
    conflict : str
        What is refused at present and why, as text for the user; empty if nothing is.
    is_ended : bool
        Whether the publisher followed has said that it ends.
    heard_mono_ns : int
        ``CLOCK_MONOTONIC`` of the last message of the stream that is followed; 0 before it.

    Notes
    -----
    For one thread at a time.

    """

    def __init__(self, boot_id: bytes, add: Callable[[SourceRecord], None], capacity: int) -> None:
        self.schema: FactorSchema | None = None
        self.counters: Final[Counter[str]] = Counter()
        self.conflict = ""
        self.is_ended = False
        self.heard_mono_ns = 0
        self._boot_id: Final = boot_id
        self._add: Final = add
        self._early: Final[deque[tuple[Header, bytes]]] = deque(maxlen=capacity)
        self._stream_id = self._schema_hash = self._sequence = 0
        self._is_first_stream = True
        self._has_begun = False
        self._is_same_machine = False
        self._rivals: Final[dict[int, int]] = {}
        self._ts_event = 0

    def take(self, message: bytes, now_ns: int, now_mono_ns: int) -> None:
        """Take the next message.

        Parameters
        ----------
        message : bytes
            As it arrived.
        now_ns : int
            UNIX nanoseconds; no event is later.
        now_mono_ns : int
            Nanoseconds of ``CLOCK_MONOTONIC``, for the silence of a publisher.

        """
        try:
            header = header_of(message)
            if header.stream_id != self._stream_id and not self._may_begin(header, now_mono_ns):
                return
            kind = header.kind
            if kind == STATE:
                self._take_state(message, header, now_ns)
            elif kind == RECORD:
                self._take_record(header, message[VALUES_AT:], now_ns)
        except MessageError as error:
            self.counters["refused_messages"] += 1
            self.conflict = f"a message is refused: {error}"
            return
        self.heard_mono_ns = now_mono_ns
        self.is_ended = kind == END
        if kind != RECORD:
            self.conflict = ""

    def _may_begin(self, header: Header, now_mono_ns: int) -> bool:
        """Return whether another stream is followed from now on."""
        if self._stream_id:
            if not self.is_ended and now_mono_ns - self.heard_mono_ns < SILENT_NS:
                self._refuse(header)
                return False
            self._is_first_stream = False
        elif header.kind == END:
            return False
        self.counters["streams"] += 1
        self._stream_id, self._schema_hash = header.stream_id, 0
        self._has_begun = False
        self._sequence = 0
        self._early.clear()
        return True

    def _refuse(self, header: Header) -> None:
        """Count a message of a publisher beside the one that is followed."""
        self.counters["refused_publisher"] += 1
        if len(self._rivals) < 16:
            # Of a state the newest record was published before.
            first = header.sequence + (header.kind != RECORD)
            self._rivals.setdefault(header.stream_id, first)
        self.conflict = (
            f"publisher {header.stream_id:016x} is refused while {self._stream_id:016x} writes "
            "the same stream; stop one of them"
        )

    def _take_state(self, message: bytes, header: Header, now_ns: int) -> None:
        if header.schema_hash != self._schema_hash or self.schema is None:
            state = state_of(message, header)
            if state.schema != self.schema:
                self.schema = state.schema
            self._schema_hash = header.schema_hash
            self._is_same_machine = state.boot_id == self._boot_id
            payload = state.payload
            while self._early:
                early, early_payload = self._early.popleft()
                if early.schema_hash == self._schema_hash:
                    self._take_record(early, early_payload, now_ns)
        else:
            start = VALUES_AT + BOOT_ID_SIZE
            payload = message[start : start + 8 * header.factors]
            if len(payload) != 8 * len(self.schema):
                msg = f"expected {len(self.schema)} factors, found {header.factors}"
                raise MessageError(msg)
        if header.sequence > self._sequence:
            self._append(header, payload, now_ns)

    def _take_record(self, header: Header, payload: bytes, now_ns: int) -> None:
        if header.schema_hash != self._schema_hash:
            self._early.append((header, payload))
        elif self.schema is not None and header.factors != len(self.schema):
            msg = f"expected {len(self.schema)} factors, found {header.factors}"
            raise MessageError(msg)
        elif header.sequence > self._sequence:
            self._append(header, payload, now_ns)
        else:
            self.counters["refused_old"] += 1

    def _append(self, header: Header, payload: bytes, now_ns: int) -> None:
        if self.schema is None:
            return
        if self._has_begun:
            missed = header.sequence - self._sequence - 1
        elif self._is_first_stream:
            missed = 0
        else:
            first = self._rivals.pop(header.stream_id, 1)
            missed = max(header.sequence - first, 0)
        self._has_begun = True
        self._sequence = header.sequence
        ts_event = header.ts_event
        if not self._ts_event <= ts_event <= now_ns:
            self.counters["clamped_events"] += 1
            ts_event = max(min(ts_event, now_ns), self._ts_event)
        self._ts_event = ts_event
        mono_ns = header.published_mono_ns if self._is_same_machine else 0
        self._add(
            SourceRecord(
                self.schema, payload, ts_event, header.sequence, mono_ns, header.stream_id, missed
            )
        )
