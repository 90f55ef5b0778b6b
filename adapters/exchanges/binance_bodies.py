"""The bodies that Binance's spot and USD-M APIs share: error, definitions, quote, book, 24 hours.

Spot states no time with quotes and books; an absent time reads as 0, which means none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.json_values import (
    from_ms,
    instruments,
    number,
    record,
    row_of_symbol,
    text_of,
    unless,
)
from adapters.exchanges.order_book import book_values, touch_values
from adapters.exchanges.rest_venue import (
    BadBodyError,
    Instrument,
    RateLimitedError,
    Reading,
    SymbolPattern,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.exchanges.rest_venue import Parser

TOO_MANY_REQUESTS: Final = -1003
SYMBOL: Final[Mapping[str, str]] = {"symbol": "{symbol}"}
"""The query that most endpoints take."""
SYMBOLS: Final = SymbolPattern("{asset}USDT")
TICKER_24H_FIELDS: Final[Mapping[str, str]] = {
    "last_price": "quote currency",
    "change_24h_pct": "percent",
    "turnover_24h_quote": "quote currency",
}


def checked(body: Any) -> Any:
    """Return a body that is not an error, which Binance sends as ``{"code": ..., "msg": ...}``.

    Raises
    ------
    RateLimitedError
        If this address sends too many requests.
    BadBodyError
        If the body is another error.

    """
    if isinstance(body, dict) and "code" in body and "msg" in body:
        kind = RateLimitedError if body["code"] == TOO_MANY_REQUESTS else BadBodyError
        msg = f"error {body['code']}: {body['msg']}"
        raise kind(msg)
    return body


def exchange_info(body: Any) -> Mapping[str, Instrument]:
    """Read ``GET .../exchangeInfo``: sizes are amounts of the base currency."""
    found = record(checked(body), "exchangeInfo").get("symbols")
    return instruments(
        found,
        "symbol",
        "exchangeInfo",
        _instrument,
    )


def _instrument(row: dict[str, Any]) -> Instrument:
    closed = unless(row, "status", "TRADING")
    # Spot states no type; of the futures, those that expire are not looked up.
    if not text_of(row, "contractType").endswith("PERPETUAL") and "contractType" in row:
        return Instrument(closed=closed)
    return Instrument(
        closed=closed, base=text_of(row, "baseAsset"), quote=text_of(row, "quoteAsset")
    )


def book_ticker(body: Any, symbol: str) -> Reading:
    """Read ``GET .../ticker/bookTicker``."""
    row = row_of_symbol(checked(body), symbol, "bookTicker")
    names = ("bidPrice", "askPrice", "bidQty", "askQty")
    return Reading(touch_values(*(number(row.get(n)) for n in names)), from_ms(row.get("time")))


def depth_parser(levels: int) -> Parser:
    """Return the parser of ``GET .../depth`` for a request of ``levels`` levels a side."""

    def depth(body: Any, symbol: str) -> Reading:
        book = record(checked(body), "depth")
        values = book_values(book.get("bids"), book.get("asks"), levels_asked=levels)
        return Reading(values, from_ms(book.get("T")) or from_ms(book.get("E")))

    return depth


def ticker_24h(body: Any, symbol: str) -> Reading:
    """Read ``GET .../ticker/24hr``: the change is in percent."""
    row = row_of_symbol(checked(body), symbol, "24hr")
    values = {
        "last_price": number(row.get("lastPrice")),
        "change_24h_pct": number(row.get("priceChangePercent")),
        "turnover_24h_quote": number(row.get("quoteVolume")),
    }
    return Reading(values, from_ms(row.get("closeTime")))
