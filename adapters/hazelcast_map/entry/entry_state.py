"""EntryState: the known state of an entry, from events and readings, which may cross."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.hazelcast_map.entry.json_codec import UnusableError, decode, text_of
from adapters.hazelcast_map.entry.reading_times import KNOWN_FOR_NS, ReadingTimes
from adapters.hazelcast_map.entry.value_sequence import ValueSequence

if TYPE_CHECKING:
    from adapters.hazelcast_map.entry.json_codec import Update
    from dolphin_strategies.factors.record_queue import SourceRecord

type Buffer = bytes | bytearray


class EntryState:
    """Decide for each event and each reading whether it brings a new record.

    A removed value never becomes a record again because an event or an answer is late: where an
    event does not prove that it is newer than the known state, ``must_read`` requests a reading.

    Parameters
    ----------
    name : str
        The entry, for ``problem``.
    known_for_ns : int
        How long after a reading was asked for the entry counts as known. A value that states no
        instant is stamped when it arrives; one that arrives later than this after the last
        reading may have been written at any time since then, and has that reading's instant.

    Attributes
    ----------
    values : ValueSequence
        The order of the values.
    refused_values : int
        Values that could not be used.
    must_read : bool
        Whether only a reading can show what the entry holds now; cleared when a reading
        begins.

    Notes
    -----
    For one thread at a time. Values are serialized, as the member sent them.

    """

    def __init__(self, name: str, known_for_ns: int = KNOWN_FOR_NS) -> None:
        self.values: Final = ValueSequence()
        self.refused_values = 0
        self.must_read = False
        self._name: Final = name
        self._times: Final = ReadingTimes(known_for_ns)
        self._newest: Buffer | None = None
        self._is_held = False
        """Whether the entry holds the newest value, as far as is known."""
        self._is_end_known = False
        """While not held: whether it was certainly removed; the same text is then a new value."""
        self._is_end_heard = True
        """While not held: whether a removal event was received; the next event is then newer."""
        self._is_unexplained = False
        """While held: whether a reading found it again after a removal without an event."""
        self._absence = ""
        self._refusal = ""
        self._changes = 0
        self._changes_before_reading = 0

    @property
    def problem(self) -> str:
        """Why the entry has no usable value, as text for the user; empty if it has one."""
        return self._absence or self._refusal

    def begin_reading(self) -> None:
        """Mark the beginning of a reading; there is one at a time."""
        self._changes_before_reading = self._changes
        self._times.ask()
        self.must_read = False

    def end_reading(self, found: Buffer | None) -> SourceRecord | None:
        """Handle the answer of a reading; return its record if it is new.

        Parameters
        ----------
        found : bytes-like or None
            The value, or None if there is no entry.

        """
        record = self._read(found)
        self._times.answer()
        return record

    def _read(self, found: Buffer | None) -> SourceRecord | None:
        if self._changes != self._changes_before_reading:
            # An event came meanwhile, and the answer may be the older of the two.
            return None
        if found is None:
            self._is_end_heard = self._is_end_heard and not self._is_held
            self._is_held, self._is_end_known = False, True
            self._absence = self._absence or f"{self._name}: there is no value under this key"
            return None
        if found == self._newest and (self._is_held or not self._is_end_known):
            # After a removal: it came back, or a map store loaded it. An event shows which.
            is_unexplained = self._is_unexplained or not self._is_held
            self._hold(found)
            self._is_unexplained = is_unexplained
            return None
        return self._take(found)

    def change(self, value: Buffer, before: Buffer | None) -> SourceRecord | None:
        """Handle an event's new value; return its record if it is new.

        Parameters
        ----------
        value : bytes-like
            The new value.
        before : bytes-like or None
            The value that it replaced; None if there was no entry.

        """
        if value == self._newest:
            if not self._is_held:
                # Written again, if a reading still finds it.
                self._is_end_known = self._is_end_known or before is None
                self.must_read = True
            elif self._is_unexplained and before is None:
                return self._take(value)
            return None
        if self._is_held:
            is_next = before == self._newest
        else:
            is_next = before is None and self._is_end_heard
        return self._take(value) if is_next else self._take_if_numbered(value)

    def remove(self, how: str, before: Buffer | None) -> None:
        """Handle an event that reports the removal of the entry.

        Parameters
        ----------
        how : str
            Text for the user, such as ``it expired``.
        before : bytes-like or None
            The value that was removed; None if the event does not contain it.

        """
        self.must_read = True
        if before is not None and before != self._newest:
            # The removal of a value before the known one.
            return
        if self._is_held:
            self._is_held = self._is_end_known = self._is_end_heard = False
        # A map's events are not ordered with respect to an entry's.
        self._is_end_heard = self._is_end_heard or before is not None
        self._absence = f"{self._name}: there is no value under this key: {how}"
        self._changes += 1

    def _take(self, value: Buffer) -> SourceRecord | None:
        record = None
        try:
            record = self._record(decode(text_of(value)))
        except UnusableError as error:
            self.refused_values += 1
            self._refusal = f"{self._name}: the value is refused: {error}"
        else:
            self._refusal = ""
        self._hold(value)
        return record

    def _record(self, update: Update) -> SourceRecord | None:
        now_ns, now_mono_ns = time.time_ns(), time.monotonic_ns()
        since_ns = self._times.since_ns(now_ns, now_mono_ns)
        return self.values.take(update, now_ns, now_mono_ns, since_ns)

    def _take_if_numbered(self, value: Buffer) -> SourceRecord | None:
        """Accept a possibly old value if its number proves it new; else request a reading."""
        record = None
        with suppress(UnusableError):
            update = decode(text_of(value))
            if update.sequence:
                record = self._record(update)
        self.must_read = self.must_read or record is None or not self._is_held
        if record is not None:
            self._refusal = ""
            self._hold(value)
        return record

    def _hold(self, value: Buffer) -> None:
        self._newest = value
        self._is_held = True
        self._is_unexplained = False
        self._absence = ""
        self._changes += 1
