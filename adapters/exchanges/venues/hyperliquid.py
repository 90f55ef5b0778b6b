"""Hyperliquid: linear perpetuals, sizes in the coin, funding paid and given for each hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.json_values import (
    bps_over,
    from_ms,
    instruments,
    number,
    per_8h,
    record,
    rows,
    text_of,
)
from adapters.exchanges.order_book import BOOK_FIELDS, book_values, levels_of
from adapters.exchanges.rest_venue import (
    BadBodyError,
    Definitions,
    Endpoint,
    Instrument,
    MarketRule,
    Reading,
    RestVenue,
    SymbolPattern,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

FUNDING_INTERVAL_H: Final = 1.0
LEVELS: Final = 20
MARKET: Final = MarketRule("perpetual", ("USD", "USDC"))


def meta(body: Any) -> Mapping[str, Instrument]:
    """Read ``POST /info`` of type ``meta``: the coins."""
    return instruments(record(body, "meta").get("universe"), "name", "universe", _instrument)


def _instrument(coin: dict[str, Any]) -> Instrument:
    closed = "isDelisted" if coin.get("isDelisted") else ""
    return Instrument(closed=closed, base=text_of(coin, "name"), quote=MARKET.quotes[0])


def contexts(body: Any, symbol: str) -> Reading:
    """Read ``POST /info`` of type ``metaAndAssetCtxs``: the coins, then a context for each.

    Raises
    ------
    BadBodyError
        If the parts do not match, or neither contains the symbol.

    """
    parts = rows(body, "metaAndAssetCtxs")
    if len(parts) != 2:
        msg = f"metaAndAssetCtxs: expected two parts, found {len(parts)}"
        raise BadBodyError(msg)
    coins = rows(record(parts[0], "meta").get("universe"), "universe")
    names = [coin.get("name") if isinstance(coin, dict) else None for coin in coins]
    found = rows(parts[1], "contexts")
    if symbol not in names or len(found) != len(names):
        msg = f"metaAndAssetCtxs: no {symbol} in {len(names)} coins and {len(found)} contexts"
        raise BadBodyError(msg)
    row = record(found[names.index(symbol)], "context")
    mark, oracle = number(row.get("markPx")), number(row.get("oraclePx"))
    funding, interest = number(row.get("funding")), number(row.get("openInterest"))
    values = {
        "mark_price": mark,
        "index_price": oracle,
        "basis_bps": bps_over(mark, oracle),
        "funding_rate": funding,
        "funding_interval_h": FUNDING_INTERVAL_H,
        "funding_8h": per_8h(funding, FUNDING_INTERVAL_H),
        "open_interest_base": interest,
        "open_interest_quote": interest * mark,
        "change_24h_pct": bps_over(mark, number(row.get("prevDayPx"))) / 100,
        "turnover_24h_quote": number(row.get("dayNtlVlm")),
    }
    return Reading(values).unless_closed(_instrument(coins[names.index(symbol)]).closed)


def depth(body: Any, symbol: str) -> Reading:
    """Read ``POST /info`` of type ``l2Book``: at most 20 levels a side.

    Raises
    ------
    BadBodyError
        If the answer reports an error or is about something else.

    """
    book = record(body, "l2Book")
    if book.get("coin") != symbol:
        msg = f"l2Book: expected {symbol}, found {book.get('coin')!r}"
        raise BadBodyError(msg)
    sides = rows(book.get("levels"), "levels")
    if len(sides) != 2:
        msg = f"levels: expected bids and asks, found {len(sides)} lists"
        raise BadBodyError(msg)
    bids, asks = (levels_of(side, "px", "sz") for side in sides)
    return Reading(book_values(bids, asks, levels_asked=LEVELS), from_ms(book.get("time")))


VENUE: Final = RestVenue(
    name="hyperliquid",
    base_url="https://api.hyperliquid.xyz",
    weight_per_minute=1200,
    documentation="https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api",
    endpoints={
        "contexts": Endpoint(
            path="/info",
            json={"type": "metaAndAssetCtxs"},
            parse=contexts,
            fields={
                "mark_price": "USD",
                "index_price": "USD, the oracle's",
                "basis_bps": "mark over oracle, bps",
                "funding_rate": "fraction for one hour",
                "funding_interval_h": "hours between two fundings",
                "funding_8h": "fraction for 8 hours",
                "open_interest_base": "base currency, one side",
                "open_interest_quote": "USD, one side",
                "change_24h_pct": "percent",
                "turnover_24h_quote": "USD",
            },
            weight=20,
            definitions=("instruments",),
        ),
        "depth": Endpoint(
            path="/info",
            json={"type": "l2Book", "coin": "{symbol}"},
            parse=depth,
            fields=BOOK_FIELDS,
            weight=2,
            definitions=("instruments",),
        ),
    },
    definitions={
        "instruments": Definitions(
            path="/info", json={"type": "meta"}, parse=meta, weight=20, market=MARKET
        ),
    },
    symbols=SymbolPattern("{asset}"),
    instruments=SymbolPattern("{asset}-USD-PERP.HYPERLIQUID"),
    market=MARKET,
)
