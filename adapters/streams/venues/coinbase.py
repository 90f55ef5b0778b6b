"""Coinbase: spot against US dollars."""

from __future__ import annotations

from typing import Any, Final

from nautilus_trader.adapters.coinbase import (
    CoinbaseDataClientConfig,
    CoinbaseDataClientFactory,
)

from adapters.streams.stream_venue import StreamKind, StreamRow, StreamVenue


def client(http_url: str | None, ws_url: str | None) -> tuple[Any, Any]:
    """Return factory and config of the data client."""
    config = CoinbaseDataClientConfig(base_url_rest=http_url, base_url_ws=ws_url)
    return CoinbaseDataClientFactory(), config


VENUE: Final = StreamVenue(
    name="coinbase",
    client_name="COINBASE",
    symbol="{asset}-USD.COINBASE",
    documentation="https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket",
    client=client,
    closed_markets="status",
    rows={
        StreamKind.QUOTE: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="timestamp",
            notes="Coinbase sends one with each match, not with each change of the touch",
        ),
        StreamKind.TRADE: StreamRow(delivery="each message", unit="coins", ts_event="time"),
        StreamKind.DELTAS: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="timestamp",
            gaps="not seen",
            notes="all levels; sequence 0",
        ),
        StreamKind.STATUS: StreamRow(delivery="each message", ts_event="timestamp"),
    },
)
