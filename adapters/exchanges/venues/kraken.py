"""Kraken spot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.json_values import at, number, record, text_of, unless
from adapters.exchanges.order_book import BOOK_FIELDS, TOUCH_FIELDS, book_values, touch_values
from adapters.exchanges.rest_venue import (
    ApiRequest,
    BadBodyError,
    Definitions,
    Endpoint,
    Instrument,
    MarketRule,
    RateLimitedError,
    Reading,
    RestVenue,
    SymbolPattern,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

RATE_LIMIT_WORDS: Final = ("rate limit", "too many requests", "temporary lockout")
LEVELS: Final = 100
MARKET: Final = MarketRule("spot", ("USD", "USDC", "USDT"))
UNKNOWN_PAIR: Final = ["EQuery:Unknown asset pair"]
TRADED_STATES: Final = ("online", "post_only", "limit_only", "reduce_only")
_TRADED: Final = ("pair",)


def _result(body: Any) -> dict[str, Any]:
    """Return the object of the requested pair; Kraken may use another name for it (XXBTZUSD)."""
    found = record(_checked(record(body, "body")).get("result"), "result")
    pairs = [row for row in found.values() if isinstance(row, dict)]
    if len(pairs) != 1:
        msg = f"result: expected one pair, found {len(pairs)}"
        raise BadBodyError(msg)
    return pairs[0]


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    errors = answer.get("error")
    if errors:
        text = ", ".join(map(str, errors)) if isinstance(errors, list) else str(errors)
        is_limit = any(word in text.lower() for word in RATE_LIMIT_WORDS)
        msg = f"error {text}"
        raise (RateLimitedError if is_limit else BadBodyError)(msg)
    return answer


def asset_pairs(body: Any) -> Mapping[str, Instrument]:
    """Read ``GET /0/public/AssetPairs``: a pair under each of its three names."""
    answer = record(body, "body")
    if answer.get("error") == UNKNOWN_PAIR:
        return {}
    found = record(_checked(answer).get("result"), "result")
    defined: dict[str, Instrument] = {}
    for name, entry in found.items():
        row = record(entry, "AssetPairs")
        base, _, quote = text_of(row, "wsname").partition("/")
        closed = unless(row, "status", *TRADED_STATES)
        instrument = Instrument(closed=closed, base=base, quote=quote)
        names = (name, str(row.get("altname")), str(row.get("wsname")))
        defined |= dict.fromkeys(names, instrument)
    return defined


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
            definitions=_TRADED,
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
            definitions=_TRADED,
        ),
    },
    definitions={
        "pair": Definitions(
            path="/0/public/AssetPairs",
            query={"pair": "{symbol}"},
            parse=asset_pairs,
            whole=ApiRequest(path="/0/public/AssetPairs"),
            market=MARKET,
        ),
    },
    symbols=SymbolPattern("{asset}USD", {"BTC": "XBTUSD", "DOGE": "XDGUSD"}),
    instruments=SymbolPattern("{asset}/USD.KRAKEN"),
    market=MARKET,
)
