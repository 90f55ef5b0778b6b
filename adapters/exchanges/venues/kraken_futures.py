"""Kraken futures: linear (``PF_``) and inverse (``PI_``) perpetuals, funding for each hour.

``fundingRate`` is absolute: USD for one unit of the base currency (linear), the base currency
for one USD (inverse). Where Kraken gives ``relativeFundingRate``, a fraction, that is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.json_values import (
    NAN,
    bps_over,
    from_iso,
    instruments,
    number,
    per_8h,
    ratio,
    record,
    text_of,
)
from adapters.exchanges.order_book import TOUCH_FIELDS, touch_or_nan
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
MARKET: Final = MarketRule("perpetual", ("USD",))
LINEAR_PERPETUAL: Final = "PF_"
INVERSE_PREFIXES: Final = ("PI_", "FI_")


def instrument_list(body: Any) -> Mapping[str, Instrument]:
    """Read ``GET /derivatives/api/v3/instruments``."""
    return instruments(_checked(body).get("instruments"), "symbol", "instruments", _instrument)


def _instrument(row: dict[str, Any]) -> Instrument:
    size = number(row.get("contractSize"))
    closed = "" if row.get("tradeable") is True else "not tradeable"
    symbol = text_of(row, "symbol").upper()
    if not symbol.startswith(LINEAR_PERPETUAL):
        return Instrument(size if size > 0 else NAN, closed)
    quote = text_of(row, "quote") or MARKET.quotes[0]
    base = text_of(row, "base") or symbol.removeprefix(LINEAR_PERPETUAL).removesuffix(quote)
    return Instrument(size if size > 0 else NAN, closed, base=base, quote=quote)


def _checked(body: Any) -> dict[str, Any]:
    answer = record(body, "body")
    if answer.get("result") != "success":
        msg = f"error {answer.get('error') or answer.get('errors') or answer.get('result')}"
        raise BadBodyError(msg)
    return answer


def ticker(body: Any, symbol: str) -> Reading:
    """Read ``GET /derivatives/api/v3/tickers/{symbol}``, or the list of all.

    Raises
    ------
    BadBodyError
        If the answer reports an error or is about something else.

    """
    answer = _checked(body)
    row = _row(answer, symbol)
    is_inverse = symbol.upper().startswith(INVERSE_PREFIXES)
    mark, index = number(row.get("markPrice")), number(row.get("indexPrice"))
    names = ("bid", "ask", "bidSize", "askSize")
    touch, problems = touch_or_nan(*(number(row.get(n)) for n in names))
    relative, absolute = number(row.get("relativeFundingRate")), number(row.get("fundingRate"))
    if relative != relative:  # noqa: PLR0124 - NaN: not given
        relative = absolute * index if is_inverse else ratio(absolute, index)
    interest = number(row.get("openInterest"))
    volume = "vol24h" if is_inverse else "volumeQuote"
    values = {
        **touch,
        "mark_price": mark,
        "index_price": index,
        "last_price": number(row.get("last")),
        "basis_bps": bps_over(mark, index),
        "funding_rate": relative,
        "funding_interval_h": FUNDING_INTERVAL_H,
        "funding_8h": per_8h(relative, FUNDING_INTERVAL_H),
        "open_interest_base": ratio(interest, mark) if is_inverse else interest,
        "open_interest_quote": interest if is_inverse else interest * mark,
        "change_24h_pct": number(row.get("change24h")),
        "turnover_24h_quote": number(row.get(volume)),
    }
    reading = Reading(values, server_ns=from_iso(answer.get("serverTime")), problems=problems)
    return reading.unless_closed("suspended" if row.get("suspended") is True else "")


def _row(answer: dict[str, Any], symbol: str) -> dict[str, Any]:
    one, many = answer.get("ticker"), answer.get("tickers")
    for row in [one, *(many if isinstance(many, list) else ())]:
        if isinstance(row, dict) and str(row.get("symbol")).upper() == symbol.upper():
            return row
    msg = f"tickers: nothing about {symbol} in it"
    raise BadBodyError(msg)


VENUE: Final = RestVenue(
    name="kraken_futures",
    base_url="https://futures.kraken.com",
    weight_per_minute=600,
    documentation="https://docs.kraken.com/api/docs/futures-api/trading/get-ticker",
    endpoints={
        "ticker": Endpoint(
            path="/derivatives/api/v3/tickers/{symbol}",
            parse=ticker,
            fields={
                **TOUCH_FIELDS,
                "mark_price": "USD",
                "index_price": "USD",
                "last_price": "USD",
                "basis_bps": "mark over index, bps",
                "funding_rate": "fraction for one hour",
                "funding_interval_h": "hours between two fundings",
                "funding_8h": "fraction for 8 hours",
                "open_interest_base": "base currency, one side",
                "open_interest_quote": "USD, one side",
                "change_24h_pct": "percent",
                "turnover_24h_quote": "USD",
            },
            definitions=("instruments",),
            contract_fields=("open_interest_base", "open_interest_quote"),
        ),
    },
    definitions={
        "instruments": Definitions(
            path="/derivatives/api/v3/instruments", parse=instrument_list, market=MARKET
        ),
    },
    symbols=SymbolPattern("PF_{asset}USD", {"BTC": "PF_XBTUSD"}),
    instruments=SymbolPattern("PF_{asset}USD.KRAKEN", {"BTC": "PF_XBTUSD.KRAKEN"}),
    market=MARKET,
)
