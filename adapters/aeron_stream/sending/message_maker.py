"""MessageMaker: a publisher's records and states as messages, numbered and stamped."""

from __future__ import annotations

import secrets
import struct
import time
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream.messages import (
    END,
    HEADER,
    MAGIC,
    STATE,
    TIMES,
    VERSION,
    Header,
    State,
    record_head,
    state_message,
)

if TYPE_CHECKING:
    from dolphin_strategies.factors.schema import FactorSchema

_MAX_NS: Final = 2**63 - 1
_NAN: Final = float("nan")


class MessageMaker:
    """Number and stamp the records of one stream.

    Parameters
    ----------
    schema : FactorSchema
        The names before the first record.
    clock_id : bytes
        The id of this process's monotonic clock, 16 bytes.

    Attributes
    ----------
    schema : FactorSchema
        The names of the newest record.
    sequence : int
        The newest record's number; 0 before the first.
    clamped_events : int
        Event times that went backwards, and were replaced by the one before.

    """

    def __init__(self, schema: FactorSchema, clock_id: bytes) -> None:
        self.schema = schema
        self.sequence = self.clamped_events = 0
        self._clock_id: Final = clock_id
        self._stream_id: Final = secrets.randbits(64) or 1
        self._payload = struct.pack(f"<{len(schema)}d", *([_NAN] * len(schema)))
        self._record_head = record_head(schema, self._stream_id)
        self._ts_event = self._published_ns = self._published_mono_ns = 0

    def add(self, schema: FactorSchema, payload: bytes, ts_event: int) -> bool:
        """Make a record the newest one; return whether its names are others than before.

        Parameters
        ----------
        schema : FactorSchema
            The names.
        payload : bytes
            The values as little-endian float64, in the names' order.
        ts_event : int
            UNIX nanoseconds of the instant that the values describe; 0 means now.

        Raises
        ------
        ValueError
            If ``ts_event`` is negative or beyond 2**63 - 1.

        """
        if not 0 <= ts_event <= _MAX_NS:
            msg = f"ts_event: expected UNIX nanoseconds from 0 to 2**63 - 1, found {ts_event}"
            raise ValueError(msg)
        self._published_ns, self._published_mono_ns = time.time_ns(), time.monotonic_ns()
        event = ts_event or self._published_ns
        if event < self._ts_event:
            self.clamped_events += 1
            event = self._ts_event
        has_new_names = schema != self.schema
        if has_new_names:
            self._record_head = record_head(schema, self._stream_id)
        self.schema, self._payload, self._ts_event = schema, payload, event
        self.sequence += 1
        return has_new_names

    def skip(self, records: int) -> None:
        """Leave out the numbers of records that were lost before they came here."""
        self.sequence += records

    def record(self) -> bytes:
        """Return the newest record as a message."""
        times = (self.sequence, self._ts_event, self._published_ns, self._published_mono_ns)
        return self._record_head + TIMES.pack(*times) + self._payload

    def state(self) -> bytes:
        """Return names and newest record as a message."""
        return state_message(
            self._header(STATE), State(self.schema, self._clock_id, self._payload)
        )

    def end(self) -> bytes:
        """Return the message that this is the end of the stream."""
        return HEADER.pack(*self._header(END))

    def _header(self, kind: int) -> Header:
        return Header(
            MAGIC, VERSION, kind, len(self.schema), self.schema.hash, self._stream_id,
            self.sequence, self._ts_event, self._published_ns, self._published_mono_ns,
        )  # fmt: skip
