"""Bodies of alternative.me."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment


def fear_greed(m: Moment) -> Any:
    """GET /fng/."""
    day = m.unix_ms // 86_400_000 * 86_400
    row = {"value": "55", "value_classification": "Greed", "timestamp": str(day),
           "time_until_update": "36278"}  # fmt: skip
    return {"name": "Fear and Greed Index", "data": [row], "metadata": {"error": None}}


def crypto_market(m: Moment) -> Any:
    """GET /v2/global/."""
    usd = {"total_market_cap": 3_400_000_000_000, "total_volume_24h": 120_000_000_000}
    data = {
        "active_cryptocurrencies": 10_000,
        "active_markets": 11_000,
        "bitcoin_percentage_of_market_cap": 0.5712,
        "quotes": {"USD": usd},
        "last_updated": m.unix_ms // 1000 - 60,
    }
    return {"data": data, "metadata": {"timestamp": m.unix_ms // 1000, "error": None}}


GET_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "/fng/": fear_greed,
    "/v2/global/": crypto_market,
}
