"""Kraken spot."""

from __future__ import annotations

from typing import Any, Final

from adapters.exchanges.json_values import at, number, record
from adapters.exchanges.order_book import BOOK_FIELDS, TOUCH_FIELDS, book_values, touch_values
from adapters.exchanges.rest_venue import (
    BadBodyError,
    Endpoint,
    RateLimitedError,
    Reading,
    RestVenue,
)

RATE_LIMIT_WORDS: Final = ("rate limit", "too many requests", "temporary lockout")
LEVELS: Final = 100


def _result(body: Any) -> dict[str, Any]:
    """Return the object of the requested pair; Kraken may use another name for it (XXBTZUSD)."""
    answer = record(body, "body")
    errors = answer.get("error")
    if errors:
        text = ", ".join(map(str, errors)) if isinstance(errors, list) else str(errors)
        is_limit = any(word in text.lower() for word in RATE_LIMIT_WORDS)
        msg = f"error {text}"
        raise (RateLimitedError if is_limit else BadBodyError)(msg)
    found = record(answer.get("result"), "result")
    pairs = [row for row in found.values() if isinstance(row, dict)]
    if len(pairs) != 1:
        msg = f"result: expected one pair, found {len(pairs)}"
        raise BadBodyError(msg)
    return pairs[0]


def ticker(body: Any, symbol: str) -> Reading:
    """Read ``GET /0/public/Ticker``: [price, whole lots, lots]; second places are of 24 hours."""
    row = _result(body)
    ask, bid = row.get("a"), row.get("b")
    values = {
        **touch_values(at(bid, 0), at(ask, 0), at(bid, 2), at(ask, 2)),
        "last_price": at(row.get("c"), 0),
        "turnover_24h_quote": at(row.get("v"), 1) * at(row.get("p"), 1),
        "change_today_pct": (at(row.get("c"), 0) / _above_0(row.get("o")) - 1) * 100,
    }
    return Reading(values)


def depth(body: Any, symbol: str) -> Reading:
    """Read ``GET /0/public/Depth``: [price, size, stamp of the level]."""
    book = _result(body)
    return Reading(book_values(book.get("bids"), book.get("asks"), levels_asked=LEVELS))


def _above_0(raw: Any) -> float:
    value = number(raw)
    return value if value > 0 else float("nan")


VENUE: Final = RestVenue(
    name="kraken",
    base_url="https://api.kraken.com",
    weight_per_minute=60,
    documentation="https://docs.kraken.com/api/docs/rest-api/get-ticker-information",
    endpoints={
        "ticker": Endpoint(
            path="/0/public/Ticker",
            query={"pair": "{symbol}"},
            parse=ticker,
            fields={
                **TOUCH_FIELDS,
                "last_price": "quote currency",
                "turnover_24h_quote": "quote currency (24 h volume times 24 h average price)",
                "change_today_pct": "percent since 00:00 UTC",
            },
        ),
        "depth": Endpoint(
            path="/0/public/Depth",
            query={"pair": "{symbol}", "count": str(LEVELS)},
            parse=depth,
            fields=BOOK_FIELDS,
        ),
    },
)
