"""What a user of the clients' events must know of their values."""

from __future__ import annotations

from adapters.streams.stream_venue import StreamKind
from adapters.streams.stream_venues import STREAM_VENUES
from tests.integration.streams.each_venue import each_of
from tests.integration.streams.venue_events import PRICE, Events, has_value
from tests.support.eventually import eventually
from tests.support.exchange.local_exchange import local_exchange
from tests.support.nodes.stream_node import stream_node


def bitcoin(name: str) -> str:
    """Return a venue's main market."""
    return str(STREAM_VENUES[name].instrument_id("BTC"))


@each_of(name for name, venue in STREAM_VENUES.items() if StreamKind.MARK in venue.rows)
def test_mark_and_index_prices_are_rounded_to_the_instrument_s_price_step(name: str) -> None:
    """What the exchange gives more exactly is lost: half a step of error in a basis."""
    kinds = [StreamKind.MARK, StreamKind.INDEX]
    with (
        local_exchange() as exchange,
        stream_node(exchange.url, [name], [bitcoin(name)], [*kinds]) as node,
    ):
        instrument, control = node.event("instrument"), exchange.streams[name]
        step = instrument["price_increment"]
        for kind in kinds:
            control.wait_for_subscription(kind)
        control.mark(instrument["raw_symbol"], PRICE + 10.3 * step)
        node.event("mark", lambda event: abs(event["value"] - (PRICE + 10 * step)) < step / 100)
        control.index(instrument["raw_symbol"], PRICE + 20.3 * step)
        node.event("index", lambda event: abs(event["value"] - (PRICE + 20 * step)) < step / 100)


def test_hyperliquid_s_client_repeats_no_unchanged_value_after_a_reconnection() -> None:
    """The exchange says it again, the client does not: what was cleared stays missing."""
    with (
        local_exchange() as exchange,
        stream_node(
            exchange.url, ["hyperliquid"], [bitcoin("hyperliquid")], ["quote", "funding"]
        ) as node,
    ):
        control = exchange.streams["hyperliquid"]
        events = Events(control, node.event("instrument"))
        control.wait_for_subscription(StreamKind.FUNDING)
        events.send(StreamKind.FUNDING, 0, 0)
        node.event("funding")
        control.drop()
        eventually(lambda: control.state()["accepted"] > 1, "a new connection")
        control.wait_for_subscription(StreamKind.FUNDING)
        events.send(StreamKind.FUNDING, 0, 0)
        events.send(StreamKind.FUNDING, 1, 0)
        node.event("funding")
        first, second = node.of_kind("funding")
        assert has_value(first, events.value(StreamKind.FUNDING, 0))
        assert has_value(second, events.value(StreamKind.FUNDING, 1))


def test_kraken_s_client_of_futures_gives_no_quote_of_a_wide_spread() -> None:
    """Over a quarter of the bid it is silent: the last quote is not the market's."""
    name = "kraken_futures"
    with (
        local_exchange() as exchange,
        stream_node(exchange.url, [name], [bitcoin(name)], ["quote"]) as node,
    ):
        symbol, control = node.event("instrument")["raw_symbol"], exchange.streams[name]
        control.wait_for_subscription(StreamKind.QUOTE)
        for ask in (PRICE * 1.24, PRICE * 1.26, PRICE * 1.23):
            control.quote(symbol, PRICE, ask, 1.0, 1.0)
        node.event("quote", lambda event: has_value(event, PRICE * 1.23))
        assert [event["ask"] for event in node.of_kind("quote")] == [PRICE * 1.24, PRICE * 1.23]
