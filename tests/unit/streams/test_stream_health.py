"""StreamHealth: whose line of the log it is."""

import time

import pytest
from nautilus_trader.model import InstrumentId, Price, Quantity, QuoteTick

from adapters.streams.hosting.health.stream_health import StreamHealth
from adapters.streams.hosting.venue_link import VenueLink
from adapters.streams.stream_venues import STREAM_VENUES
from dolphin_strategies.computed.inputs import DataKind, Input


def health_of(*names: str) -> StreamHealth:
    """Return the health of venues."""
    return StreamHealth(
        VenueLink(venue=STREAM_VENUES[name], base_url=None, inputs=()) for name in names
    )


@pytest.mark.parametrize(
    ("component", "venues"),
    [
        ("nautilus_bybit::websocket::handler", ["bybit"]),
        ("nautilus_binance::spot::websocket::public_json::handler", ["binance_spot"]),
        ("nautilus_binance::futures::websocket::streams::handler", ["binance_usdm"]),
        ("nautilus_coinbase::websocket::handler", ["coinbase", "coinbase_futures"]),
        ("nautilus_okx::websocket::handler", []),
        ("nautilus_network::websocket::client", []),
        ("nautilus_bybitten", []),
        ("bybit", []),
        ("", []),
    ],
)
def test_a_line_belongs_to_the_venue_of_its_module(component: str, venues: list[str]) -> None:
    """The longest module; adapters that stream several venues do not say which."""
    health = health_of("bybit", "binance_spot", "binance_usdm", "coinbase", "coinbase_futures")
    found = health.take_line(component, "Failed to parse message: EOF", is_error=True)
    assert found == venues
    counted = [n for n, v in health.venues.items() if (v.unreadable, v.errors) == (1, 1)]
    assert counted == [name for name in health.venues if name in venues]


def test_other_warnings_are_not_unreadable_messages() -> None:
    """A line at WARN about a lost book counts as neither."""
    health = health_of("bybit")
    component = "nautilus_bybit::data"
    for is_error, message in ((False, "resubscribing"), (True, "no instrument"), (False, "x")):
        health.take_line(component, message, is_error=is_error)
    venue = health.venues["bybit"]
    assert (venue.unreadable, venue.errors, venue.last_trouble) == (0, 1, "no instrument")


def test_a_list_that_cannot_be_asked_for_closes_no_market() -> None:
    """Its client says of each instrument that it is not listed; one alone is closed."""
    ids = [InstrumentId.from_str(f"{coin}USDT-LINEAR.BYBIT") for coin in ("AVAX", "WIF")]
    inputs = tuple(Input(DataKind.QUOTES, i) for i in ids)
    link = VenueLink(venue=STREAM_VENUES["bybit"], base_url=None, inputs=inputs)
    venue = StreamHealth([link]).venues["bybit"]
    avax, wif = (venue.instruments[i] for i in ids)
    venue.take_status(ids[0], is_closed=True, is_unlisted=True)
    assert (avax.is_closed, wif.is_closed) == (True, False)
    venue.take_status(ids[1], is_closed=True, is_unlisted=True)
    assert (avax.is_closed, wif.is_closed) == (False, False)
    # The list can be asked for again, and has one of them.
    venue.take_status(ids[1], is_closed=False, is_unlisted=False)
    assert (avax.is_closed, wif.is_closed) == (True, False)
    venue.take_status(ids[0], is_closed=False, is_unlisted=False)
    venue.take_status(ids[1], is_closed=True, is_unlisted=False)
    assert (avax.is_closed, wif.is_closed) == (False, True)


def test_stamps_ahead_of_the_clock_are_counted() -> None:
    """More than a second later than they came; a clock that is a little off is no trouble."""
    instrument_id = InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT")
    quotes = Input(DataKind.QUOTES, instrument_id)
    link = VenueLink(venue=STREAM_VENUES["bybit"], base_url=None, inputs=(quotes,))
    health = StreamHealth([link])
    taken: list[object] = []
    take = health.counting(taken.append)
    price, size = Price(1, 1), Quantity(1, 1)
    now_ns = time.time_ns()
    for ahead_ns in (0, 900_000_000, -5_000_000_000, 3_600_000_000_000, 2_000_000_000):
        take(QuoteTick(instrument_id, price, price, size, size, now_ns + ahead_ns, now_ns))
    report = health.venues["bybit"].report("", {})
    assert (report["ahead"], report["ahead_s"], len(taken)) == (2, 3600.0, 5)
