"""Deribit: inverse perpetuals (sizes in USD), options, the DVOL volatility index.

Deribit's funding is continuous. Both of its rates are for 8 hours: ``funding_8h`` is the rate of
the last 8 hours, ``current_funding`` the current rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.json_values import (
    NAN,
    at,
    bps_over,
    from_ms,
    from_us,
    instruments,
    newest_row,
    number,
    ratio,
    record,
    rows,
    text_of,
    unless,
)
from adapters.exchanges.order_book import BOOK_FIELDS, book_values
from adapters.exchanges.rest_venue import (
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

TOO_MANY_REQUESTS: Final = 10028
LEVELS: Final = 100
MARKET: Final = MarketRule("perpetual", ("USD", "USDC", "USDT"))
"""Of BTC and ETH the inverse contracts are the main ones."""
QUOTED_FOR_H: Final = 8.0


def result_of(body: Any) -> tuple[Any, int]:
    """Return the result of a JSON-RPC answer that is not an error, and the exchange's clock.

    Raises
    ------
    RateLimitedError
        If this address sends too many requests.
    BadBodyError
        If the body is another error.

    """
    answer = record(body, "body")
    if "error" in answer:
        error = answer["error"] if isinstance(answer["error"], dict) else {}
        kind = RateLimitedError if error.get("code") == TOO_MANY_REQUESTS else BadBodyError
        msg = f"error {error.get('code')}: {error.get('message')}"
        raise kind(msg)
    return answer.get("result"), from_us(answer.get("usOut"))


def get_instruments(body: Any) -> Mapping[str, Instrument]:
    """Read ``GET /api/v2/public/get_instruments``: sizes are amounts already, not contracts."""
    found, _ = result_of(body)
    return instruments(found, "instrument_name", "get_instruments", _instrument)


def _instrument(row: dict[str, Any]) -> Instrument:
    closed = "" if row.get("is_active") is True else "is_active is not true"
    if row.get("settlement_period") != "perpetual":
        return Instrument(closed=closed)
    return Instrument(
        closed=closed,
        base=text_of(row, "base_currency"),
        quote=text_of(row, "quote_currency"),
        is_inverse=row.get("instrument_type") == "reversed",
    )


def order_book(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v2/public/get_order_book`` of a perpetual.

    Names with an underscore (``BTC_USDC-PERPETUAL``) are linear; the others count in USD.

    Raises
    ------
    BadBodyError
        If the answer reports an error or is about something else.

    """
    found, server_ns = result_of(body)
    row = record(found, "result")
    if row.get("instrument_name") != symbol:
        msg = f"get_order_book: expected {symbol}, found {row.get('instrument_name')!r}"
        raise BadBodyError(msg)
    is_inverse = "_" not in symbol
    book = dict.fromkeys(BOOK_FIELDS, NAN)
    closed = unless(row, "state", "open", None)
    if not closed:
        book = book_values(
            row.get("bids"), row.get("asks"), levels_asked=LEVELS, sizes_in_quote=is_inverse
        )
    mark, index = number(row.get("mark_price")), number(row.get("index_price"))
    interest = number(row.get("open_interest"))
    stats = record(row.get("stats"), "stats")
    values = {
        **book,
        "mark_price": mark,
        "index_price": index,
        "last_price": number(row.get("last_price")),
        "basis_bps": bps_over(mark, index),
        "funding_8h": number(row.get("funding_8h")),
        "current_funding_8h": number(row.get("current_funding")),
        "funding_interval_h": QUOTED_FOR_H,
        "open_interest_base": ratio(interest, mark) if is_inverse else interest,
        "open_interest_quote": interest if is_inverse else interest * mark,
        "change_24h_pct": number(stats.get("price_change")),
        "turnover_24h_quote": number(stats.get("volume_usd")),
    }
    reading = Reading(values, from_ms(row.get("timestamp")), server_ns)
    return reading.unless_closed(closed)


def volatility_index(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v2/public/get_volatility_index_data``: [stamp, open, high, low, close]."""
    found, server_ns = result_of(body)
    row = newest_row(record(found, "result").get("data"), "get_volatility_index_data")
    return Reading({"volatility_index": at(row, 4)}, from_ms(row[0]), server_ns)


def option_summary(body: Any, symbol: str) -> Reading:
    """Read ``GET /api/v2/public/get_book_summary_by_currency``: names end in ``-C`` or ``-P``.

    Raises
    ------
    BadBodyError
        If the answer reports an error, or an entry is not an option with its numbers.

    """
    found, server_ns = result_of(body)
    interest, volume = {"-C": 0.0, "-P": 0.0}, {"-C": 0.0, "-P": 0.0}
    options = rows(found, "get_book_summary_by_currency")
    row = options[0]
    try:
        for row in options:
            side = row["instrument_name"][-2:]
            interest[side] += row["open_interest"] or 0.0
            volume[side] += row["volume"] or 0.0
    except (TypeError, LookupError):
        msg = f"get_book_summary_by_currency: {row!r:.200} is not an option with its numbers"
        raise BadBodyError(msg) from None
    values = {
        "put_call_open_interest": ratio(interest["-P"], interest["-C"]),
        "put_call_volume": ratio(volume["-P"], volume["-C"]),
        "option_open_interest_base": interest["-P"] + interest["-C"],
    }
    return Reading(values, from_ms(options[0].get("creation_timestamp")), server_ns)


_CURRENCY: Final = SymbolPattern("{asset}")

VENUE: Final = RestVenue(
    name="deribit",
    base_url="https://www.deribit.com",
    weight_per_minute=1200,
    documentation="https://docs.deribit.com/",
    endpoints={
        "order_book": Endpoint(
            path="/api/v2/public/get_order_book",
            query={"instrument_name": "{symbol}", "depth": str(LEVELS)},
            parse=order_book,
            fields={
                **BOOK_FIELDS,
                "mark_price": "USD",
                "index_price": "USD",
                "last_price": "USD",
                "basis_bps": "mark over index, bps",
                "funding_8h": "fraction for 8 hours, of the last 8 hours",
                "current_funding_8h": "fraction for 8 hours, of this moment",
                "funding_interval_h": "hours that the rate is given for (funding is continuous)",
                "open_interest_base": "base currency, one side",
                "open_interest_quote": "USD, one side",
                "change_24h_pct": "percent",
                "turnover_24h_quote": "USD",
            },
            definitions=("futures",),
        ),
        "volatility_index": Endpoint(
            symbols=_CURRENCY,
            path="/api/v2/public/get_volatility_index_data",
            query={
                "currency": "{symbol}",
                "start_timestamp": "{hour_ago_ms}",
                "end_timestamp": "{now_ms}",
                "resolution": "60",
            },
            parse=volatility_index,
            fields={"volatility_index": "percent a year, expected over the next 30 days"},
        ),
        "option_summary": Endpoint(
            symbols=_CURRENCY,
            path="/api/v2/public/get_book_summary_by_currency",
            query={"currency": "{symbol}", "kind": "option"},
            parse=option_summary,
            fields={
                "put_call_open_interest": "open interest of puts over that of calls",
                "put_call_volume": "24 h volume of puts over that of calls",
                "option_open_interest_base": "base currency, puts and calls",
            },
        ),
    },
    definitions={
        "futures": Definitions(
            path="/api/v2/public/get_instruments",
            query={"currency": "any", "kind": "future", "expired": "false"},
            parse=get_instruments,
            market=MARKET,
        ),
    },
    symbols=SymbolPattern(
        "{asset}_USDC-PERPETUAL", {"BTC": "BTC-PERPETUAL", "ETH": "ETH-PERPETUAL"}
    ),
    instruments=SymbolPattern(
        "{asset}_USDC-PERPETUAL.DERIBIT",
        {"BTC": "BTC-PERPETUAL.DERIBIT", "ETH": "ETH-PERPETUAL.DERIBIT"},
    ),
    market=MARKET,
)
