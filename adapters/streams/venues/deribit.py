"""Deribit: perpetuals, inverse for BTC and ETH, and the volatility index DVOL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.adapters.deribit import (
    DeribitDataClientConfig,
    DeribitDataClientFactory,
    DeribitProductType,
)

from adapters.streams.stream_venue import StreamKind, StreamRow, StreamVenue

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId

UNIT: Final = "USD (inverse), coins (linear)"
EACH_100_MS: Final = "every 100 ms"


def client(http_url: str | None, ws_url: str | None) -> tuple[Any, Any]:
    """Return factory and config of the data client."""
    config = DeribitDataClientConfig(
        product_types=[DeribitProductType.FUTURE],
        base_url_http=None if http_url is None else f"{http_url}/api/v2",
        base_url_ws=ws_url,
    )
    return DeribitDataClientFactory(), config


def volatility_index(instrument_id: InstrumentId) -> dict[str, str]:
    """Return which index belongs to a coin's perpetual, for example ``btc_usd``."""
    coin = instrument_id.symbol.value.partition("-")[0].partition("_")[0]
    return {"index_name": f"{coin.lower()}_usd"}


VENUE: Final = StreamVenue(
    name="deribit",
    client_name="DERIBIT",
    symbol="{asset}_USDC-PERPETUAL.DERIBIT",
    symbols={"BTC": "BTC-PERPETUAL.DERIBIT", "ETH": "ETH-PERPETUAL.DERIBIT"},
    documentation="https://docs.deribit.com/#subscriptions",
    client=client,
    closed_markets="not seen",
    rows={
        StreamKind.QUOTE: StreamRow(delivery="each message", unit=UNIT, ts_event="timestamp"),
        StreamKind.TRADE: StreamRow(
            delivery="each message",
            unit=UNIT,
            ts_event="timestamp",
            notes="gathered for 100 ms; whether one is a liquidation is lost",
        ),
        StreamKind.DELTAS: StreamRow(
            delivery="each message",
            unit=UNIT,
            ts_event="timestamp",
            gaps="none",
            notes="10 levels every 100 ms, with a clear before them",
        ),
        StreamKind.MARK: StreamRow(
            delivery="each message", ts_event="timestamp", notes=EACH_100_MS
        ),
        StreamKind.INDEX: StreamRow(
            delivery="each message", ts_event="timestamp", notes=EACH_100_MS
        ),
        StreamKind.FUNDING: StreamRow(
            delivery="each message",
            unit="fraction for 8 hours, of this moment; no interval, no next time",
            ts_event="timestamp",
            notes="funding is continuous",
        ),
        StreamKind.STATUS: StreamRow(
            delivery="each message",
            ts_event="timestamp",
            notes="only changes, not the first state",
        ),
        StreamKind.VOLATILITY_INDEX: StreamRow(
            delivery="each message",
            unit="percent a year",
            ts_event="timestamp",
            custom_type="DeribitVolatilityIndex",
            metadata=volatility_index,
            notes="BTC and ETH",
        ),
    },
)
