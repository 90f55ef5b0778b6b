"""Binance spot: prices in the quote currency, sizes in the base currency."""

from __future__ import annotations

from typing import Any, Final

from adapters.exchanges.json_values import from_ms, number, record, row_of_symbol
from adapters.exchanges.order_book import BOOK_FIELDS, TOUCH_FIELDS, book_values, touch_values
from adapters.exchanges.venue import BadBodyError, Endpoint, RateLimitedError, Reading, Venue

TOO_MANY_REQUESTS: Final = -1003
LEVELS: Final = 100


def _checked(body: Any) -> Any:
    """Return a body that is no error; Binance sends ``{"code": -1121, "msg": ...}`` for one."""
    if isinstance(body, dict) and "code" in body and "msg" in body:
        kind = RateLimitedError if body["code"] == TOO_MANY_REQUESTS else BadBodyError
        msg = f"error {body['code']}: {body['msg']}"
        raise kind(msg)
    return body


def book_ticker(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v3/ticker/bookTicker``; spot gives no time with it."""
    row = row_of_symbol(_checked(body), symbol, "bookTicker")
    names = ("bidPrice", "askPrice", "bidQty", "askQty")
    return Reading(touch_values(*(number(row.get(n)) for n in names)))


def depth(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v3/depth``; spot gives no time with it."""
    book = record(_checked(body), "depth")
    return Reading(book_values(book.get("bids"), book.get("asks"), levels_asked=LEVELS))


def ticker_24h(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v3/ticker/24hr``: the change is in percent."""
    row = row_of_symbol(_checked(body), symbol, "24hr")
    values = {
        "last_price": number(row.get("lastPrice")),
        "change_24h_pct": number(row.get("priceChangePercent")),
        "turnover_24h_quote": number(row.get("quoteVolume")),
    }
    return Reading(values, from_ms(row.get("closeTime")))


_SYMBOL: Final = {"symbol": "{symbol}"}

VENUE: Final = Venue(
    name="binance_spot",
    base_url="https://api.binance.com",
    weight_per_minute=6000,
    documentation="https://developers.binance.com/docs/binance-spot-api-docs",
    endpoints={
        "book_ticker": Endpoint(
            path="/api/v3/ticker/bookTicker",
            query=_SYMBOL,
            parse=book_ticker,
            fields=TOUCH_FIELDS,
            weight=2,
        ),
        "depth": Endpoint(
            path="/api/v3/depth",
            query={**_SYMBOL, "limit": str(LEVELS)},
            parse=depth,
            fields=BOOK_FIELDS,
            weight=5,
        ),
        "ticker_24h": Endpoint(
            path="/api/v3/ticker/24hr",
            query=_SYMBOL,
            parse=ticker_24h,
            fields={
                "last_price": "quote currency",
                "change_24h_pct": "percent",
                "turnover_24h_quote": "quote currency",
            },
            weight=2,
        ),
    },
)
