"""OKX: linear swaps, whose sizes are contracts of an amount that their definition gives; spot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.json_values import (
    NAN,
    at,
    bps_over,
    from_ms,
    instruments,
    newest_row,
    number,
    only,
    per_8h,
    ratio,
    record,
    text_of,
    unless,
)
from adapters.exchanges.order_book import (
    BOOK_FIELDS,
    DEPTH_FIELDS,
    TOUCH_FIELDS,
    book_values,
    touch_or_nan,
)
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

RATE_LIMIT_CODES: Final = ("50011", "50013", "50061")
LEVELS: Final = 100
SWAP: Final = "-SWAP"
MARKETS: Final = {
    "SWAP": MarketRule("perpetual", ("USDT", "USDC")),
    "SPOT": MarketRule("spot", ("USDT", "USDC")),
}
UNKNOWN_INSTRUMENT: Final = "51001"
MS_PER_H: Final = 3_600_000


def data_of(body: Any) -> Any:
    """Return the data of a body that is not an error; else raise BadBodyError."""
    answer = record(body, "body")
    code = answer.get("code")
    if code != "0":
        kind = RateLimitedError if code in RATE_LIMIT_CODES else BadBodyError
        msg = f"error {code}: {answer.get('msg')}"
        raise kind(msg)
    return answer.get("data")


def _row(body: Any, symbol: str, what: str) -> dict[str, Any]:
    row = only(data_of(body), what)
    if row.get("instId") != symbol:
        msg = f"{what}: expected {symbol}, found {row.get('instId')!r}"
        raise BadBodyError(msg)
    return row


def public_instruments(body: Any) -> Mapping[str, Instrument]:
    """Read ``GET /api/v5/public/instruments``: a swap's contract is ``ctVal`` by ``ctMult``.

    An instrument that does not exist (any more) is answered with an error of its own.
    """
    if isinstance(body, dict) and body.get("code") == UNKNOWN_INSTRUMENT:
        return {}
    return instruments(data_of(body), "instId", "instruments", _instrument)


def _instrument(row: dict[str, Any]) -> Instrument:
    closed = unless(row, "state", "live")
    if row.get("instType") == "SPOT":
        base, quote = text_of(row, "baseCcy"), text_of(row, "quoteCcy")
        return Instrument(closed=closed, base=base, quote=quote)
    size = number(row.get("ctVal")) * number(row.get("ctMult") or 1)
    name = text_of(row, "instId")
    if not name.endswith(SWAP):
        return Instrument(size if size > 0 else NAN, closed)
    family = text_of(row, "instFamily") or name.removesuffix(SWAP)
    base, _, quote = family.partition("-")
    return Instrument(size if size > 0 else NAN, closed, base=base, quote=quote)


def funding_rate(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v5/public/funding-rate``: two funding times give the interval."""
    row = _row(body, symbol, "funding-rate")
    due, after = number(row.get("fundingTime")), number(row.get("nextFundingTime"))
    funding, hours = number(row.get("fundingRate")), (after - due) / MS_PER_H
    values = {
        "funding_rate": funding,
        "funding_interval_h": hours,
        "funding_8h": per_8h(funding, hours),
        "minutes_to_funding": (due - number(row.get("ts"))) / 60_000,
    }
    return Reading(values, from_ms(row.get("ts")))


def mark_price(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v5/public/mark-price``."""
    row = _row(body, symbol, "mark-price")
    return Reading({"mark_price": number(row.get("markPx"))}, from_ms(row.get("ts")))


def index_price(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v5/market/index-tickers``."""
    row = _row(body, symbol, "index-tickers")
    return Reading({"index_price": number(row.get("idxPx"))}, from_ms(row.get("ts")))


def open_interest(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v5/public/open-interest``: contracts, coin and USD, one side."""
    row = _row(body, symbol, "open-interest")
    values = {
        "open_interest_base": number(row.get("oiCcy")),
        "open_interest_usd": number(row.get("oiUsd")),
    }
    return Reading(values, from_ms(row.get("ts")))


def ticker(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v5/market/ticker``.

    ``volCcy24h`` is the base currency for a swap and the quote currency for spot.
    """
    row = _row(body, symbol, "ticker")
    touch, problems = touch_or_nan(
        *(number(row.get(name)) for name in ("bidPx", "askPx", "bidSz", "askSz"))
    )
    last = number(row.get("last"))
    volume = number(row.get("volCcy24h"))
    values = {
        **touch,
        "last_price": last,
        "change_24h_pct": bps_over(last, number(row.get("open24h"))) / 100,
        "turnover_24h_quote": volume if row.get("instType") == "SPOT" else volume * last,
    }
    return Reading(values, from_ms(row.get("ts")), problems=problems)


def depth(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v5/market/books``, which does not repeat the symbol and counts contracts.

    Contracts of ``-USD-`` swaps and futures are inverse: amounts of USD.
    """
    book = only(data_of(body), "books")
    values = book_values(
        book.get("bids"),
        book.get("asks"),
        levels_asked=LEVELS,
        sizes_in_quote="-USD-" in symbol,
    )
    return Reading(values, from_ms(book.get("ts")))


def long_short(body: Any, symbol: str) -> Reading:
    """Read a long/short ratio of ``GET /api/v5/rubik/stat/contracts/...``: [stamp, ratio]."""
    row = newest_row(data_of(body), "long/short")
    return Reading({"long_short": at(row, 1)}, from_ms(row[0]))


def taker_volume(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v5/rubik/stat/taker-volume``: [stamp, sold, bought]."""
    row = newest_row(data_of(body), "taker-volume")
    return Reading({"taker_buy_sell": ratio(at(row, 2), at(row, 1))}, from_ms(row[0]))


_INSTRUMENT: Final = {"instId": "{symbol}"}
_TRADED: Final = ("swap", "spot", "futures")
_STATISTICS: Final = "/api/v5/rubik/stat/contracts"
_LONG_SHORT_FIELDS: Final = {"long_short": "longs over shorts"}

VENUE: Final = RestVenue(
    name="okx",
    base_url="https://www.okx.com",
    weight_per_minute=1200,
    documentation="https://www.okx.com/docs-v5/en/",
    endpoints={
        "funding_rate": Endpoint(
            path="/api/v5/public/funding-rate",
            query=_INSTRUMENT,
            parse=funding_rate,
            fields={
                "funding_rate": "fraction for one funding interval",
                "funding_interval_h": "hours between two fundings",
                "funding_8h": "fraction for 8 hours",
                "minutes_to_funding": "minutes",
            },
            definitions=_TRADED,
        ),
        "mark_price": Endpoint(
            path="/api/v5/public/mark-price",
            query={"instType": "SWAP", **_INSTRUMENT},
            parse=mark_price,
            fields={"mark_price": "quote currency"},
            definitions=_TRADED,
        ),
        "index_price": Endpoint(
            path="/api/v5/market/index-tickers",
            query=_INSTRUMENT,
            parse=index_price,
            fields={"index_price": "quote currency"},
            symbols=SymbolPattern("{asset}-USDT"),
        ),
        "open_interest": Endpoint(
            path="/api/v5/public/open-interest",
            query={"instType": "SWAP", **_INSTRUMENT},
            parse=open_interest,
            fields={
                "open_interest_base": "base currency, one side",
                "open_interest_usd": "USD, one side",
            },
            definitions=_TRADED,
        ),
        "ticker": Endpoint(
            path="/api/v5/market/ticker",
            query=_INSTRUMENT,
            parse=ticker,
            fields={
                **TOUCH_FIELDS,
                "last_price": "quote currency",
                "change_24h_pct": "percent",
                "turnover_24h_quote": "quote currency (swap: base volume times last price)",
            },
            definitions=_TRADED,
        ),
        "depth": Endpoint(
            path="/api/v5/market/books",
            query={**_INSTRUMENT, "sz": str(LEVELS)},
            parse=depth,
            fields=BOOK_FIELDS,
            contract_fields=DEPTH_FIELDS,
            definitions=_TRADED,
        ),
        "long_short_accounts": Endpoint(
            path=f"{_STATISTICS}/long-short-account-ratio-contract",
            query={**_INSTRUMENT, "period": "5m", "limit": "2"},
            parse=long_short,
            fields=_LONG_SHORT_FIELDS,
            definitions=_TRADED,
        ),
        "top_long_short_accounts": Endpoint(
            path=f"{_STATISTICS}/long-short-account-ratio-contract-top-trader",
            query={**_INSTRUMENT, "period": "5m", "limit": "2"},
            parse=long_short,
            fields=_LONG_SHORT_FIELDS,
            definitions=_TRADED,
        ),
        "top_long_short_positions": Endpoint(
            path=f"{_STATISTICS}/long-short-position-ratio-contract-top-trader",
            query={**_INSTRUMENT, "period": "5m", "limit": "2"},
            parse=long_short,
            fields=_LONG_SHORT_FIELDS,
            definitions=_TRADED,
        ),
        "taker_volume": Endpoint(
            path="/api/v5/rubik/stat/taker-volume",
            query={"ccy": "{symbol}", "instType": "CONTRACTS", "period": "5m"},
            parse=taker_volume,
            fields={"taker_buy_sell": "volume bought by takers over volume sold, 5 minutes"},
            symbols=SymbolPattern("{asset}"),
        ),
    },
    definitions={
        kind.lower(): Definitions(
            path="/api/v5/public/instruments",
            query={"instType": kind, **_INSTRUMENT},
            parse=public_instruments,
            symbols=symbols,
            whole=ApiRequest(path="/api/v5/public/instruments", query={"instType": kind}),
            market=MARKETS.get(kind),
        )
        for kind, symbols in (
            ("SWAP", ".+-SWAP"),
            ("SPOT", "[^-]+-[^-]+"),
            ("FUTURES", ".+-[0-9]{6}"),
        )
    },
    symbols=SymbolPattern("{asset}-USDT-SWAP"),
    instruments=SymbolPattern("{asset}-USDT-SWAP.OKX"),
    market=MARKETS["SWAP"],
)
