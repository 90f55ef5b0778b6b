"""StreamOrder: which messages become records, in which order, and what was lost between them."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream.messages import (
    END,
    RECORD,
    STATE,
    TIMES,
    TIMES_AT,
    VALUES_AT,
    Header,
    MessageError,
    Times,
    header_of,
    record_head,
    state_of,
    state_payload,
)
from dolphin_strategies.factors.record_queue import SourceRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.factors.schema import FactorSchema

SILENT_NS: Final = 500_000_000
"""Five states missed: the publisher is gone, and another one is followed."""
NO_SIZE: Final = -1
"""Of a record before the schema is known: no message has it, not even an empty one."""
_MOST_RIVALS: Final = 16
COUNTED: Final = (
    "refused_messages", "refused_publisher", "refused_old", "clamped_events", "streams",
)  # fmt: skip


@dataclass(slots=True)
class _Stream:
    """The stream that is followed: what is known of it."""

    stream_id: int = 0
    schema_hash: int | None = None
    is_same_clock: bool = False
    sequence: int = 0
    before_first: int | None = None
    """The sequence after which its records count; None: its first one that arrives begins it."""


class StreamOrder:
    """Follow one publisher's stream, and count by its sequence what did not arrive.

    The first stream begins with the first record that arrives; of those published before
    ``opened_mono_ns``, which a new subscriber over shared memory gets if others are behind, with
    the newest. A later stream is a publisher that
    started again, so its records count from its first one on, or, if it was refused for a while,
    from the first of them that arrived here.

    Parameters
    ----------
    clock_id : bytes
        The id of this process's monotonic clock; the instants of no other one are kept.
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
    opened_mono_ns : int
        ``CLOCK_MONOTONIC`` of the opening; set by the owner.

    Notes
    -----
    For one thread at a time.

    """

    def __init__(
        self, clock_id: bytes, add: Callable[[SourceRecord], None], capacity: int
    ) -> None:
        self.schema: FactorSchema | None = None
        self.counters: Final[Counter[str]] = Counter(dict.fromkeys(COUNTED, 0))
        self.conflict = ""
        self.is_ended = False
        self.heard_mono_ns = 0
        self.opened_mono_ns = 0
        self._clock_id: Final = clock_id
        self._add: Final = add
        self._early: Final[deque[tuple[Header, bytes]]] = deque(maxlen=capacity)
        self._stream = _Stream()
        self._rivals: Final[dict[int, int]] = {}
        self._before_opening: tuple[Header, bytes] | None = None
        self._ts_event = 0
        self._record_head = b""
        """What each record of the stream and the schema that are followed begins with."""
        self._record_size = NO_SIZE

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
        if message.startswith(self._record_head) and len(message) == self._record_size:
            # The usual message: its head is one that was checked before.
            times = Times._make(TIMES.unpack_from(message, TIMES_AT))
            if times.sequence > self._stream.sequence > 0 and times.ts_event >= 0:
                self._add_values(times, message[VALUES_AT:], now_ns)
                self.heard_mono_ns = now_mono_ns
                self.is_ended = False
                return
        try:
            header = header_of(message)
            state = state_of(message, header) if self._is_new_state(header) else None
            if header.stream_id != self._stream.stream_id and not self._may_begin(
                header, now_mono_ns
            ):
                return
            if state is not None:
                self.schema = state.schema
                self._stream.schema_hash = header.schema_hash
                self._stream.is_same_clock = state.clock_id == self._clock_id
                self._record_head = record_head(state.schema, header.stream_id)
                self._record_size = VALUES_AT + 8 * len(state.schema)
                self._take_early(now_ns)
            self._take(message, header, now_ns)
        except MessageError as error:
            self.counters["refused_messages"] += 1
            self.conflict = f"a message is refused: {error}"
            return
        self.heard_mono_ns = now_mono_ns
        self.is_ended = header.kind == END
        if header.kind != RECORD:
            self.conflict = ""

    def settle(self, now_ns: int) -> None:
        """Begin with the newest record from before the opening, if that is all there is so far.

        To be called when all messages that have arrived are taken; ``now_ns`` as for ``take``.
        """
        if self._before_opening is not None:
            header, payload = self._before_opening
            self._before_opening = None
            self._add_record(header, payload, now_ns)

    def _is_new_state(self, header: Header) -> bool:
        stream = self._stream
        return header.kind == STATE and (
            header.stream_id != stream.stream_id or header.schema_hash != stream.schema_hash
        )

    def _may_begin(self, header: Header, now_mono_ns: int) -> bool:
        """Return whether another stream is followed from now on."""
        followed = self._stream.stream_id
        if followed and not self.is_ended and now_mono_ns - self.heard_mono_ns < SILENT_NS:
            self.counters["refused_publisher"] += 1
            if len(self._rivals) < _MOST_RIVALS:
                # The record in a state was published before.
                before = header.sequence - (header.kind == RECORD)
                self._rivals.setdefault(header.stream_id, before)
            self.conflict = (
                f"publisher {header.stream_id:016x} is refused while {followed:016x} writes the "
                "same stream; stop one of them"
            )
            return False
        if header.kind == END:
            return False
        self.counters["streams"] += 1
        self._stream = _Stream(header.stream_id)
        if followed:
            self._stream.before_first = self._rivals.pop(header.stream_id, 0)
        self._early.clear()
        self._before_opening = None
        self._record_size = NO_SIZE
        return True

    def _take_early(self, now_ns: int) -> None:
        """Take the records that arrived before their schema."""
        early = list(self._early)
        self._early.clear()
        for header, payload in early:
            if header.schema_hash == self._stream.schema_hash:
                self._take_values(header, payload, now_ns)

    def _take(self, message: bytes, header: Header, now_ns: int) -> None:
        if header.kind == STATE:
            if header.sequence > self._stream.sequence:
                self._take_values(header, state_payload(message, header), now_ns)
        elif header.kind == RECORD:
            payload = message[VALUES_AT:]
            if header.schema_hash == self._stream.schema_hash:
                self._take_values(header, payload, now_ns)
            else:
                self._early.append((header, payload))

    def _take_values(self, header: Header, payload: bytes, now_ns: int) -> None:
        stream, schema = self._stream, self.schema
        if schema is None or len(payload) != 8 * len(schema):
            msg = f"expected {len(schema or ())} factors, found {header.factors}"
            raise MessageError(msg)
        if header.sequence <= stream.sequence:
            self.counters["refused_old"] += 1
        elif (
            not stream.sequence
            and stream.before_first is None
            and stream.is_same_clock
            and header.published_mono_ns < self.opened_mono_ns
        ):
            self._before_opening = header, payload
        else:
            self.settle(now_ns)
            self._add_record(header, payload, now_ns)

    def _add_record(self, header: Header, payload: bytes, now_ns: int) -> None:
        if self.schema is not None and header.sequence > self._stream.sequence:
            self._add_values(Times._make(header[-4:]), payload, now_ns)

    def _add_values(self, times: Times, payload: bytes, now_ns: int) -> None:
        """Add a record with a sequence beyond the newest one, of the schema that is known."""
        stream, schema = self._stream, self.schema
        if schema is None:
            return
        sequence, ts_event, _, mono_ns = times
        before = stream.sequence or stream.before_first
        missed = 0 if before is None else max(sequence - before - 1, 0)
        stream.sequence = sequence
        if not self._ts_event <= ts_event <= now_ns:
            self.counters["clamped_events"] += 1
            ts_event = max(min(ts_event, now_ns), self._ts_event)
        self._ts_event = ts_event
        if not stream.is_same_clock:
            mono_ns = 0
        self._add(
            SourceRecord(schema, payload, ts_event, sequence, mono_ns, stream.stream_id, missed)
        )
