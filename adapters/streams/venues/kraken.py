"""Kraken: spot against US dollars."""

from __future__ import annotations

from typing import Any, Final

from nautilus_trader.adapters.kraken import (
    KrakenDataClientConfig,
    KrakenDataClientFactory,
    KrakenProductType,
)

from adapters.streams.stream_venue import StreamKind, StreamRow, StreamVenue


def client(http_url: str | None, ws_url: str | None) -> tuple[Any, Any]:
    """Return factory and config of the data client."""
    config = KrakenDataClientConfig(
        product_type=KrakenProductType.SPOT, base_url=http_url, ws_public_url=ws_url
    )
    return KrakenDataClientFactory(), config


VENUE: Final = StreamVenue(
    name="kraken",
    client_name="KRAKEN",
    symbol="{asset}/USD.KRAKEN",
    documentation="https://docs.kraken.com/api/docs/websocket-v2/ticker",
    client=client,
    closed_markets="not seen",
    rows={
        StreamKind.QUOTE: StreamRow(delivery="each message", unit="coins", ts_event="timestamp"),
        StreamKind.TRADE: StreamRow(delivery="each message", unit="coins", ts_event="timestamp"),
        StreamKind.DELTAS: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="timestamp",
            notes="10 levels, with a checksum",
        ),
    },
)
