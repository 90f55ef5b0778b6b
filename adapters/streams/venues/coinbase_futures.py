"""Coinbase: perpetual futures in US dollars, sizes in contracts, funding each hour."""

from __future__ import annotations

from typing import Any, Final

from nautilus_trader.adapters.coinbase import (
    CoinbaseDataClientConfig,
    CoinbaseDataClientFactory,
)

from adapters.streams.stream_venue import CLOCK, StreamKind, StreamRow, StreamVenue

DETAILS_POLL_S: Final = 15
POLLED: Final = f"every {DETAILS_POLL_S} s, also when it is the same"


def client(
    http_url: str | None, ws_url: str | None, poll_s: int = DETAILS_POLL_S
) -> tuple[Any, Any]:
    """Return factory and config of the data client, which asks for index and funding."""
    config = CoinbaseDataClientConfig(
        base_url_rest=http_url,
        base_url_ws=ws_url,
        derivatives_poll_interval_secs=poll_s,
    )
    return CoinbaseDataClientFactory(), config


VENUE: Final = StreamVenue(
    name="coinbase_futures",
    client_name="COINBASE_FUTURES",
    symbol="{asset}-PERP.COINBASE",
    symbols={
        "BTC": "BIP-20DEC30-CDE.COINBASE",
        "ETH": "ETP-20DEC30-CDE.COINBASE",
        "SOL": "SLP-20DEC30-CDE.COINBASE",
        "XRP": "XPP-20DEC30-CDE.COINBASE",
    },
    documentation="https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket",
    client=client,
    closed_markets="not seen",
    rows={
        StreamKind.QUOTE: StreamRow(
            delivery="each message",
            unit="contracts",
            ts_event="timestamp",
            notes="Coinbase sends one with each match, not with each change of the touch",
        ),
        StreamKind.TRADE: StreamRow(delivery="each message", unit="contracts", ts_event="time"),
        StreamKind.DELTAS: StreamRow(
            delivery="each message",
            unit="contracts",
            ts_event="timestamp",
            gaps="not seen",
            notes="all levels; sequence 0",
        ),
        StreamKind.INDEX: StreamRow(delivery="polled", ts_event=CLOCK, notes=POLLED),
        StreamKind.FUNDING: StreamRow(
            delivery="polled",
            unit="fraction an hour; interval 60 minutes and the funding's time",
            ts_event=CLOCK,
            notes=POLLED,
        ),
    },
)
