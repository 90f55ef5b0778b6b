"""VenueLink: a venue that is streamed, where it is, and which data of it are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from adapters.streams.stream_venue import StreamVenue
from adapters.streams.stream_venues import STREAM_VENUES
from dolphin_strategies.computed.inputs import Input
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapters.streams.stream_venue import DataClient

OWN_ADDRESSES: Final = {
    "binance_spot": ("https://api.binance.com", "wss://stream.binance.com:9443"),
    "binance_usdm": ("https://fapi.binance.com", "wss://fstream.binance.com"),
    "bybit": ("https://api.bybit.com", "wss://stream.bybit.com"),
    "coinbase_futures": ("https://api.coinbase.com", "wss://advanced-trade-ws.coinbase.com"),
    "coinbase": ("https://api.coinbase.com", "wss://advanced-trade-ws.coinbase.com"),
    "deribit": ("https://www.deribit.com", "wss://www.deribit.com"),
    "hyperliquid": ("https://api.hyperliquid.xyz", "wss://api.hyperliquid.xyz"),
    "kraken": ("https://api.kraken.com", "wss://ws.kraken.com"),
    "kraken_futures": ("https://futures.kraken.com", "wss://futures.kraken.com"),
    "okx": ("https://www.okx.com", "wss://ws.okx.com:8443"),
}
"""Venue → the hosts that its data client talks to unless told otherwise: requests, websocket."""


@dataclass(frozen=True, kw_only=True)
class VenueLink:
    """A venue, its address and the inputs that come from it.

    Attributes
    ----------
    venue : StreamVenue
        The venue.
    base_url : str, optional
        A server in the exchange's place; None: the exchange.
    inputs : tuple of Input
        What is wanted of it.

    """

    venue: StreamVenue
    base_url: str | None
    inputs: tuple[Input, ...]

    @property
    def name(self) -> str:
        """The venue's name in the registry."""
        return self.venue.name

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of its requests and of its websocket, without paths."""
        if self.base_url is None:
            return OWN_ADDRESSES.get(self.name, ())
        parts = urlsplit(self.base_url)
        ws = "wss" if parts.scheme == "https" else "ws"
        return f"{parts.scheme}://{parts.netloc}", f"{ws}://{parts.netloc}"

    def data_client(self) -> DataClient:
        """Return what a node needs to stream from the venue."""
        return self.venue.data_client(self.base_url)


def links_of(
    inputs: Iterable[Input],
    venue_names: Mapping[str, str],
    base_urls: Mapping[str, str],
) -> tuple[VenueLink, ...]:
    """Return the venues that stream these inputs.

    Parameters
    ----------
    inputs : iterable of Input
        What is wanted.
    venue_names : mapping of str to str
        Instrument id → the name of its venue.
    base_urls : mapping of str to str
        Venue → the address of a server in the exchange's place.

    Raises
    ------
    ConfigError
        If no data client streams a venue.

    """
    found: dict[str, list[Input]] = {}
    for needed in inputs:
        name = venue_names[str(needed.instrument_id)]
        if name not in STREAM_VENUES:
            msg = (
                f"{needed.instrument_id}: expected a venue that is streamed, one of "
                f"{', '.join(STREAM_VENUES)}; found {name!r}{did_you_mean(name, STREAM_VENUES)}"
            )
            raise ConfigError(msg)
        found.setdefault(name, []).append(needed)
    return tuple(
        VenueLink(venue=STREAM_VENUES[name], base_url=base_urls.get(name), inputs=tuple(wanted))
        for name, wanted in found.items()
    )
