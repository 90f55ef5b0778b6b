"""Bodies of Deribit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.exchange.bodies.moment import TICK, Moment, asked_levels, levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _deribit(m: Moment, result: Any) -> Any:
    us = m.unix_ms * 1000
    return {"jsonrpc": "2.0", "result": result, "testnet": False, "usIn": us, "usOut": us,
            "usDiff": 0}  # fmt: skip


def deribit_book(m: Moment) -> Any:
    """GET /api/v2/public/get_order_book."""
    name = m.query["instrument_name"]
    price, n = m.price_of(name), asked_levels(m, "depth")
    sides = {"bids": levels(price, -TICK, n, 10_000), "asks": levels(price, TICK, n, 10_000)}
    numbers = {k: [[float(x) for x in level] for level in side] for k, side in sides.items()}
    result = {
        **numbers,
        "timestamp": m.unix_ms,
        "instrument_name": name,
        "index_price": price,
        "mark_price": price * 1.0001,
        "last_price": price,
        "funding_8h": 6.55e-6,
        "current_funding": 1e-5,
        "open_interest": 1139551440.0,
        "stats": {
            "high": price * 1.01,
            "low": price * 0.99,
            "price_change": -0.8292,
            "volume": 5052.9374427,
            "volume_notional": 442197230.0,
            "volume_usd": 442197230.0,
        },
        "state": "open",
    }
    return _deribit(m, result)


def deribit_dvol(m: Moment) -> Any:
    """GET /api/v2/public/get_volatility_index_data."""
    minute = m.unix_ms // 60_000 * 60_000
    data = [[minute - 60_000, 48.0, 48.2, 47.9, 48.1], [minute, 48.1, 48.3, 48.0, 48.25]]
    return _deribit(m, {"data": data, "continuation": None})


def deribit_options(m: Moment) -> Any:
    """GET /api/v2/public/get_book_summary_by_currency."""
    rows = [
        {
            "instrument_name": f"BTC-25DEC26-{40_000 + 1000 * i}-{side}",
            "open_interest": 10.0 if side == "C" else 6.0,
            "volume": 2.0 if side == "C" else 3.0,
            "creation_timestamp": m.unix_ms,
            "mark_iv": 50.0,
            "bid_price": None,
            "underlying_price": m.price,
        }
        for i in range(400)
        for side in "CP"
    ]
    return _deribit(m, rows)


GET_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "/api/v2/public/get_order_book": deribit_book,
    "/api/v2/public/get_volatility_index_data": deribit_dvol,
    "/api/v2/public/get_book_summary_by_currency": deribit_options,
}
