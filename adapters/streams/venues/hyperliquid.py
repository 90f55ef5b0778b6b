"""Hyperliquid: perpetuals, sizes in coins, funding each hour."""

from __future__ import annotations

from typing import Any, Final

from nautilus_trader.adapters.hyperliquid import (
    HyperliquidDataClientConfig,
    HyperliquidDataClientFactory,
)

from adapters.streams.stream_venue import CLOCK, StreamKind, StreamRow, StreamVenue

ROUNDED: Final = (
    "the stamp passes through a float: up to 128 ns off, also to before it "
    "([finding](../findings/nautilus_hyperliquid_stamps.sh))"
)
ON_CHANGE: Final = "an unchanged value is not repeated, also not after a reconnection"


def client(http_url: str | None, ws_url: str | None) -> tuple[Any, Any]:
    """Return factory and config of the data client."""
    config = HyperliquidDataClientConfig(
        base_url_http=None if http_url is None else f"{http_url}/info", base_url_ws=ws_url
    )
    return HyperliquidDataClientFactory(), config


VENUE: Final = StreamVenue(
    name="hyperliquid",
    client_name="HYPERLIQUID",
    symbol="{asset}-USD-PERP.HYPERLIQUID",
    documentation="https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket",
    client=client,
    closed_markets="not seen",
    rows={
        StreamKind.QUOTE: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="time",
            notes=ROUNDED,
        ),
        StreamKind.TRADE: StreamRow(
            delivery="each message", unit="coins", ts_event="time", notes=ROUNDED
        ),
        StreamKind.DELTAS: StreamRow(
            delivery="each message",
            unit="coins",
            ts_event="time",
            gaps="none",
            notes="20 levels, with a clear before them",
        ),
        StreamKind.DEPTH: StreamRow(delivery="each message", unit="coins", ts_event="time"),
        StreamKind.MARK: StreamRow(delivery="on change", ts_event=CLOCK, notes=ON_CHANGE),
        StreamKind.INDEX: StreamRow(
            delivery="on change", ts_event=CLOCK, notes=f"the oracle's; {ON_CHANGE}"
        ),
        StreamKind.FUNDING: StreamRow(
            delivery="on change",
            unit="fraction an hour; interval 60 minutes, no next time",
            ts_event=CLOCK,
            notes=ON_CHANGE,
        ),
        StreamKind.OPEN_INTEREST: StreamRow(
            delivery="on change",
            unit="coins, one side",
            ts_event=CLOCK,
            custom_type="HyperliquidOpenInterest",
            notes=ON_CHANGE,
        ),
    },
)
