"""Definitions of instruments, as each exchange gives them: every asset is listed and traded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment

CONTRACTS: Final = {"BTC": "0.01", "ETH": "0.1", "SOL": "1", "DOGE": "1000"}
"""Asset → coins in one contract of OKX."""


def binance(m: Moment) -> Any:
    """GET /fapi/v1/exchangeInfo; of spot with the symbol that is asked for."""
    rows = [
        {
            "symbol": f"{asset}USDT",
            "pair": f"{asset}USDT",
            "contractType": "PERPETUAL",
            "status": "TRADING",
            "baseAsset": asset,
            "quoteAsset": "USDT",
        }
        for asset in CONTRACTS
    ]
    asked = m.query.get("symbol")
    return {"timezone": "UTC", "symbols": [r for r in rows if asked in {None, r["symbol"]}]}


def bybit(m: Moment) -> Any:
    """GET /v5/market/instruments-info."""
    row = {"symbol": m.query["symbol"], "contractType": "LinearPerpetual", "status": "Trading"}
    result = {"category": m.query["category"], "list": [row], "nextPageCursor": ""}
    return {"retCode": 0, "retMsg": "OK", "result": result, "time": m.unix_ms}


def okx(m: Moment) -> Any:
    """GET /api/v5/public/instruments."""
    name = m.query["instId"]
    asset = name.partition("-")[0]
    row = {
        "instType": m.query["instType"],
        "instId": name,
        "ctVal": CONTRACTS[asset],
        "ctMult": "1",
        "ctType": "linear",
        "ctValCcy": asset,
        "state": "live",
    }
    return {"code": "0", "msg": "", "data": [row]}


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
        }
        for name, size, kind in (
            ("BTC-PERPETUAL", 10.0, "reversed"),
            ("ETH-PERPETUAL", 1.0, "reversed"),
            ("SOL_USDC-PERPETUAL", 0.1, "linear"),
        )
    ]
    return {"jsonrpc": "2.0", "result": rows, "usOut": m.unix_ms * 1000}


def kraken(m: Moment) -> Any:
    """GET /0/public/AssetPairs: a pair under its own name."""
    pair = m.query["pair"]
    row = {"altname": pair, "wsname": f"{pair[:3]}/{pair[3:]}", "status": "online"}
    return {"error": [], "result": {"XXBTZUSD" if pair == "XBTUSD" else pair: row}}


def kraken_futures(m: Moment) -> Any:
    """GET /derivatives/api/v3/instruments."""
    rows = [
        {
            "symbol": f"PF_{base}USD",
            "type": "flexible_futures",
            "contractSize": 1,
            "tradeable": True,
        }
        for base in ("XBT", "ETH", "SOL", "DOGE")
    ]
    return {"result": "success", "instruments": rows}


def hyperliquid(m: Moment) -> Any:
    """POST /info, meta: a delisted coin has one member more."""
    coins = [{"szDecimals": 5, "name": asset, "maxLeverage": 40} for asset in CONTRACTS]
    gone = {"szDecimals": 1, "name": "MATIC", "maxLeverage": 20, "isDelisted": True}
    return {"universe": [*coins, gone], "marginTables": []}


GET_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "/fapi/v1/exchangeInfo": binance,
    "/api/v3/exchangeInfo": binance,
    "/v5/market/instruments-info": bybit,
    "/api/v5/public/instruments": okx,
    "/api/v2/public/get_instruments": deribit,
    "/0/public/AssetPairs": kraken,
    "/derivatives/api/v3/instruments": kraken_futures,
}
POST_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {"meta": hyperliquid}
