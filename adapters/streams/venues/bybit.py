"""Bybit: USDT perpetuals (v5, linear)."""

from __future__ import annotations

from typing import Any, Final

from nautilus_trader.adapters.bybit import (
    BybitDataClientConfig,
    BybitDataClientFactory,
    BybitProductType,
)

from adapters.streams.stream_venue import CLOCK, POLL_S, StreamKind, StreamRow, StreamVenue

TICKER: Final = "of ticker messages that carry one"
PUBLIC: Final = "/v5/public/linear"


def client(http_url: str | None, ws_url: str | None, poll_s: int = POLL_S) -> tuple[Any, Any]:
    """Return factory and config of the data client."""
    config = BybitDataClientConfig(
        product_types=[BybitProductType.LINEAR],
        base_url_http=http_url,
        base_url_ws_public=None if ws_url is None else ws_url + PUBLIC,
        instrument_status_poll_secs=poll_s,
    )
    return BybitDataClientFactory(), config


VENUE: Final = StreamVenue(
    name="bybit",
    client_name="BYBIT",
    symbol="{asset}USDT-LINEAR.BYBIT",
    documentation="https://bybit-exchange.github.io/docs/v5/ws/connect",
    client=client,
    closed_markets="status",
    rows={
        StreamKind.QUOTE: StreamRow(
            delivery="each message", unit="coins", ts_event="ts", notes="orderbook.1"
        ),
        StreamKind.TRADE: StreamRow(delivery="each message", unit="coins", ts_event="T"),
        StreamKind.DELTAS: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="ts",
            notes="50 levels; a snapshot, then changes",
        ),
        StreamKind.MARK: StreamRow(delivery="each message", ts_event="ts", notes=TICKER),
        StreamKind.INDEX: StreamRow(delivery="each message", ts_event="ts", notes=TICKER),
        StreamKind.FUNDING: StreamRow(
            delivery="on change",
            unit="fraction an interval; interval and next time",
            ts_event="ts",
        ),
        StreamKind.STATUS: StreamRow(
            delivery="polled", ts_event=CLOCK, notes="the first state at once, then changes"
        ),
        StreamKind.LIQUIDATION: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="T",
            custom_type="BybitLiquidation",
            notes="the side is the position's: LONG was closed by a sell; the price is that of"
            " bankruptcy",
        ),
    },
)
