"""Coinbase: spot against US dollars, from the public part of the Advanced Trade API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.json_values import (
    NAN,
    from_iso,
    instruments,
    number,
    record,
    text_of,
    unless,
)
from adapters.exchanges.order_book import BOOK_FIELDS, book_values, levels_of, touch_values
from adapters.exchanges.rest_venue import (
    ApiRequest,
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

LEVELS: Final = 100
MARKET: Final = MarketRule("spot", ("USD", "USDC"))
CLOSED_BY: Final = ("is_disabled", "trading_disabled", "view_only", "cancel_only")
"""Members of a product that are true while it is not traded."""


def _checked(body: Any, what: str) -> dict[str, Any]:
    answer = record(body, what)
    if "error" in answer:
        msg = f"error {answer['error']}: {answer.get('message')}"
        raise BadBodyError(msg)
    return answer


def ticker(body: Any, symbol: str) -> Reading:
    """Read ``GET .../market/products/{symbol}/ticker``: the touch, and the last trades.

    The stamps are those of the trades, not of the touch.
    """
    answer = _checked(body, "ticker")
    touch = touch_values(number(answer.get("best_bid")), number(answer.get("best_ask")))
    trades = answer.get("trades")
    last = trades[0] if isinstance(trades, list) and trades else None
    price = number(last.get("price")) if isinstance(last, dict) else NAN
    return Reading({"mid": touch["mid"], "spread_bps": touch["spread_bps"], "last_price": price})


def depth(body: Any, symbol: str) -> Reading:
    """Read ``GET .../market/product_book``.

    Raises
    ------
    BadBodyError
        If the answer reports an error or is about something else.

    """
    book = record(_checked(body, "product_book").get("pricebook"), "pricebook")
    if book.get("product_id") != symbol:
        msg = f"product_book: expected {symbol}, found {book.get('product_id')!r}"
        raise BadBodyError(msg)
    bids, asks = (levels_of(book.get(side), "price", "size") for side in ("bids", "asks"))
    return Reading(book_values(bids, asks, levels_asked=LEVELS), from_iso(book.get("time")))


def definition(body: Any) -> Mapping[str, Instrument]:
    """Read ``GET .../market/products/{symbol}``, or the list of all, as definitions."""
    answer = _checked(body, "product")
    return instruments(answer.get("products", [answer]), "product_id", "product", _instrument)


def _instrument(row: dict[str, Any]) -> Instrument:
    if row.get("product_type") != "SPOT":
        return Instrument(closed=_closed(row))
    base, quote = text_of(row, "base_currency_id"), text_of(row, "quote_currency_id")
    return Instrument(closed=_closed(row), base=base, quote=quote)


def _closed(product: dict[str, Any]) -> str:
    reasons = [name for name in CLOSED_BY if product.get(name) is True]
    return ", ".join(reasons) or unless(product, "status", "online", "", None)


def product(body: Any, symbol: str) -> Reading:
    """Read ``GET .../market/products/{symbol}``: the change in percent, with ``%`` or without.

    Raises
    ------
    BadBodyError
        If the answer reports an error or is about something else.

    """
    answer = _checked(body, "product")
    if answer.get("product_id") != symbol:
        msg = f"product: expected {symbol}, found {answer.get('product_id')!r}"
        raise BadBodyError(msg)
    change = answer.get("price_percentage_change_24h")
    price, volume = number(answer.get("price")), number(answer.get("volume_24h"))
    values = {
        "last_price": price,
        "change_24h_pct": number(change.removesuffix("%") if isinstance(change, str) else change),
        "turnover_24h_quote": volume * price,
    }
    return Reading(values).unless_closed(_closed(answer))


_MARKET: Final = "/api/v3/brokerage/market"
_TRADED: Final = ("product",)

VENUE: Final = RestVenue(
    name="coinbase",
    base_url="https://api.coinbase.com",
    weight_per_minute=600,
    documentation="https://docs.cdp.coinbase.com/api-reference/advanced-trade-api",
    endpoints={
        "ticker": Endpoint(
            path=f"{_MARKET}/products/{{symbol}}/ticker",
            query={"limit": "1"},
            parse=ticker,
            fields={
                "mid": "quote currency",
                "spread_bps": "best ask over best bid, bps of the mid",
                "last_price": "quote currency",
            },
            definitions=_TRADED,
        ),
        "depth": Endpoint(
            path=f"{_MARKET}/product_book",
            query={"product_id": "{symbol}", "limit": str(LEVELS)},
            parse=depth,
            fields=BOOK_FIELDS,
            definitions=_TRADED,
        ),
        "product": Endpoint(
            path=f"{_MARKET}/products/{{symbol}}",
            parse=product,
            fields={
                "last_price": "quote currency",
                "change_24h_pct": "percent",
                "turnover_24h_quote": "quote currency (base volume times last price)",
            },
            definitions=_TRADED,
        ),
    },
    definitions={
        "product": Definitions(
            path=f"{_MARKET}/products/{{symbol}}",
            parse=definition,
            whole=ApiRequest(path=f"{_MARKET}/products", query={"product_type": "SPOT"}),
            market=MARKET,
        ),
    },
    symbols=SymbolPattern("{asset}-USD"),
    instruments=SymbolPattern("{asset}-USD.COINBASE"),
    market=MARKET,
)
