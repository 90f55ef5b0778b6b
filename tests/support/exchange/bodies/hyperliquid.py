"""Bodies of Hyperliquid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.exchange.bodies.moment import TICK, Moment, levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def hyperliquid_contexts(m: Moment) -> Any:
    """POST /info, metaAndAssetCtxs."""
    coins = ["BTC", "ETH", *(f"COIN{i}" for i in range(180))]
    contexts = [
        {
            "funding": "0.0000125",
            "openInterest": "33000.5",
            "prevDayPx": f"{m.price_of(coin) / 1.01:.2f}",
            "dayNtlVlm": "2500000000.25",
            "premium": "0.0001",
            "oraclePx": f"{m.price_of(coin):.2f}",
            "markPx": f"{m.price_of(coin) * 1.0001:.2f}",
            "midPx": f"{m.price_of(coin):.2f}",
            "impactPxs": None,
            "dayBaseVlm": "1.0",
        }
        for coin in coins
    ]
    universe = [{"name": coin, "szDecimals": 5, "maxLeverage": 40} for coin in coins]
    return [{"universe": universe, "marginTables": []}, contexts]


def hyperliquid_book(m: Moment) -> Any:
    """POST /info, l2Book."""
    price = m.price_of(m.query["coin"])
    sides = [
        [{"px": p, "sz": s, "n": 3} for p, s in levels(price, step, 20)] for step in (-TICK, TICK)
    ]
    return {"coin": m.query["coin"], "time": m.unix_ms, "levels": sides}


POST_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "metaAndAssetCtxs": hyperliquid_contexts,
    "l2Book": hyperliquid_book,
}
