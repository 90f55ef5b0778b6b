"""Coinbase's perpetual futures, in contracts: the streams, and what is asked for by HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.support.exchange.streaming.listings import in_lots
from tests.support.exchange.streaming.venue_streams import stamp_iso
from tests.support.exchange.streams.coinbase import CoinbaseStreams
from tests.support.exchange.streams.coinbase_products import FUTURES, PRODUCTS, future

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.listings import Listing
    from tests.support.exchange.streaming.venue_streams import Message

ASSETS: Final = {symbol: asset for asset, (symbol, _) in FUTURES.items()}


def _product_of(asset: str) -> Callable[[CoinbaseFuturesStreams, Moment], Any]:
    def body(venue: CoinbaseFuturesStreams, m: Moment) -> Any:
        symbol, _ = FUTURES[asset]
        return future(venue.listing(symbol), venue.details.get(symbol))

    return body


class CoinbaseFuturesStreams(CoinbaseStreams):
    """Tickers, trades and books; index price and funding are in the product's description."""

    name = "coinbase_futures"
    topics_of: ClassVar[Mapping[str, str]] = {
        "quote": "ticker:",
        "trade": "market_trades:",
        "deltas": "level2:",
    }

    def __init__(self) -> None:
        super().__init__()
        self.details: Final[dict[str, dict[str, str]]] = {}

    def asset_of(self, symbol: str) -> str:
        return ASSETS.get(symbol, "")

    def listing(self, symbol: str) -> Listing:
        return in_lots(super().listing(symbol), "1")

    def index(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        self.details.setdefault(symbol, {})["index_price"] = f"{price}"
        return []

    def funding(self, symbol: str, rate: float, next_ms: int, ts_ms: int = 0) -> list[Message]:
        rates = {"funding_rate": f"{rate:.8f}", "funding_time": stamp_iso(next_ms)}
        self.details.setdefault(symbol, {}).update(rates)
        return []

    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {
        f"{PRODUCTS}/{symbol}": _product_of(asset) for asset, (symbol, _) in FUTURES.items()
    }
