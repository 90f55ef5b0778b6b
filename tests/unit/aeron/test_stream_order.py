"""StreamOrder, its messages and fragments: order, loss and refusals, without a driver."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.aeron_stream.fragments import BEGIN, END, MOST_SESSIONS, WHOLE, Fragments
from adapters.aeron_stream.messages import HEADER, VALUES_AT, header_of
from adapters.aeron_stream.sending.message_maker import MessageMaker
from adapters.aeron_stream.stream_order import SILENT_NS, StreamOrder
from dolphin_strategies import FactorSchema
from tests.support.transports.regions import factor_names, values_of

if TYPE_CHECKING:
    from dolphin_strategies.factors.record_queue import SourceRecord

CLOCK: Final = b"c" * 16
SCHEMA: Final = FactorSchema(factor_names(3))
WIDER: Final = FactorSchema(factor_names(5))
NOW_NS: Final = 2**62


class Publisher:
    """The messages of a publisher, as bytes."""

    def __init__(self, clock: bytes = CLOCK) -> None:
        self.maker: Final = MessageMaker(SCHEMA, clock)

    def record(self, schema: FactorSchema = SCHEMA, ts_event: int = 0) -> bytes:
        """Return the next record."""
        payload = values_of(self.maker.sequence + 1, len(schema)).tobytes()
        self.maker.add(schema, payload, ts_event)
        return self.maker.record()


class Receiver:
    """A StreamOrder, and the records that it gave."""

    def __init__(self, capacity: int = 8) -> None:
        self.records: Final[list[SourceRecord]] = []
        self.order: Final = StreamOrder(CLOCK, self.records.append, capacity)
        self.mono_ns = 1

    def take(self, *messages: bytes) -> None:
        """Take messages at the receiver's present instant."""
        for message in messages:
            self.order.take(message, NOW_NS, self.mono_ns)

    @property
    def sequences(self) -> list[int]:
        """Those of the records so far, each of whose values must follow from it."""
        for r in self.records:
            assert r.payload == values_of(r.sequence, len(r.schema)).tobytes()
        return [r.sequence for r in self.records]

    @property
    def missed(self) -> int:
        """Records that were missed before those that came."""
        return sum(r.missed for r in self.records)


def test_records_before_their_schema_wait_for_it() -> None:
    """None is given before its names are known; then all, in order."""
    publisher, receiver = Publisher(), Receiver()
    receiver.take(publisher.record(), publisher.record())
    assert receiver.order.schema is None
    assert receiver.sequences == []
    receiver.take(publisher.maker.state())
    assert receiver.order.schema == SCHEMA
    assert (receiver.sequences, receiver.missed) == ([1, 2], 0)


def test_of_the_records_before_the_opening_the_newest_comes() -> None:
    """A subscriber over shared memory gets what the slowest has not read; it is no loss."""
    publisher, receiver = Publisher(), Receiver()
    old = [publisher.record(), publisher.record(), publisher.maker.state(), publisher.record()]
    receiver.order.opened_mono_ns = time.monotonic_ns()
    receiver.take(*old)
    assert receiver.sequences == []
    receiver.order.settle(NOW_NS)
    assert (receiver.sequences, receiver.missed) == ([3], 0)
    other = Receiver()
    other.order.opened_mono_ns = receiver.order.opened_mono_ns
    publisher.record()
    other.take(*old, publisher.record())
    assert (other.sequences, other.missed) == ([3, 5], 1)


def test_a_state_gives_the_newest_record_once() -> None:
    """To whoever has it not; states that are sent again give nothing."""
    publisher, receiver = Publisher(), Receiver()
    receiver.take(publisher.maker.state())
    assert receiver.order.schema == SCHEMA
    assert receiver.sequences == []
    for _ in range(3):
        publisher.record()
    receiver.take(publisher.maker.state(), publisher.maker.state(), publisher.record())
    assert (receiver.sequences, receiver.missed) == ([3, 4], 0)


def test_a_gap_is_counted_by_the_next_record_or_state() -> None:
    """Exactly, whichever of the two comes first."""
    publisher, receiver = Publisher(), Receiver()
    receiver.take(publisher.maker.state(), publisher.record())
    for _ in range(3):
        publisher.record()
    receiver.take(publisher.record())
    publisher.record()
    publisher.record()
    receiver.take(publisher.maker.state())
    assert (receiver.sequences, receiver.missed) == ([1, 5, 7], 4)


def test_what_has_arrived_does_not_come_again() -> None:
    """An old record is refused, and counted."""
    publisher, receiver = Publisher(), Receiver()
    first = publisher.record()
    receiver.take(publisher.maker.state(), publisher.record(), first)
    assert receiver.sequences == [1, 2]
    assert receiver.order.counters["refused_old"] == 1


def test_a_change_of_names_whose_state_was_lost_waits_for_the_next() -> None:
    """Records of unknown names are kept up to the capacity; the others count as lost."""
    publisher, receiver = Publisher(), Receiver(capacity=4)
    receiver.take(publisher.maker.state(), publisher.record())
    receiver.take(*(publisher.record(WIDER) for _ in range(6)))
    assert receiver.sequences == [1]
    receiver.take(publisher.maker.state())
    assert receiver.order.schema == WIDER
    assert (receiver.sequences, receiver.missed) == ([1, 4, 5, 6, 7], 2)


def test_a_publisher_that_starts_again_counts_from_its_first_record() -> None:
    """Once the one before has ended, or has been silent; those before its first that came are
    lost.
    """
    first, second, third, receiver = Publisher(), Publisher(), Publisher(), Receiver()
    receiver.take(first.maker.state(), first.record(), first.maker.end())
    assert receiver.order.is_ended
    second.record()
    receiver.take(second.maker.state(), second.record())
    assert (receiver.sequences, receiver.missed) == ([1, 1, 2], 0)
    receiver.mono_ns += SILENT_NS
    third.record()
    third.record()
    receiver.take(third.maker.state(), third.record())
    assert (receiver.sequences, receiver.missed) == ([1, 1, 2, 2, 3], 1)
    assert receiver.order.counters["streams"] == 3


def test_a_second_publisher_is_refused_and_named() -> None:
    """Until the first is gone; then what it published since it was first heard is lost."""
    first, second, receiver = Publisher(), Publisher(), Receiver()
    receiver.take(first.maker.state(), first.record())
    for _ in range(5):
        second.record()
    receiver.take(second.maker.state(), second.record(), second.record())
    assert "is refused while" in receiver.order.conflict
    assert receiver.order.counters["refused_publisher"] == 3
    receiver.take(first.record(), first.maker.end())
    assert receiver.order.conflict == ""
    receiver.take(second.record(), second.maker.state())
    assert (receiver.sequences, receiver.missed) == ([1, 2, 8], 2)


def test_instants_of_another_clock_are_not_kept() -> None:
    """``CLOCK_MONOTONIC`` of another machine, or boot, says nothing here."""
    for clock, is_kept in ((CLOCK, True), (b"o" * 16, False)):
        publisher, receiver = Publisher(clock), Receiver()
        receiver.take(publisher.maker.state(), publisher.record())
        assert (receiver.records[0].published_mono_ns > 0) is is_kept


def test_an_event_is_never_in_the_future_and_never_goes_back() -> None:
    """Whatever another machine's clock says; it is counted."""
    publisher, receiver = Publisher(), Receiver()
    receiver.take(publisher.maker.state(), publisher.record(ts_event=NOW_NS + 5))
    receiver.take(publisher.maker.end())
    after = Publisher()
    receiver.take(after.maker.state(), after.record(ts_event=7))
    assert [r.ts_event for r in receiver.records] == [NOW_NS, NOW_NS]
    assert receiver.order.counters["clamped_events"] == 2


def test_names_that_are_not_those_of_the_hash_are_refused() -> None:
    """A state whose parts contradict each other changes nothing."""
    publisher, receiver = Publisher(), Receiver()
    state = publisher.maker.state()
    receiver.take(state.replace(b"factor_1", b"factor_9"))
    assert receiver.order.schema is None
    assert "expected 3 names of hash" in receiver.order.conflict
    receiver.take(state)
    assert receiver.order.schema == SCHEMA
    assert receiver.order.conflict == ""


@given(st.binary(max_size=300), st.integers(0, 200))
def test_no_bytes_raise_or_change_what_is_followed(junk: bytes, at: int) -> None:
    """Fault H10: random bytes, and true messages with random bytes in them: refused, or a valid
    message.
    """
    publisher, receiver = Publisher(), Receiver()
    receiver.take(publisher.maker.state(), publisher.record())
    for message in (junk, publisher.record()[:at] + junk):
        receiver.take(message)
    assert receiver.order.schema == SCHEMA
    assert all(len(r.payload) == 8 * len(r.schema) for r in receiver.records)


def test_an_empty_message_is_refused_before_and_after_a_stream() -> None:
    """Aeron carries some; none is taken for a record, whatever is followed."""
    publisher, receiver = Publisher(), Receiver()
    receiver.take(b"")
    receiver.take(publisher.maker.state(), publisher.record(), publisher.record(), b"")
    receiver.mono_ns += SILENT_NS
    again = Publisher()
    receiver.take(again.record(), b"", again.maker.state())
    assert receiver.order.counters["refused_messages"] == 3
    assert receiver.sequences == [1, 2, 1]


def test_the_bytes_of_a_message_are_those_of_the_page() -> None:
    """Offsets and sizes as the table in ``messages.py`` states them, for readers elsewhere."""
    publisher = Publisher()
    message = publisher.record(ts_event=5)
    assert HEADER.size == VALUES_AT == 56
    assert message[:8] == b"DLPH" + bytes((1, 2)) + struct.pack("<H", 3)
    assert struct.unpack_from("<Q", message, 8)[0] == SCHEMA.hash
    assert struct.unpack_from("<Qq", message, 24) == (1, 5)
    assert message[VALUES_AT:] == values_of(1, 3).tobytes()
    state = publisher.maker.state()
    assert state[56:72] == CLOCK
    assert state[72:96] == values_of(1, 3).tobytes()
    assert state[96:].decode().split("\n") == list(SCHEMA.names)
    assert header_of(publisher.maker.end()).sequence == 1


class Frame(NamedTuple):
    """The header of a frame, as Aeron gives it."""

    flags: int
    position: int
    frame_length: int = 64
    session_id: int = 1


def test_fragments_make_a_message_only_if_they_are_contiguous() -> None:
    """Of a subscription that has joined again in the middle, the rest of a message is none."""
    messages: list[bytes] = []
    fragments = Fragments(messages.append)
    fragments.add(b"whole", Frame(WHOLE, 64))
    fragments.add(b"ab", Frame(BEGIN, 128))
    fragments.add(b"cd", Frame(0, 192))
    fragments.add(b"e", Frame(END, 256, frame_length=33))
    fragments.add(b"ab", Frame(BEGIN, 320))
    fragments.add(b"ZZ", Frame(END, 9_984))
    fragments.add(b"ZZ", Frame(END, 10_048))
    assert messages == [b"whole", b"abcde"]


def test_fragments_of_sessions_do_not_mix_and_are_bounded() -> None:
    """Interleaved sessions are told apart; more begun messages than there is room for are none."""
    messages: list[bytes] = []
    fragments = Fragments(messages.append)
    for session in range(MOST_SESSIONS + 5):
        fragments.add(b"%d" % session, Frame(BEGIN, 64, session_id=session))
    for session in range(MOST_SESSIONS + 5):
        fragments.add(b"!", Frame(END, 128, session_id=session))
    assert messages == [b"%d!" % session for session in range(MOST_SESSIONS)]


def test_an_event_time_that_is_none_is_refused() -> None:
    """Negative, or beyond 64 bits: nothing is published."""
    maker = MessageMaker(SCHEMA, CLOCK)
    for wrong in (-1, 2**63):
        with pytest.raises(ValueError, match="ts_event"):
            maker.add(SCHEMA, b"", wrong)
    assert maker.sequence == 0
