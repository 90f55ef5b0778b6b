"""OKX: USDT swaps (v5)."""

from __future__ import annotations

from typing import Any, Final

from nautilus_trader.adapters.okx import (
    OKXDataClientConfig,
    OKXDataClientFactory,
    OKXInstrumentType,
)

from adapters.streams.stream_venue import CLOCK, StreamKind, StreamRow, StreamVenue

PUBLIC: Final = "/ws/v5/public"
BUSINESS: Final = "/ws/v5/business"


def client(http_url: str | None, ws_url: str | None) -> tuple[Any, Any]:
    """Return factory and config of the data client."""
    config = OKXDataClientConfig(
        instrument_types=[OKXInstrumentType.SWAP],
        base_url_http=http_url,
        base_url_ws_public=None if ws_url is None else ws_url + PUBLIC,
        base_url_ws_business=None if ws_url is None else ws_url + BUSINESS,
    )
    return OKXDataClientFactory(), config


VENUE: Final = StreamVenue(
    name="okx",
    client_name="OKX",
    symbol="{asset}-USDT-SWAP.OKX",
    documentation="https://www.okx.com/docs-v5/en/#public-data-websocket",
    client=client,
    closed_markets="status",
    rows={
        StreamKind.QUOTE: StreamRow(
            delivery="each message", unit="contracts", ts_event="ts", notes="bbo-tbt"
        ),
        StreamKind.TRADE: StreamRow(
            delivery="each message",
            unit="contracts",
            ts_event="ts",
            notes="one taker order's fills at one price",
        ),
        StreamKind.DELTAS: StreamRow(
            delivery="each message",
            unit="contracts",
            ts_event="ts",
            notes="400 levels each 100 ms; a snapshot, then changes",
        ),
        StreamKind.DEPTH: StreamRow(
            delivery="each message",
            unit="contracts",
            ts_event="ts",
            gaps="none",
            notes="books5: five levels each 100 ms",
        ),
        StreamKind.MARK: StreamRow(delivery="each message", ts_event="ts"),
        StreamKind.INDEX: StreamRow(
            delivery="each message",
            ts_event="ts",
            notes="the index of the pair, under the swap's instrument",
        ),
        StreamKind.FUNDING: StreamRow(
            delivery="on change",
            unit="fraction an interval; interval and next time",
            ts_event="ts",
        ),
        StreamKind.STATUS: StreamRow(
            delivery="each message",
            ts_event=CLOCK,
            notes="the first state at once, and again with each list of instruments",
        ),
    },
)
