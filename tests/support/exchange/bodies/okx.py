"""Bodies of OKX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.exchange.bodies.moment import TICK, Moment, asked_levels, levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _okx(data: Any) -> Any:
    return {"code": "0", "msg": "", "data": data}


def okx_funding(m: Moment) -> Any:
    """GET /api/v5/public/funding-rate."""
    due = m.unix_ms + 1_800_000
    row = {
        "instType": "SWAP",
        "instId": m.query["instId"],
        "fundingRate": "0.0001",
        "nextFundingRate": "",
        "fundingTime": str(due),
        "nextFundingTime": str(due + 28_800_000),
        "ts": str(m.unix_ms),
    }
    return _okx([row])


def okx_mark(m: Moment) -> Any:
    """GET /api/v5/public/mark-price."""
    price = m.price_of(m.query["instId"]) * 1.0001
    row = {"instType": "SWAP", "instId": m.query["instId"], "markPx": f"{price:.2f}"}
    return _okx([{**row, "ts": str(m.unix_ms)}])


def okx_index(m: Moment) -> Any:
    """GET /api/v5/market/index-tickers."""
    price = m.price_of(m.query["instId"])
    return _okx([{"instId": m.query["instId"], "idxPx": f"{price:.2f}", "ts": str(m.unix_ms)}])


def okx_open_interest(m: Moment) -> Any:
    """GET /api/v5/public/open-interest."""
    row = {
        "instType": "SWAP",
        "instId": m.query["instId"],
        "oi": "2900000",
        "oiCcy": "29000",
        "oiUsd": f"{29000 * m.price:.2f}",
        "ts": str(m.unix_ms),
    }
    return _okx([row])


def okx_ticker(m: Moment) -> Any:
    """GET /api/v5/market/ticker."""
    price = m.price_of(m.query["instId"])
    row = {
        "instType": "SWAP",
        "instId": m.query["instId"],
        "last": f"{price:.1f}",
        "askPx": f"{price + 0.05:.2f}",
        "askSz": "11",
        "bidPx": f"{price - 0.05:.2f}",
        "bidSz": "5",
        "open24h": f"{price / 1.02:.4f}",
        "volCcy24h": "2222",
        "vol24h": "222200",
        "ts": str(m.unix_ms),
    }
    return _okx([row])


def okx_books(m: Moment) -> Any:
    """GET /api/v5/market/books."""
    price, n = m.price_of(m.query["instId"]), asked_levels(m, "sz")
    sides = {"asks": levels(price, TICK, n), "bids": levels(price, -TICK, n)}
    full = {name: [[*level, "0", "1"] for level in side] for name, side in sides.items()}
    return _okx([{**full, "ts": str(m.unix_ms), "seqId": 1}])


def okx_ratio(m: Moment) -> Any:
    """GET /api/v5/rubik/stat/contracts/..., newest first."""
    return _okx([[str(m.period_ms), "1.25"], [str(m.period_ms - 300_000), "1.2"]])


def okx_taker(m: Moment) -> Any:
    """GET /api/v5/rubik/stat/taker-volume: [stamp, sold, bought]."""
    return _okx([[str(m.period_ms), "200", "250"], [str(m.period_ms - 300_000), "1", "1"]])


_OKX_STATISTICS: Final = "/api/v5/rubik/stat/contracts"
GET_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "/api/v5/public/funding-rate": okx_funding,
    "/api/v5/public/mark-price": okx_mark,
    "/api/v5/market/index-tickers": okx_index,
    "/api/v5/public/open-interest": okx_open_interest,
    "/api/v5/market/ticker": okx_ticker,
    "/api/v5/market/books": okx_books,
    f"{_OKX_STATISTICS}/long-short-account-ratio-contract": okx_ratio,
    f"{_OKX_STATISTICS}/long-short-account-ratio-contract-top-trader": okx_ratio,
    f"{_OKX_STATISTICS}/long-short-position-ratio-contract-top-trader": okx_ratio,
    "/api/v5/rubik/stat/taker-volume": okx_taker,
}
