"""A market that its exchange had closed before the client connected."""

from __future__ import annotations

from typing import Final

from adapters.streams.stream_venue import StreamKind
from adapters.streams.stream_venues import STREAM_VENUES
from tests.integration.streams.each_venue import each_sort
from tests.integration.streams.venue_events import Events
from tests.support.exchange.local_exchange import local_exchange
from tests.support.nodes.stream_node import stream_node

LISTED_BY: Final = {"coinbase_futures": "coinbase"}
"""Whose list of instruments a venue's are in, if not its own."""


@each_sort(lambda venue: venue.closed_markets)
def test_a_closed_market_shows_as_the_table_says(name: str) -> None:
    """It is not listed, or its status says so, or nothing does: then it streams as if open."""
    venue = STREAM_VENUES[name]
    closed, opened = (str(venue.instrument_id(asset)) for asset in ("BTC", "ETH"))
    kinds = [StreamKind.QUOTE, StreamKind.STATUS]
    with local_exchange() as exchange:
        exchange.streams[LISTED_BY.get(name, name)].close_asset("BTC")
        with stream_node(exchange.url, [name, name], [closed, opened], [*kinds]) as node:
            node.event("started")
            found = {event["id"]: event for event in node.of_kind("instrument")}
            assert set(found) - {closed} == {opened}
            assert (closed in found) == (venue.closed_markets != "not listed")
            if venue.closed_markets == "status":
                node.event("status", lambda e: e["id"] == closed and e["action"] != "TRADING")
            control = exchange.streams[name]
            for instrument in found.values():
                control.wait_for_topics(instrument["raw_symbol"])
                Events(control, instrument).send(StreamKind.QUOTE, 1, 0)
            node.event("quote", lambda e: e["id"] == opened)
            assert {event["id"] for event in node.of_kind("quote")} == set(found)
            said = {event["id"] for event in node.of_kind("status")}
            assert (closed in said) == (venue.closed_markets == "status")
