"""What an entry holds, when events and readings arrive in an order of their own."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Final

from hypothesis import given
from hypothesis import strategies as st

from adapters.hazelcast_map.entry.entry_state import EntryState

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.factors.record_queue import SourceRecord


def text(number: int, sequence: int = 0) -> bytes:
    """Return a value as a member sends it."""
    numbered = f', "_sequence": {sequence}' if sequence else ""
    content = f'{{"a": {number}{numbered}}}'.encode()
    return bytes(4) + struct.pack(">ii", -11, len(content)) + content


def entry_with(value: bytes) -> EntryState:
    """Return the state of an entry that a reading found."""
    entry = EntryState("the entry")
    entry.begin_reading()
    assert entry.end_reading(value) is not None
    return entry


def test_an_answer_that_crossed_a_removal_is_not_used() -> None:
    """Asked before the event, it may be the value from before: only the next reading counts."""
    entry = entry_with(text(1))
    entry.begin_reading()
    entry.remove("it was removed", text(1))
    assert entry.must_read
    assert entry.end_reading(text(1)) is None
    assert entry.problem == "the entry: there is no value under this key: it was removed"
    entry.begin_reading()
    assert entry.end_reading(None) is None
    assert "it was removed" in entry.problem


def test_an_answer_that_crossed_a_change_does_not_bring_the_value_before_it() -> None:
    """The event is the newer of the two: the answer's value is not published again."""
    entry = entry_with(text(1))
    for answer in (text(1), None):
        entry.begin_reading()
        assert entry.change(text(2), text(1)) is not None
        assert entry.end_reading(answer) is None
        assert entry.problem == ""
        assert entry.change(text(1), text(2)) is not None


def test_a_late_event_of_a_value_that_is_gone_brings_no_record() -> None:
    """A reading has found no value: the event of the last one asks for another reading."""
    entry = entry_with(text(1))
    entry.begin_reading()
    entry.end_reading(None)
    assert entry.change(text(1), None) is None
    assert entry.must_read
    assert "no value" in entry.problem
    entry.begin_reading()
    assert entry.end_reading(None) is None
    entry.change(text(1), None)
    entry.begin_reading()
    assert entry.end_reading(text(1)) is not None
    assert entry.problem == ""


def test_a_value_that_a_map_store_loads_again_is_not_new() -> None:
    """Evicted and found as it was, without an event that somebody wrote it."""
    entry = entry_with(text(1))
    entry.remove("it was evicted", text(1))
    entry.begin_reading()
    assert entry.end_reading(text(1)) is None
    assert entry.problem == ""


def test_a_value_that_is_written_again_after_its_removal_is_new() -> None:
    """The same text, and an event that there was nothing before it."""
    entry = entry_with(text(1))
    for how, before in (("it expired", text(1)), ("the map was cleared", None)):
        entry.remove(how, before)
        assert entry.change(text(1), None) is None
        entry.begin_reading()
        assert entry.end_reading(text(1)) is not None
    entry.remove("it expired", text(1))
    assert entry.change(text(2), None) is not None
    assert entry.problem == ""


def test_a_reading_may_find_a_rewritten_value_before_its_event_comes() -> None:
    """The event that follows shows that the value was written, once."""
    entry = entry_with(text(1))
    for how, before in (("it was removed", text(1)), ("all of the map was evicted", None)):
        entry.remove(how, before)
        entry.begin_reading()
        assert entry.end_reading(text(1)) is None
        entry.begin_reading()
        assert entry.end_reading(text(1)) is None
        assert entry.change(text(1), None) is not None
        assert entry.change(text(1), None) is None


def test_a_late_removal_of_an_older_value_only_asks() -> None:
    """The value that is known came after it."""
    entry = entry_with(text(2))
    entry.remove("it was removed", text(1))
    assert entry.must_read
    assert entry.problem == ""


def test_an_older_value_that_crosses_the_clearing_of_its_map_is_not_new() -> None:
    """A map's events are not in one order with an entry's: only a reading can show it."""
    entry = entry_with(text(2))
    entry.remove("the map was cleared", None)
    assert "the map was cleared" in entry.problem
    assert entry.change(text(1), None) is None
    assert entry.must_read
    entry.begin_reading()
    assert entry.end_reading(None) is None
    assert "the map was cleared" in entry.problem


def test_a_refused_value_is_refused_again_after_its_return() -> None:
    """Its removal does not hide why it cannot be used."""
    entry = EntryState("the entry")
    entry.begin_reading()
    entry.end_reading(b"?")
    assert "refused" in entry.problem
    entry.remove("it was evicted", b"?")
    assert "it was evicted" in entry.problem
    entry.begin_reading()
    entry.end_reading(b"?")
    assert "refused" in entry.problem
    assert entry.refused_values == 1


def test_a_value_without_a_time_is_as_old_as_it_may_be() -> None:
    """Fault F03: when it comes long after the last reading, it has that reading's instant."""
    entry = EntryState("the entry", known_for_ns=1)
    entry.begin_reading()
    found = entry.end_reading(text(1))
    read_ns = time.time_ns()
    late = entry.change(text(2), text(1))
    assert found is not None
    assert late is not None
    assert found.ts_event <= late.ts_event <= read_ns
    entry.begin_reading()
    later = entry.end_reading(text(3))
    assert later is not None
    assert later.ts_event <= read_ns
    quick = EntryState("the entry", known_for_ns=10**15)
    quick.begin_reading()
    quick.end_reading(text(1))
    read_ns = time.time_ns()
    in_time = quick.change(text(2), text(1))
    assert in_time is not None
    assert in_time.ts_event >= read_ns


class LateMember:
    """A member whose events and answers arrive when the test lets them, each kind in its order."""

    def __init__(self, *, is_numbered: bool) -> None:
        self.entry = EntryState("the entry")
        self.held: bytes | None = None
        self.writes = 0
        self.events: list[tuple[bytes | None, bytes | None]] = []
        self.is_asking = False
        self.seen: list[float] = []
        self._is_numbered = is_numbered
        self._answers: list[bytes | None] = []

    def write(self) -> None:
        """Write a new value."""
        self.writes += 1
        value = text(self.writes, self.writes if self._is_numbered else 0)
        self.events.append((value, self.held))
        self.held = value

    def remove(self) -> None:
        """Remove the entry, if there is one."""
        if self.held is not None:
            self.events.append((None, self.held))
            self.held = None

    def hear(self) -> None:
        """Deliver the oldest event."""
        if not self.events:
            return
        value, before = self.events.pop(0)
        if value is None:
            self.entry.remove("it was removed", before)
        else:
            self._see(self.entry.change(value, before))

    def read(self) -> None:
        """Take a reading's next step: it is asked, the member answers, the answer arrives."""
        if not self.is_asking:
            self.entry.begin_reading()
            self.is_asking = True
        elif not self._answers:
            self._answers.append(self.held)
        else:
            self._see(self.entry.end_reading(self._answers.pop()))
            self.is_asking = False

    def _see(self, record: SourceRecord | None) -> None:
        if record is not None:
            self.seen += struct.unpack("<d", record.payload)


STEPS: Final = [LateMember.write, LateMember.remove, LateMember.hear, LateMember.read]


@given(steps=st.lists(st.sampled_from(STEPS), max_size=60), is_numbered=st.booleans())
def test_whatever_crosses_no_value_comes_twice_or_after_a_newer_one(
    steps: list[Callable[[LateMember], None]], *, is_numbered: bool
) -> None:
    """And in the end the newest record is the member's value, or there is a problem."""
    member = LateMember(is_numbered=is_numbered)
    for step in steps:
        step(member)
    while member.events:
        member.hear()
    while member.is_asking:
        member.read()
    for _ in range(3):
        member.read()
    assert member.seen == sorted(set(member.seen))
    if member.held is None:
        assert "no value" in member.entry.problem
    else:
        assert member.entry.problem == ""
        assert member.seen[-1] == member.writes
