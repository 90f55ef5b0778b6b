"""Binance: USD-M perpetuals."""

from __future__ import annotations

from typing import Any, Final

from nautilus_trader.adapters.binance import (
    BinanceDataClientConfig,
    BinanceDataClientFactory,
    BinanceProductType,
)

from adapters.streams.stream_venue import POLL_S, StreamKind, StreamRow, StreamVenue


def client(http_url: str | None, ws_url: str | None, poll_s: int = POLL_S) -> tuple[Any, Any]:
    """Return factory and config of the data client, which needs no key."""
    config = BinanceDataClientConfig(
        product_type=BinanceProductType.USD_M,
        base_url_http=http_url,
        base_url_ws=ws_url,
        instrument_status_poll_secs=poll_s,
    )
    return BinanceDataClientFactory(), config


VENUE: Final = StreamVenue(
    name="binance_usdm",
    client_name="BINANCE",
    symbol="{asset}USDT-PERP.BINANCE",
    documentation="https://developers.binance.com/docs/derivatives/usds-margined-futures",
    client=client,
    closed_markets="not listed",
    rows={
        StreamKind.QUOTE: StreamRow(delivery="each message", unit="coins", ts_event="E"),
        StreamKind.TRADE: StreamRow(delivery="each message", unit="coins", ts_event="T"),
        StreamKind.DELTAS: StreamRow(delivery="each message", unit="coins", ts_event="E"),
        StreamKind.MARK: StreamRow(delivery="each message", ts_event="E"),
        StreamKind.INDEX: StreamRow(delivery="each message", ts_event="E"),
        StreamKind.FUNDING: StreamRow(delivery="each message", ts_event="E"),
        StreamKind.STATUS: StreamRow(delivery="polled"),
        StreamKind.LIQUIDATION: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="E",
            custom_type="BinanceFuturesLiquidation",
        ),
    },
)
