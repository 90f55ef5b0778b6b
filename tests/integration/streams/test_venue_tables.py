"""Every row of every venue's table, tried with Nautilus's client against the local exchange."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.streams.stream_venue import StreamKind
from adapters.streams.stream_venues import STREAM_VENUES
from tests.integration.streams.venue_events import Events, has_value
from tests.support.exchange.local_exchange import local_exchange
from tests.support.lengths import long
from tests.support.nodes.stream_node import stream_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.streams.stream_venue import StreamRow, StreamVenue
    from tests.support.exchange.streaming.venue_control import VenueControl
    from tests.support.nodes.stream_node import StreamNode

BOOKS: Final = {StreamKind.DELTAS, StreamKind.DEPTH}
STAMP_SLACK_NS: Final = 2_000_000
"""Some messages carry two stamps, a millisecond apart; either is the exchange's."""


class Tried:
    """A venue's client in a node, subscribed to everything, and what it was sent."""

    def __init__(self, venue: StreamVenue, control: VenueControl, node: StreamNode) -> None:
        self.venue: Final = venue
        self.control: Final = control
        self.node: Final = node
        self.instrument: Final = node.event("instrument")
        self.events: Final = Events(control, self.instrument)

    def comes(self, kind: StreamKind, value: float) -> dict[str, Any]:
        """Wait for the event with a value."""
        custom = (row := self.venue.rows.get(kind)) and row.custom_type
        return self.node.event(
            "custom" if custom else kind,
            lambda e: has_value(e, value) and (not custom or e["type"] == custom),
        )

    def sent_and_came(self, kind: StreamKind, i: int, ts_ms: int) -> dict[str, Any]:
        """Send an event and wait for it."""
        self.events.send(kind, i, ts_ms)
        return self.comes(kind, self.events.value(kind, i))


@contextmanager
def tried(name: str) -> Iterator[Tried]:
    """Run a node with one venue's client."""
    venue = STREAM_VENUES[name]
    instrument = str(venue.instrument_id("BTC"))
    with local_exchange() as exchange, stream_node(exchange.url, [name], [instrument]) as node:
        found = Tried(venue, exchange.streams[name], node)
        node.event("started")
        for kind in venue.rows:
            found.control.wait_for_subscription(kind)
        yield found


def check_row(t: Tried, kind: StreamKind, row: StreamRow) -> None:
    """Try delivery and stamps of one row."""
    sent_ms = time.time_ns() // 1_000_000 - 5000
    first = t.sent_and_came(kind, 0, sent_ms)
    if kind in BOOKS:
        # The first is the snapshot, which some clients ask for by HTTP.
        first = t.sent_and_came(kind, 1, sent_ms)
    if row.is_stamped:
        assert abs(first["ts_event"] - sent_ms * 1_000_000) <= STAMP_SLACK_NS, (kind, first)
    else:
        assert first["ts_event"] > sent_ms * 1_000_000 + STAMP_SLACK_NS, (kind, first)
        assert first["ts_event"] <= first["ts_init"], (kind, first)
    if kind in BOOKS:
        return
    if row.delivery == "polled":
        # Asked again, the client passes on the same value once more.
        t.comes(kind, t.events.value(kind, 0))
        t.sent_and_came(kind, 1, sent_ms)
        return
    came_before = len(t.node.events)
    t.events.send(kind, 0, sent_ms + 1000)
    t.sent_and_came(kind, 1, sent_ms + 2000)
    value, event_kind = t.events.value(kind, 0), first["kind"]
    repeated = [
        event
        for event in t.node.events[came_before:]
        if event["kind"] == event_kind
        and event.get("type") == first.get("type")
        and has_value(event, value)
    ]
    assert len(repeated) == (1 if row.delivery == "each message" else 0), (kind, row, repeated)


# Kraken futures' rows take forty seconds.
@pytest.mark.parametrize(
    "name", [long(name) if name == "kraken_futures" else name for name in STREAM_VENUES]
)
def test_a_client_delivers_what_its_table_says(name: str) -> None:
    """Each kind: delivered or not, on change or each time, stamped by whom, in which unit."""
    with tried(name) as t:
        for kind, row in t.venue.rows.items():
            if kind is not StreamKind.STATUS:
                check_row(t, kind, row)
        for kind in set(StreamKind) - set(t.venue.rows) - {StreamKind.STATUS}:
            if t.control.can_send(kind):
                t.events.send(kind, 2, 0)
        t.sent_and_came(StreamKind.QUOTE, 3, 0)
        came = {event["kind"] for event in t.node.events}
        assert came.isdisjoint(set(StreamKind) - set(t.venue.rows)), came
        for row in t.venue.rows.values():
            if row.unit in {"coins", "contracts"}:
                assert (t.instrument["multiplier"] != 1) == (row.unit == "contracts"), row


@pytest.mark.parametrize(
    "name", [name for name, venue in STREAM_VENUES.items() if StreamKind.STATUS in venue.rows]
)
def test_a_client_says_that_a_market_has_closed(name: str) -> None:
    """A status other than trading, pushed or polled; quotes are passed on all the same."""
    with tried(name) as t:
        t.control.close_asset("BTC")
        t.node.event("status", lambda event: event["action"] != "TRADING")
        t.sent_and_came(StreamKind.QUOTE, 0, 0)
