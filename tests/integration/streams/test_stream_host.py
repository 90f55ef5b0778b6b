"""StreamHost: a venue that falls silent, and a client that does not come back by itself."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tests.support.eventually import eventually
from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.streamed_factors import streamed_factors, symbol_of
from tests.support.nodes.host_node import run
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.exchange.streaming.venue_control import VenueControl
    from tests.support.nodes.processes import Child

LONG_S: Final = 600.0
"""A limit that a test does not reach."""


class Host:
    """A running host of one venue."""

    def __init__(self, venue: VenueControl, process: Child) -> None:
        self.venue: Final = venue
        self._process: Final = process

    def report(self) -> dict[str, Any]:
        """Return the host's counters, with those of its venue among them."""
        found: dict[str, Any] = json.loads(self._process.ask("report"))
        (venue,) = found["venues"]
        return {**found, **venue}

    def messages_come(self) -> None:
        """Wait until a quote that is pushed from now on has come."""
        before = self.report()["messages"]

        def came() -> bool:
            self.venue.quote(symbol_of(self.venue.name, "BTC"), 60_000.0, 60_001.0)
            return bool(self.report()["messages"] > before)

        eventually(came, "a quote")


@contextmanager
def hosted(folder: Path, name: str, silence_s: float, lost_s: float) -> Iterator[Host]:
    """Run a host with a local exchange."""
    file = folder / "factors.toml"
    file.write_text(streamed_factors(name), encoding="utf-8")
    with (
        local_exchange() as exchange,
        child(run, exchange.url, name, file, silence_s, lost_s) as process,
    ):
        host = Host(exchange.streams[name], process)
        eventually(lambda: host.report()["connected"], "the connection")
        host.messages_come()
        yield host


def test_a_silent_venue_gets_new_connections_at_growing_distances(tmp_path: Path) -> None:
    """Its connection answers pings and brings nothing: no client notices. The node goes on."""
    with hosted(tmp_path, "bybit", silence_s=0.6, lost_s=LONG_S) as host:
        accepted = host.venue.state()["accepted"]
        eventually(lambda: host.report()["nudges"] >= 2, "two renewals")
        eventually(lambda: host.venue.state()["accepted"] >= accepted + 2, "new connections")
        eventually(lambda: host.report()["connected"], "the connection")
        host.messages_come()
        found = host.report()
        assert found["reconnects"] >= 2
        assert (found["nodes_built"], found["node_failures"]) == (1, 0)


def test_messages_that_the_client_cannot_read_are_counted(tmp_path: Path) -> None:
    """By venue, as its client logs them; what can be read still comes."""
    with hosted(tmp_path, "bybit", silence_s=LONG_S, lost_s=LONG_S) as host:
        assert host.report()["unreadable"] == 0
        for number in (1, 2):
            host.venue.text("no message")
            eventually(lambda: host.report()["unreadable"] >= number, f"{number} unreadable")  # noqa: B023 - called at once
        found = host.report()
        assert (found["unreadable"], found["client_errors"]) == (2, 2)
        assert "no message" in found["last_trouble"]
        host.messages_come()
        assert host.report()["node_failures"] == 0


def test_a_venue_with_data_is_left_alone(tmp_path: Path) -> None:
    """A quote every 50 ms, for many times the limit: its connections stay."""
    with hosted(tmp_path, "bybit", silence_s=2.0, lost_s=LONG_S) as host:
        host.venue.rate("BTCUSDT", "quote", 20, n=100)
        eventually(lambda: not host.venue.state()["running_rates"], "the end of the quotes")
        assert host.report()["nudges"] == 0


def test_a_client_that_does_not_come_back_gets_a_new_node(tmp_path: Path) -> None:
    """It waits 15 s for a handshake that is never answered, while the venue is well again."""
    with hosted(tmp_path, "hyperliquid", silence_s=LONG_S, lost_s=2.0) as host:
        refused = host.venue.state()["refused"]
        host.venue.hang()
        eventually(lambda: host.venue.state()["refused"] > refused, "a handshake")
        assert host.report()["nodes_built"] == 1
        host.venue.heal()
        eventually(lambda: host.report()["nodes_built"] == 2, "another node")
        eventually(lambda: host.report()["connected"], "the connection")
        host.messages_come()
        assert host.report()["node_failures"] == 0


def test_an_asset_is_found_among_what_the_venues_client_lists(tmp_path: Path) -> None:
    """PEPE is 1000PEPEUSDT: its data come, are counted by its own name, and are of one coin."""
    file = tmp_path / "factors.toml"
    file.write_text(streamed_factors("bybit", assets=("PEPE", "NOPE")), encoding="utf-8")
    with local_exchange() as exchange:
        bybit = exchange.streams["bybit"]
        bybit.list_asset(asset="1000PEPE", price=0.01, tick="0.000001", lot="1")
        with child(run, exchange.url, "bybit", file, LONG_S, LONG_S) as process:
            host = Host(bybit, process)
            eventually(lambda: host.report()["connected"], "the connection")
            bybit.wait_for_subscription("quote")

            def mid() -> float:
                bybit.quote("1000PEPEUSDT", 9.999, 10.001)
                found: float = host.report()["values"]["mid_pepe_bybit"]
                return found

            eventually(lambda: mid() == 0.01, "the mid of one coin")
            found = host.report()
            assert found["instruments"]["1000PEPEUSDT-LINEAR.BYBIT"] > 0
            assert found["missing"] == ["NOPEUSDT-LINEAR.BYBIT"]
            (why,) = found["why_missing"]
            assert "no perpetual of NOPE in USDT or USDC is listed" in why
