"""What each of Nautilus's clients does when its exchange fails: the facts of docs/streams.md."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from adapters.streams.stream_venue import StreamKind
from adapters.streams.stream_venues import STREAM_VENUES
from tests.integration.streams.each_venue import EVERY_VENUE, each_of
from tests.integration.streams.venue_events import PRICE, Events, has_value
from tests.support.eventually import eventually
from tests.support.exchange.local_exchange import local_exchange
from tests.support.nodes.stream_node import stream_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.support.exchange.streaming.venue_control import VenueControl
    from tests.support.nodes.stream_node import StreamNode

BURST: Final = 5000
PER_SECOND: Final = 10_000.0
CONNECT_S: Final = 2.0


class Streaming:
    """A venue's client that receives quotes."""

    def __init__(self, control: VenueControl, node: StreamNode) -> None:
        self.control: Final = control
        self.node: Final = node
        self.instrument: Final = node.event("instrument")
        self.events: Final = Events(control, self.instrument)
        self._sent = 0

    @property
    def symbol(self) -> str:
        """The venue's name of the instrument."""
        symbol: str = self.instrument["raw_symbol"]
        return symbol

    def quote_comes(self) -> dict[str, Any]:
        """Send a quote that was not sent before, and wait for it."""
        self._sent += 1
        self.events.send(StreamKind.QUOTE, self._sent, 0)
        return self.quote_with(self.events.value(StreamKind.QUOTE, self._sent))

    def deltas_with(self, price: float) -> dict[str, Any]:
        """Wait for a change of the book with a price."""
        return self.node.event("deltas", lambda event: has_value(event, price))

    def quote_with(self, price: float) -> dict[str, Any]:
        """Wait for a quote with a price."""
        return self.node.event("quote", lambda event: has_value(event, price))


@contextmanager
def streaming(name: str, *kinds: StreamKind) -> Iterator[Streaming]:
    """Run a node that has received a first quote."""
    instrument = str(STREAM_VENUES[name].instrument_id("BTC"))
    wanted = [StreamKind.QUOTE, *kinds]
    with (
        local_exchange() as exchange,
        stream_node(exchange.url, [name], [instrument], [*wanted]) as node,
    ):
        found = Streaming(exchange.streams[name], node)
        for kind in wanted:
            found.control.wait_for_subscription(kind)
        found.quote_comes()
        yield found


@EVERY_VENUE
def test_a_client_subscribes_again_after_its_connection_was_cut(name: str) -> None:
    """By itself; an actor that subscribed to the socket's state hears of both."""
    with streaming(name) as s:
        accepted = s.control.state()["accepted"]
        s.control.drop()
        s.node.event("socket", lambda event: event["state"].endswith("DISCONNECTED"))
        eventually(lambda: s.control.state()["accepted"] > accepted, "a new connection")
        s.control.wait_for_subscription(StreamKind.QUOTE)
        s.node.event("socket", lambda event: event["state"].endswith(".CONNECTED"))
        s.quote_comes()


@EVERY_VENUE
def test_a_client_comes_back_when_its_exchange_was_away(name: str) -> None:
    """Connections refused more than once, then accepted."""
    with streaming(name) as s:
        s.control.refuse()
        eventually(lambda: s.control.state()["refused"] >= 3, "attempts")
        s.control.heal()
        s.control.wait_for_subscription(StreamKind.QUOTE)
        s.quote_comes()


@EVERY_VENUE
def test_a_client_passes_on_what_is_implausible(name: str) -> None:
    """A crossed book, a locked one and an old stamp are ours to notice."""
    with streaming(name) as s:
        size = 7 * s.instrument["size_increment"]
        for bid, ask in ((PRICE + 50, PRICE + 40), (PRICE + 60, PRICE + 60)):
            s.control.quote(s.symbol, bid, ask, size, size)
            found = s.quote_with(bid)
            assert (found["bid"], found["ask"]) == (bid, ask)
        s.control.quote(s.symbol, PRICE + 70, PRICE + 80, size, size, ts_ms=1_000_000)
        found = s.quote_with(PRICE + 70)
        is_stamped = STREAM_VENUES[name].rows[StreamKind.QUOTE].is_stamped
        assert (found["ts_event"] < 2_000_000_000_000) == is_stamped


def with_gaps(gaps: str) -> pytest.MarkDecorator:
    """Run a test for each venue whose client treats a lost change of the book so."""
    rows = {name: venue.rows[StreamKind.DELTAS] for name, venue in STREAM_VENUES.items()}
    return each_of(name for name, row in rows.items() if row.gaps == gaps)


@with_gaps("new book")
def test_a_client_asks_for_a_new_book_after_a_gap(name: str) -> None:
    """A lost change is noticed by its number, and the next book is whole."""
    with streaming(name, StreamKind.DELTAS) as s:
        s.events.send(StreamKind.DELTAS, 0, 0)
        s.node.event("deltas", lambda event: event["deltas"][0][0] == "CLEAR")
        s.events.send(StreamKind.DELTAS, 1, 0)
        s.deltas_with(PRICE + 1)
        s.control.gap(s.symbol, 3)
        s.events.send(StreamKind.DELTAS, 2, 0)
        s.node.event("deltas", lambda event: event["deltas"][0][0] == "CLEAR")
        s.events.send(StreamKind.DELTAS, 3, 0)
        s.deltas_with(PRICE + 3)


@with_gaps("not seen")
def test_a_client_does_not_notice_a_gap(name: str) -> None:
    """The change after a lost one is passed on as if nothing had been lost."""
    with streaming(name, StreamKind.DELTAS) as s:
        s.events.send(StreamKind.DELTAS, 0, 0)
        s.deltas_with(PRICE)
        before = len(s.node.of_kind("deltas"))
        s.control.gap(s.symbol, 3)
        for i in (1, 2):
            s.events.send(StreamKind.DELTAS, i, 0)
            s.deltas_with(PRICE + i)
        after = s.node.of_kind("deltas")[before:]
        assert [row[0] for event in after for row in event["deltas"]] == ["UPDATE", "UPDATE"]


@with_gaps("none")
def test_a_client_receives_whole_books(name: str) -> None:
    """Each message clears the book and holds every level, so that none can be lost."""
    with streaming(name, StreamKind.DELTAS) as s:
        for i in range(3):
            s.events.send(StreamKind.DELTAS, i, 0)
            found = s.deltas_with(PRICE + i)
            assert [row[0] for row in found["deltas"]] == ["CLEAR", *["ADD"] * (i + 2)]


@EVERY_VENUE
def test_a_burst_arrives_whole(name: str) -> None:
    """Ten thousand messages a second, each numbered by its size in lots, none lost."""
    with streaming(name) as s:
        lot = s.instrument["size_increment"]
        s.control.rate(s.symbol, "quote", PER_SECOND, n=BURST, stamp="count")
        last = BURST * lot
        s.node.event("quote", lambda event: abs(event["bid_size"] - last) < lot / 2)
        numbers = [round(event["bid_size"] / lot) for event in s.node.of_kind("quote")]
        assert numbers[-BURST:] == list(range(1, BURST + 1))


@EVERY_VENUE
def test_an_unknown_instrument_is_silent(name: str) -> None:
    """The client subscribes, or refuses, without a word; the known one goes on."""
    unknown = str(STREAM_VENUES[name].instrument_id("NOSUCHCOIN"))
    known = str(STREAM_VENUES[name].instrument_id("BTC"))
    with (
        local_exchange() as exchange,
        stream_node(exchange.url, [name, name], [unknown, known], [StreamKind.QUOTE]) as node,
    ):
        s = Streaming(exchange.streams[name], node)
        s.control.wait_for_topics(s.symbol)
        s.quote_comes()
        assert {event["id"] for event in node.of_kind("quote")} == {known}
        assert [event["id"] for event in node.of_kind("instrument")] == [known]


@EVERY_VENUE
def test_a_node_ends_when_one_client_cannot_connect_at_its_start(name: str) -> None:
    """Fault D05: the other client's data does not come either; each venue needs its own node."""
    others = {"bybit", "okx"} - {name}
    names = [name, min(others)]
    instruments = [str(STREAM_VENUES[x].instrument_id("BTC")) for x in names]
    quote = [StreamKind.QUOTE]
    with local_exchange() as exchange:
        exchange.streams[name].refuse()
        with stream_node(exchange.url, names, instruments, [*quote], CONNECT_S) as node:
            assert "timeout" in node.event("ended")["why"]
            assert [event["kind"] for event in node.events] == ["ended"]
            assert exchange.streams[name].state()["refused"] > 0
            assert exchange.streams[names[1]].state()["accepted"] > 0
