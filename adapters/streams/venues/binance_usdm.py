"""Binance: USD-M perpetuals."""

from __future__ import annotations

from typing import Any, Final

from nautilus_trader.adapters.binance import (
    BinanceDataClientConfig,
    BinanceDataClientFactory,
    BinanceProductType,
)

from adapters.streams.stream_venue import CLOCK, POLL_S, StreamKind, StreamRow, StreamVenue

EACH_SECOND: Final = "once a second, in one message with the other two"


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
        StreamKind.QUOTE: StreamRow(delivery="each message", unit="coins", ts_event="T"),
        StreamKind.TRADE: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="T",
            notes="aggTrade: one taker order's fills at one price",
        ),
        StreamKind.DELTAS: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="T",
            notes="1,000 levels; the snapshot is asked for by HTTP",
        ),
        StreamKind.MARK: StreamRow(delivery="each message", ts_event="E", notes=EACH_SECOND),
        StreamKind.INDEX: StreamRow(delivery="each message", ts_event="E", notes=EACH_SECOND),
        StreamKind.FUNDING: StreamRow(
            delivery="each message",
            unit="fraction an interval; next time, no interval",
            ts_event="E",
            notes=f"{EACH_SECOND}; the interval (8, 4, 1 h) is in GET /fapi/v1/fundingInfo",
        ),
        StreamKind.STATUS: StreamRow(
            delivery="polled", ts_event=CLOCK, notes="only changes, not the first state"
        ),
        StreamKind.LIQUIDATION: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="E",
            custom_type="BinanceFuturesLiquidation",
            notes="the side is the order's: SELL closed a long; Binance sends one a second at"
            " most",
        ),
    },
)
