"""alternative.me: the fear & greed index, and the crypto market as a whole."""

from __future__ import annotations

from typing import Any, Final

from adapters.exchanges.json_values import from_s, newest, number, record
from adapters.exchanges.rest_venue import BadBodyError, Endpoint, Reading, RestVenue


def _data(body: Any, what: str) -> Any:
    answer = record(body, what)
    metadata = answer.get("metadata")
    error = metadata.get("error") if isinstance(metadata, dict) else None
    if error:
        msg = f"error {error}"
        raise BadBodyError(msg)
    return answer.get("data")


def fear_greed(body: Any, symbol: str) -> Reading:
    """Read ``GET /fng/``: an object with ``data``, or that array alone (``format=json`` files)."""
    found = body if isinstance(body, list) else _data(body, "fng")
    row = newest(found, "timestamp", "fng")
    return Reading({"fear_greed": number(row.get("value"))}, from_s(row["timestamp"]))


def market(body: Any, symbol: str) -> Reading:
    """Read ``GET /v2/global/``.

    The dominance has been seen both as a percentage and as a fraction; a share of 1 or less
    is a fraction, as Bitcoin's has never been below a few percent.
    """
    row = record(_data(body, "global"), "data")
    quotes = record(row.get("quotes"), "quotes")
    usd = record(quotes.get("USD"), "USD")
    share = number(row.get("bitcoin_percentage_of_market_cap"))
    values = {
        "btc_dominance_pct": share * 100 if 0 < share <= 1 else share,
        "market_cap_usd": number(usd.get("total_market_cap")),
        "turnover_24h_usd": number(usd.get("total_volume_24h")),
    }
    return Reading(values, from_s(row.get("last_updated")))


VENUE: Final = RestVenue(
    name="alternative_me",
    base_url="https://api.alternative.me",
    weight_per_minute=60,
    documentation="https://alternative.me/crypto/api/",
    endpoints={
        "fear_greed": Endpoint(
            path="/fng/",
            query={"limit": "1"},
            parse=fear_greed,
            fields={"fear_greed": "0 (extreme fear) to 100 (extreme greed), daily"},
        ),
        "market": Endpoint(
            path="/v2/global/",
            parse=market,
            fields={
                "btc_dominance_pct": "percent of the market's capitalisation",
                "market_cap_usd": "USD",
                "turnover_24h_usd": "USD",
            },
        ),
    },
)
