"""Definitions of instruments that the streams' side of the local exchange does not give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment

COINS: Final = ("BTC", "ETH", "SOL", "DOGE", "kPEPE")


def deribit(m: Moment) -> Any:
    """GET /api/v2/public/get_instruments."""
    rows = [
        {
            "instrument_name": name,
            "kind": "future",
            "is_active": True,
            "settlement_period": "perpetual",
            "contract_size": size,
            "instrument_type": kind,
            "base_currency": name.partition("-")[0].partition("_")[0],
            "quote_currency": "USD" if kind == "reversed" else "USDC",
        }
        for name, size, kind in (
            ("BTC-PERPETUAL", 10.0, "reversed"),
            ("ETH-PERPETUAL", 1.0, "reversed"),
            ("SOL_USDC-PERPETUAL", 0.1, "linear"),
        )
    ]
    return {"jsonrpc": "2.0", "result": rows, "usOut": m.unix_ms * 1000}


def hyperliquid(m: Moment) -> Any:
    """POST /info, meta: a delisted coin has one member more."""
    coins = [{"szDecimals": 5, "name": asset, "maxLeverage": 40} for asset in COINS]
    gone = {"szDecimals": 1, "name": "MATIC", "maxLeverage": 20, "isDelisted": True}
    return {"universe": [*coins, gone], "marginTables": []}


GET_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "/api/v2/public/get_instruments": deribit
}
POST_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {"meta": hyperliquid}
