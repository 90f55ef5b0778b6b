"""Bybit: linear and inverse perpetuals.

Bybit's open interest counts both sides of each contract; half of it corresponds to the open
interest of other exchanges. Where ``singleOpenInterest`` is present, it is used. An inverse
contract is worth 1 USD: its sizes, volumes and open interest are USD, its turnover is in the coin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.json_values import (
    NAN,
    bps_over,
    from_ms,
    instruments,
    newest,
    number,
    per_8h,
    ratio,
    record,
    row_of_symbol,
    rows,
    text_of,
    unless,
)
from adapters.exchanges.order_book import BOOK_FIELDS, TOUCH_FIELDS, book_values, touch_or_nan
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

RATE_LIMIT_CODES: Final = (10006, 10018)
LEVELS: Final = 200
SIDES: Final = 2
MOST_INSTRUMENTS: Final = 1000
"""Of one answer; Bybit lists some 700 linear contracts."""
MARKET: Final = MarketRule("perpetual", ("USDT", "USDC"))
INVERSE_MARKET: Final = MarketRule("perpetual", ("USD",))


def result_of(body: Any) -> tuple[dict[str, Any], int]:
    """Return the result of a body that is not an error, and the exchange's clock.

    Raises
    ------
    RateLimitedError
        If this address sends too many requests.
    BadBodyError
        If the body is another error.

    """
    answer = record(body, "body")
    code = answer.get("retCode")
    if code != 0:
        kind = RateLimitedError if code in RATE_LIMIT_CODES else BadBodyError
        msg = f"error {code}: {answer.get('retMsg')}"
        raise kind(msg)
    return record(answer.get("result"), "result"), from_ms(answer.get("time"))


def one_side(row: dict[str, Any]) -> float:
    """Return the open interest of one side: contracts."""
    single = number(row.get("singleOpenInterest"))
    return single if single >= 0 else number(row.get("openInterest")) / SIDES


def instruments_info(body: Any) -> Mapping[str, Instrument]:
    """Read ``GET /v5/market/instruments-info``: a contract is 1 of the coin (inverse: 1 USD).

    A symbol that is not traded any more is answered with an empty list.

    Raises
    ------
    BadBodyError
        If the answer reports an error, or may be the first of several.

    """
    result, _ = result_of(body)
    found = instruments(result.get("list"), "symbol", "instruments-info", _instrument)
    if len(found) >= MOST_INSTRUMENTS:
        msg = f"instruments-info: expected less than {MOST_INSTRUMENTS}, found {len(found)}"
        raise BadBodyError(msg)
    return found


def _instrument(row: dict[str, Any]) -> Instrument:
    closed = unless(row, "status", "Trading", "PreLaunch")
    if not text_of(row, "contractType").endswith("Perpetual"):
        return Instrument(closed=closed)
    return Instrument(
        closed=closed, base=text_of(row, "baseCoin"), quote=text_of(row, "quoteCoin")
    )


def ticker(body: Any, symbol: str) -> Reading:
    """Read ``GET /v5/market/tickers`` of a linear or inverse perpetual."""
    result, server_ns = result_of(body)
    row = row_of_symbol(rows(result.get("list"), "list"), symbol, "tickers")
    is_inverse = result.get("category") == "inverse"
    mark, index = number(row.get("markPrice")), number(row.get("indexPrice"))
    funding, hours = number(row.get("fundingRate")), number(row.get("fundingIntervalHour"))
    contracts = one_side(row)
    names = ("bid1Price", "ask1Price", "bid1Size", "ask1Size")
    touch, problems = touch_or_nan(*(number(row.get(n)) for n in names))
    next_ms = number(row.get("nextFundingTime"))
    values = {
        **touch,
        "mark_price": mark,
        "index_price": index,
        "last_price": number(row.get("lastPrice")),
        "basis_bps": bps_over(mark, index),
        "funding_rate": funding,
        "funding_interval_h": hours,
        "funding_8h": per_8h(funding, hours),
        "minutes_to_funding": (next_ms - server_ns / 1e6) / 60_000 if server_ns else NAN,
        "open_interest_base": ratio(contracts, mark) if is_inverse else contracts,
        "open_interest_quote": contracts if is_inverse else contracts * mark,
        "change_24h_pct": number(row.get("price24hPcnt")) * 100,
        "turnover_24h_quote": number(row.get("volume24h" if is_inverse else "turnover24h")),
    }
    return Reading(values, server_ns=server_ns, problems=problems)


def depth(body: Any, symbol: str) -> Reading:
    """Read ``GET /v5/market/orderbook`` of a linear perpetual: sizes in the base currency.

    Raises
    ------
    BadBodyError
        If the answer reports an error or is about something else.

    """
    result, server_ns = result_of(body)
    if result.get("s") != symbol:
        msg = f"orderbook: expected {symbol}, found {result.get('s')!r}"
        raise BadBodyError(msg)
    values = book_values(result.get("b"), result.get("a"), levels_asked=LEVELS)
    return Reading(values, from_ms(result.get("cts")) or from_ms(result.get("ts")), server_ns)


def long_short_accounts(body: Any, symbol: str) -> Reading:
    """Read ``GET /v5/market/account-ratio``: shares of accounts that are long and short."""
    result, server_ns = result_of(body)
    row = newest(result.get("list"), "timestamp", "account-ratio")
    row_of_symbol(row, symbol, "account-ratio")
    value = ratio(number(row.get("buyRatio")), number(row.get("sellRatio")))
    return Reading({"long_short": value}, from_ms(row["timestamp"]), server_ns)


def open_interest(body: Any, symbol: str) -> Reading:
    """Read ``GET /v5/market/open-interest``: USD if the contract is inverse, else the coin."""
    result, server_ns = result_of(body)
    row_of_symbol(result, symbol, "open-interest")
    row = newest(result.get("list"), "timestamp", "open-interest")
    values = {"open_interest_contracts": one_side(row)}
    return Reading(values, from_ms(row["timestamp"]), server_ns)


def funding_history(body: Any, symbol: str) -> Reading:
    """Read ``GET /v5/market/funding/history``: the last rate paid, newest first."""
    result, server_ns = result_of(body)
    row = newest(result.get("list"), "fundingRateTimestamp", "funding/history")
    row_of_symbol(row, symbol, "funding/history")
    values = {"paid_funding_rate": number(row.get("fundingRate"))}
    return Reading(values, from_ms(row["fundingRateTimestamp"]), server_ns)


_SYMBOL: Final = {"category": "linear", "symbol": "{symbol}"}
_INVERSE: Final = {**_SYMBOL, "category": "inverse"}
_TRADED: Final = ("linear",)
_TICKER_FIELDS: Final = {
    **TOUCH_FIELDS,
    "mark_price": "quote currency",
    "index_price": "quote currency",
    "last_price": "quote currency",
    "basis_bps": "mark over index, bps",
    "funding_rate": "fraction for one funding interval",
    "funding_interval_h": "hours between two fundings",
    "funding_8h": "fraction for 8 hours",
    "minutes_to_funding": "minutes",
    "open_interest_base": "base currency, one side",
    "open_interest_quote": "quote currency, one side",
    "change_24h_pct": "percent",
    "turnover_24h_quote": "quote currency",
}

VENUE: Final = RestVenue(
    name="bybit",
    base_url="https://api.bybit.com",
    weight_per_minute=7200,
    documentation="https://bybit-exchange.github.io/docs/v5/market/tickers",
    endpoints={
        "ticker": Endpoint(
            path="/v5/market/tickers",
            query=_SYMBOL,
            parse=ticker,
            fields=_TICKER_FIELDS,
            definitions=_TRADED,
        ),
        "inverse_ticker": Endpoint(
            path="/v5/market/tickers",
            query=_INVERSE,
            parse=ticker,
            fields=_TICKER_FIELDS,
            definitions=("inverse",),
            symbols=SymbolPattern("{asset}USD"),
        ),
        "depth": Endpoint(
            path="/v5/market/orderbook",
            query={**_SYMBOL, "limit": str(LEVELS)},
            parse=depth,
            fields=BOOK_FIELDS,
            definitions=_TRADED,
        ),
        "long_short_accounts": Endpoint(
            path="/v5/market/account-ratio",
            query={**_SYMBOL, "period": "5min", "limit": "2"},
            parse=long_short_accounts,
            fields={"long_short": "accounts long over accounts short"},
            definitions=_TRADED,
        ),
        "open_interest": Endpoint(
            path="/v5/market/open-interest",
            query={**_SYMBOL, "intervalTime": "5min", "limit": "2"},
            parse=open_interest,
            fields={"open_interest_contracts": "base currency (inverse: USD), one side"},
            definitions=_TRADED,
        ),
        "funding_history": Endpoint(
            path="/v5/market/funding/history",
            query={**_SYMBOL, "limit": "2"},
            parse=funding_history,
            fields={"paid_funding_rate": "fraction for one funding interval, as last paid"},
            definitions=_TRADED,
        ),
    },
    definitions={
        category: Definitions(
            path="/v5/market/instruments-info",
            query=query,
            parse=instruments_info,
            whole=ApiRequest(
                path="/v5/market/instruments-info",
                query={"category": category, "limit": str(MOST_INSTRUMENTS)},
            ),
            market=market,
        )
        for category, query, market in (
            ("linear", _SYMBOL, MARKET),
            ("inverse", _INVERSE, INVERSE_MARKET),
        )
    },
    symbols=SymbolPattern("{asset}USDT"),
    instruments=SymbolPattern("{asset}USDT-LINEAR.BYBIT"),
    market=MARKET,
)
