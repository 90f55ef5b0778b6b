"""Kraken futures: linear perpetuals (``PF_``), sizes in coins, funding each hour."""

from __future__ import annotations

from typing import Any, Final

from nautilus_trader.adapters.kraken import (
    KrakenDataClientConfig,
    KrakenDataClientFactory,
    KrakenProductType,
)

from adapters.streams.stream_venue import CLOCK, StreamKind, StreamRow, StreamVenue


def client(http_url: str | None, ws_url: str | None) -> tuple[Any, Any]:
    """Return factory and config of the data client."""
    config = KrakenDataClientConfig(
        product_type=KrakenProductType.FUTURES, base_url=http_url, ws_public_url=ws_url
    )
    return KrakenDataClientFactory(), config


VENUE: Final = StreamVenue(
    name="kraken_futures",
    client_name="KRAKEN_FUTURES",
    symbol="PF_{asset}USD.KRAKEN",
    symbols={"BTC": "PF_XBTUSD.KRAKEN"},
    documentation="https://docs.kraken.com/api/docs/futures-api/websocket/ticker",
    client=client,
    closed_markets="not seen",
    rows={
        StreamKind.QUOTE: StreamRow(
            delivery="on change",
            unit="coins",
            ts_event=CLOCK,
            notes="made of the book; none while the spread is over 25 %",
        ),
        StreamKind.TRADE: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="time",
            notes="a liquidation is a trade like any other",
        ),
        StreamKind.DELTAS: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="timestamp",
            gaps="not seen",
            notes="one level a message; the sequence is the client's own; none is flagged last",
        ),
        StreamKind.MARK: StreamRow(delivery="each message", ts_event="time"),
        StreamKind.INDEX: StreamRow(delivery="each message", ts_event="time"),
        StreamKind.FUNDING: StreamRow(
            delivery="each message",
            unit="fraction an hour; next time, no interval",
            ts_event="time",
        ),
    },
)
