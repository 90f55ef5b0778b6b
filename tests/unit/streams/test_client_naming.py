"""ClientNaming: which requests name the client, however they are written."""

from __future__ import annotations

from typing import Any

import pytest
from nautilus_trader.model import BarType, ClientId, DataType, InstrumentId, Venue

from adapters.streams.joining.client_naming import ClientNaming

OWN = ClientId("BINANCE")
OTHER = ClientId("BINANCE_SPOT")
HERE = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
THERE = InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT")
BARS = BarType.from_str("BTCUSDT-PERP.BINANCE-1-MINUTE-LAST-EXTERNAL")


def asked(name: str, *arguments: Any, **keywords: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments with which a strategy's call arrives."""
    naming = ClientNaming(Venue("BINANCE"), OWN)
    is_end = name.startswith("unsubscribe_")
    around = naming.around_unsubscription if is_end else naming.around_request
    return around(name, lambda *a, **k: (a, k))(*arguments, **keywords)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("subscribe_quotes", (HERE,)),
        ("unsubscribe_quotes", (HERE,)),
        ("subscribe_bars", (BARS,)),
        ("request_trades", (HERE,)),
        ("request_instruments", (Venue("BINANCE"),)),
        ("subscribe_book_deltas", (HERE, "type", 10)),
    ],
)
def test_what_is_of_the_venue_names_its_client(name: str, arguments: tuple[Any, ...]) -> None:
    """Subscriptions, their ends and requests: by an instrument, bars or the venue itself."""
    assert asked(name, *arguments) == (arguments, {"client_id": OWN})


def test_a_client_that_is_given_stays() -> None:
    """At its place or by its name; None is none."""
    assert asked("subscribe_quotes", HERE, OTHER) == ((HERE, OTHER), {})
    assert asked("subscribe_quotes", HERE, client_id=OTHER) == ((HERE,), {"client_id": OTHER})
    assert asked("subscribe_quotes", HERE, None) == ((HERE, OWN), {})
    assert asked("subscribe_quotes", HERE, client_id=None) == ((HERE,), {"client_id": OWN})
    by_name = {"instrument_id": HERE}
    assert asked("subscribe_quotes", **by_name) == ((), {**by_name, "client_id": OWN})


def test_what_is_of_no_venue_or_another_is_left_as_it_is() -> None:
    """Custom data, signals and other venues."""
    data_type = DataType("ExternalFactors")
    for name, arguments in (
        ("subscribe_quotes", (THERE,)),
        ("subscribe_data", (data_type,)),
        ("request_data", (data_type, OTHER)),
        ("subscribe_signal", ("name",)),
        ("subscribe_socket_state", ()),
    ):
        assert asked(name, *arguments) == (arguments, {})
