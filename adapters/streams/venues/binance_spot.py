"""Binance: spot pairs against USDT, as JSON, which needs no key."""

from __future__ import annotations

from typing import Any, Final

from nautilus_trader.adapters.binance import (
    BinanceDataClientConfig,
    BinanceDataClientFactory,
    BinanceProductType,
    BinanceSpotMarketDataMode,
)

from adapters.streams.stream_venue import CLOCK, POLL_S, StreamKind, StreamRow, StreamVenue


def client(http_url: str | None, ws_url: str | None, poll_s: int = POLL_S) -> tuple[Any, Any]:
    """Return factory and config of the data client."""
    config = BinanceDataClientConfig(
        product_type=BinanceProductType.SPOT,
        spot_market_data_mode=BinanceSpotMarketDataMode.Json,
        base_url_http=http_url,
        base_url_ws=ws_url,
        instrument_status_poll_secs=poll_s,
    )
    return BinanceDataClientFactory(), config


VENUE: Final = StreamVenue(
    name="binance_spot",
    client_name="BINANCE_SPOT",
    symbol="{asset}USDT.BINANCE",
    documentation="https://developers.binance.com/docs/binance-spot-api-docs",
    client=client,
    module="nautilus_binance::spot",
    closed_markets="not listed",
    rows={
        StreamKind.QUOTE: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event=CLOCK,
            notes="Binance's bookTicker of spot has no stamp",
        ),
        StreamKind.TRADE: StreamRow(delivery="each message", unit="coins", ts_event="T"),
        StreamKind.DELTAS: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="E",
            notes="changes of a second; the snapshot is asked for by HTTP",
        ),
        StreamKind.STATUS: StreamRow(
            delivery="polled", ts_event=CLOCK, notes="only changes, not the first state"
        ),
    },
)
