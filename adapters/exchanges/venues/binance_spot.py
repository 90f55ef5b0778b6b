"""Binance spot: prices in the quote currency, sizes in the base currency."""

from __future__ import annotations

from typing import Final

from adapters.exchanges.binance_bodies import (
    SYMBOL,
    SYMBOLS,
    TICKER_24H_FIELDS,
    book_ticker,
    depth_parser,
    exchange_info,
    ticker_24h,
)
from adapters.exchanges.order_book import BOOK_FIELDS, TOUCH_FIELDS
from adapters.exchanges.rest_venue import (
    ApiRequest,
    Definitions,
    Endpoint,
    MarketRule,
    RestVenue,
    SymbolPattern,
)

MARKET: Final = MarketRule("spot", ("USDT", "USDC"))
LEVELS: Final = 100
_TRADED: Final = ("instrument",)

VENUE: Final = RestVenue(
    name="binance_spot",
    base_url="https://api.binance.com",
    weight_per_minute=6000,
    documentation="https://developers.binance.com/docs/binance-spot-api-docs",
    endpoints={
        "book_ticker": Endpoint(
            path="/api/v3/ticker/bookTicker",
            query=SYMBOL,
            parse=book_ticker,
            fields=TOUCH_FIELDS,
            definitions=_TRADED,
            weight=2,
        ),
        "depth": Endpoint(
            path="/api/v3/depth",
            query={**SYMBOL, "limit": str(LEVELS)},
            parse=depth_parser(LEVELS),
            fields=BOOK_FIELDS,
            definitions=_TRADED,
            weight=5,
        ),
        "ticker_24h": Endpoint(
            path="/api/v3/ticker/24hr",
            query=SYMBOL,
            parse=ticker_24h,
            fields=TICKER_24H_FIELDS,
            definitions=_TRADED,
            weight=2,
        ),
    },
    definitions={
        "instrument": Definitions(
            path="/api/v3/exchangeInfo",
            query=SYMBOL,
            parse=exchange_info,
            weight=20,
            # The sets of permissions are most of the answer.
            whole=ApiRequest(
                path="/api/v3/exchangeInfo", query={"showPermissionSets": "false"}, weight=20
            ),
            market=MARKET,
        )
    },
    symbols=SYMBOLS,
    instruments=SymbolPattern("{asset}USDT.BINANCE"),
    market=MARKET,
)
