"""What Binance USD-M says of an account: the bodies of REST and of the user's stream.

Shapes as in https://developers.binance.com/docs/derivatives/usds-margined-futures.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from tests.support.exchange.orders.usdm_account import LEVERAGE

if TYPE_CHECKING:
    from tests.support.exchange.orders.usdm_account import UsdmAccount

_INNER: Final = ("left", "trade")


def order_body(order: dict[str, Any]) -> dict[str, Any]:
    """Return an order, as ``POST``, ``GET`` and ``DELETE /fapi/v1/order`` do."""
    shown = {name: value for name, value in order.items() if name not in _INNER}
    return {
        "cumQty": order["executedQty"], "origType": order["type"], "positionSide": "BOTH",
        "stopPrice": "0", "closePosition": False, "workingType": "CONTRACT_PRICE",
        "priceProtect": False, "priceMatch": "NONE", "selfTradePreventionMode": "NONE",
        "goodTillDate": 0, **shown, "reduceOnly": order["reduceOnly"] == "true",
    }  # fmt: skip


def account_body(account: UsdmAccount, now_ms: int) -> dict[str, Any]:
    """Return ``GET /fapi/v2/account``."""
    open_profit = sum(map(account.unrealized, account.positions), Decimal())
    wallet, margin = str(account.wallet), str(account.wallet + open_profit)
    used = sum((abs(p.amount) * p.entry for p in account.positions.values()), Decimal()) / LEVERAGE
    free = str(max(account.wallet + open_profit - used, Decimal()))
    zeros = dict.fromkeys(("maintMargin", "openOrderInitialMargin"), "0")
    asset = {
        "asset": "USDT", "marginAvailable": True, "updateTime": now_ms, "walletBalance": wallet,
        "crossWalletBalance": wallet, "marginBalance": margin, "availableBalance": free,
        "maxWithdrawAmount": free, "unrealizedProfit": str(open_profit), **zeros,
        "crossUnPnl": str(open_profit), "initialMargin": str(used),
        "positionInitialMargin": str(used),
    }  # fmt: skip
    return {
        "feeTier": 0, "canTrade": True, "canDeposit": True, "canWithdraw": True, "updateTime": 0,
        "totalInitialMargin": str(used), "totalMaintMargin": "0",
        "totalWalletBalance": wallet, "totalUnrealizedProfit": str(open_profit),
        "totalMarginBalance": margin, "totalPositionInitialMargin": str(used),
        "totalOpenOrderInitialMargin": "0", "totalCrossWalletBalance": wallet,
        "totalCrossUnPnl": str(open_profit), "availableBalance": free, "maxWithdrawAmount": free,
        "assets": [asset], "positions": [],
    }  # fmt: skip


def position_risks(account: UsdmAccount, now_ms: int) -> list[dict[str, Any]]:
    """Return ``GET /fapi/v2/positionRisk``."""
    return [
        {
            "symbol": symbol, "positionSide": "BOTH", "positionAmt": str(held.amount),
            "entryPrice": str(held.entry), "breakEvenPrice": str(held.entry),
            "markPrice": str(held.entry), "unRealizedProfit": str(account.unrealized(symbol)),
            "liquidationPrice": "0", "isolatedMargin": "0", "isolatedWallet": "0",
            "notional": str(held.amount * held.entry), "marginAsset": "USDT",
            "updateTime": now_ms, "leverage": str(LEVERAGE), "maxNotionalValue": "1000000",
            "marginType": "cross", "isAutoAddMargin": "false", "isolated": False,
            "adlQuantile": 0,
        }
        for symbol, held in account.positions.items()
    ]  # fmt: skip


def order_event(order: dict[str, Any], what: str, now_ms: int) -> dict[str, Any]:
    """Return ORDER_TRADE_UPDATE."""
    trade = (order["trade"] if what == "TRADE" else None) or {
        "qty": "0", "price": "0", "commission": "0", "id": 0, "maker": False, "realizedPnl": "0"
    }  # fmt: skip
    body = {
        "s": order["symbol"], "c": order["clientOrderId"], "S": order["side"],
        "o": order["type"], "f": order["timeInForce"], "q": order["origQty"],
        "p": order["price"], "ap": order["avgPrice"], "sp": "0", "x": what, "X": order["status"],
        "i": order["orderId"], "l": trade["qty"], "z": order["executedQty"], "L": trade["price"],
        "N": "USDT", "n": trade["commission"], "T": now_ms, "t": trade["id"], "b": "0", "a": "0",
        "m": trade["maker"], "R": order["reduceOnly"] == "true", "wt": "CONTRACT_PRICE",
        "ot": order["type"], "ps": "BOTH", "cp": False, "rp": trade["realizedPnl"], "pP": False,
        "si": 0, "ss": 0, "V": "NONE", "pm": "NONE", "gtd": 0,
    }  # fmt: skip
    return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": now_ms, "o": body}


def account_event(account: UsdmAccount, symbol: str, now_ms: int) -> dict[str, Any]:
    """Return ACCOUNT_UPDATE."""
    wallet, held = str(account.wallet), account.positions[symbol]
    position = {
        "s": symbol, "pa": str(held.amount), "ep": str(held.entry), "bep": str(held.entry),
        "cr": "0", "up": str(account.unrealized(symbol)), "mt": "cross", "iw": "0", "ps": "BOTH",
    }  # fmt: skip
    balance = {"a": "USDT", "wb": wallet, "cw": wallet, "bc": "0"}
    body = {"m": "ORDER", "B": [balance], "P": [position]}
    return {"e": "ACCOUNT_UPDATE", "E": now_ms, "T": now_ms, "a": body}
