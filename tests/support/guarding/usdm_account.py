"""A USD-M futures account on this machine, as Nautilus's Binance client asks for one.

Endpoints and events as in https://developers.binance.com/docs/derivatives/usds-margined-futures:
orders rest or fill at once at ``PRICE``, and every request must bear the right signature.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
import time
from decimal import Decimal
from typing import Any, Final

from aiohttp import web
from nautilus_trader.adapters.binance import (
    BinanceExecutionClientConfig,
    BinanceExecutionClientFactory,
    BinanceProductType,
)
from nautilus_trader.model import AccountId

from tests.support.exchange.bodies.moment import Moment
from tests.support.exchange.streams.binance_usdm import BinanceUsdmStreams

KEY: Final = "test-key"
SECRET: Final = "test-secret"  # noqa: S105 - of this server alone
PRICE: Final = Decimal(60_000)
REST: Final = "/fapi/v1"


class UsdmAccount:
    """Positions, orders, and what was asked; in one process with :func:`serve`."""

    def __init__(self, positions: dict[str, str], orders: list[dict[str, str]]) -> None:
        self.positions: Final = {name: Decimal(text) for name, text in positions.items()}
        self.orders: Final[dict[int, dict[str, Any]]] = {}
        self.asked: Final[list[str]] = []
        self.failing: Final[set[str]] = set()
        self._streams: Final = BinanceUsdmStreams()
        self._sockets: Final[set[web.WebSocketResponse]] = set()
        self._next_id = 1_000
        for order in orders:
            self._add(**order)

    def app(self) -> web.Application:
        """Return the server's routes."""
        app = web.Application()
        add = app.router.add_route
        add("GET", "/ws{tail:.*}", self._socket)
        add("GET", f"{REST}/exchangeInfo", self._exchange_info)
        for method, path, answer in (
            ("*", f"{REST}/listenKey", lambda q: {"listenKey": "key"}),
            ("GET", f"{REST}/positionSide/dual", lambda q: {"dualSidePosition": False}),
            ("GET", f"{REST}/openAlgoOrders", lambda q: []),
            ("GET", f"{REST}/userTrades", lambda q: []),
            ("GET", f"{REST}/openOrders", lambda q: [*map(_order_body, self._open())]),
            ("GET", "/fapi/v2/account", self._account),
            ("GET", "/fapi/v2/positionRisk", self._position_risk),
            ("GET", f"{REST}/order", self._query),
            ("POST", f"{REST}/order", self._place),
            ("DELETE", f"{REST}/order", self._cancel),
        ):
            add(method, path, self._signed(answer))
        return app

    def _signed(self, answer: Any) -> Any:
        async def handle(request: web.Request) -> web.Response:
            body = await request.text()
            text = "&".join(part for part in (request.query_string, body) if part)
            self.asked.append(f"{request.method} {request.path}")
            payload, _, signature = text.rpartition("&signature=")
            right = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
            if request.headers.get("X-MBX-APIKEY") != KEY or signature != right:
                return web.json_response({"code": -1022, "msg": "bad signature"}, status=400)
            if request.path in self.failing:
                return web.json_response({"code": -1001, "msg": "down"}, status=500)
            query = dict(part.partition("=")[::2] for part in payload.split("&"))
            found = answer(query)
            is_error = isinstance(found, dict) and found.get("code", 0) < 0
            return web.json_response(found, status=400 if is_error else 200)

        return handle

    async def _exchange_info(self, _: web.Request) -> web.Response:
        moment = Moment(unix_ms=time.time_ns() // 1_000_000, price=60_000.0, query={})
        return web.json_response(self._streams.exchange_info(moment))

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if "listenKey" in request.query:
            self._sockets.add(socket)
        async for _ in socket:
            pass
        self._sockets.discard(socket)
        return socket

    def _account(self, _: dict[str, str]) -> dict[str, Any]:
        balance = dict.fromkeys(
            ("walletBalance", "marginBalance", "crossWalletBalance", "availableBalance",
             "maxWithdrawAmount"), "1000"
        ) | dict.fromkeys(
            ("unrealizedProfit", "maintMargin", "initialMargin", "positionInitialMargin",
             "openOrderInitialMargin", "crossUnPnl"), "0"
        )  # fmt: skip
        totals = dict.fromkeys(
            ("totalInitialMargin", "totalMaintMargin", "totalUnrealizedProfit",
             "totalPositionInitialMargin", "totalOpenOrderInitialMargin", "totalCrossUnPnl"), "0"
        ) | dict.fromkeys(
            ("totalWalletBalance", "totalMarginBalance", "totalCrossWalletBalance",
             "availableBalance", "maxWithdrawAmount"), "1000"
        )  # fmt: skip
        flags = {"canTrade": True, "canDeposit": True, "canWithdraw": True}
        asset = {"asset": "USDT", "marginAvailable": True, "updateTime": 0, **balance}
        return {"feeTier": 0, "updateTime": 0, **flags, **totals, "assets": [asset],
                "positions": []}  # fmt: skip

    def _position_risk(self, _: dict[str, str]) -> list[dict[str, Any]]:
        return [
            {
                "symbol": symbol, "positionSide": "BOTH", "positionAmt": str(amount),
                "entryPrice": str(PRICE), "breakEvenPrice": str(PRICE), "markPrice": str(PRICE),
                "unRealizedProfit": "0", "liquidationPrice": "0", "isolatedMargin": "0",
                "notional": str(amount * PRICE), "marginAsset": "USDT", "isolatedWallet": "0",
                "updateTime": time.time_ns() // 1_000_000, "leverage": "10",
                "maxNotionalValue": "1000000", "marginType": "cross",
                "isAutoAddMargin": "false", "isolated": False, "adlQuantile": 0,
            }
            for symbol, amount in self.positions.items()
        ]  # fmt: skip

    def _add(self, **fields: str) -> dict[str, Any]:
        self._next_id += 1
        order = {"orderId": self._next_id, "status": "NEW", "executedQty": "0",
                 "price": "0", "timeInForce": "GTC", "reduceOnly": "false", **fields}  # fmt: skip
        self.orders[self._next_id] = order
        return order

    def _place(self, query: dict[str, str]) -> dict[str, Any]:
        if any(o["clientOrderId"] == query["newClientOrderId"] for o in self._open()):
            return {"code": -4116, "msg": "ClientOrderId is duplicated"}
        order = self._add(
            clientOrderId=query["newClientOrderId"],
            origQty=query["quantity"],
            **{k: v for k, v in query.items() if k in {"symbol", "side", "type", "price",
                                                       "timeInForce", "reduceOnly"}},
        )  # fmt: skip
        if order["type"] != "MARKET":
            self._say(order, "NEW")
            return _order_body(order)
        signed = Decimal(order["origQty"]) * (1 if order["side"] == "BUY" else -1)
        held = self.positions.get(order["symbol"], Decimal())
        if order["reduceOnly"] == "true" and (held * signed >= 0 or abs(signed) > abs(held)):
            del self.orders[order["orderId"]]
            return {"code": -2022, "msg": "ReduceOnly Order is rejected."}
        self.positions[order["symbol"]] = held + signed
        placed = _order_body(order)
        self._say(order, "NEW")
        order |= {"status": "FILLED", "executedQty": order["origQty"]}
        self._say(order, "TRADE")
        return placed

    def _query(self, query: dict[str, str]) -> dict[str, Any]:
        found = self._find(query)
        return (
            {"code": -2013, "msg": "Order does not exist."}
            if found is None
            else _order_body(found)
        )

    def _cancel(self, query: dict[str, str]) -> dict[str, Any]:
        order = self._find(query)
        if order is None or order["status"] != "NEW":
            return {"code": -2011, "msg": "Unknown order sent."}
        order["status"] = "CANCELED"
        self._say(order, "CANCELED")
        return _order_body(order)

    def _find(self, query: dict[str, str]) -> dict[str, Any] | None:
        for order in self.orders.values():
            if query.get("orderId") == str(order["orderId"]) or (
                query.get("origClientOrderId") == order["clientOrderId"]
            ):
                return order
        return None

    def _open(self) -> list[dict[str, Any]]:
        return [order for order in self.orders.values() if order["status"] == "NEW"]

    def _say(self, order: dict[str, Any], what: str) -> None:
        """Tell the user's stream of an order's change: ORDER_TRADE_UPDATE."""
        now = time.time_ns() // 1_000_000
        filled = order["executedQty"]
        body = {
            "s": order["symbol"], "c": order["clientOrderId"], "S": order["side"],
            "o": order["type"], "f": order["timeInForce"], "q": order["origQty"],
            "p": order["price"], "ap": str(PRICE), "sp": "0", "x": what, "X": order["status"],
            "i": order["orderId"], "l": filled, "z": filled, "L": str(PRICE), "N": "USDT",
            "n": "0", "T": now, "t": order["orderId"] if what == "TRADE" else 0, "b": "0",
            "a": "0", "m": False, "R": order["reduceOnly"] == "true", "wt": "CONTRACT_PRICE",
            "ot": order["type"], "ps": "BOTH", "cp": False, "rp": "0", "pP": False, "si": 0,
            "ss": 0, "V": "NONE", "pm": "NONE", "gtd": 0,
        }  # fmt: skip
        event = {"e": "ORDER_TRADE_UPDATE", "E": now, "T": now, "o": body}
        for socket in self._sockets:
            asyncio.get_running_loop().create_task(socket.send_str(json.dumps(event)))

    def report(self) -> dict[str, Any]:
        """Return the account, for a test."""
        return {
            "positions": {name: str(amount) for name, amount in self.positions.items()},
            "orders": sorted(order["clientOrderId"] for order in self._open()),
            "asked": self.asked,
        }


def _order_body(order: dict[str, Any]) -> dict[str, Any]:
    now = time.time_ns() // 1_000_000
    return {
        "avgPrice": "0.00", "cumQuote": "0", "cumQty": order["executedQty"],
        "origType": order["type"], "positionSide": "BOTH", "stopPrice": "0",
        "closePosition": False, "time": now, "updateTime": now,
        "workingType": "CONTRACT_PRICE", "priceProtect": False, "priceMatch": "NONE",
        "selfTradePreventionMode": "NONE", "goodTillDate": 0, **order,
        "reduceOnly": order["reduceOnly"] == "true",
    }  # fmt: skip


def execution_client(
    url: str,
) -> tuple[BinanceExecutionClientFactory, BinanceExecutionClientConfig]:
    """Return Nautilus's execution client for an account at an address."""
    config = BinanceExecutionClientConfig(
        account_id=AccountId("BINANCE-001"),
        product_type=BinanceProductType.USD_M,
        base_url_http=url,
        base_url_ws=f"{url.replace('http', 'ws')}/ws",
        use_ws_trading=False,
        api_key=KEY,
        api_secret=SECRET,
    )
    return BinanceExecutionClientFactory(), config


def serve(positions: dict[str, str], orders: list[dict[str, str]], failing: list[str]) -> None:
    """Serve an account: print the address, then the account as JSON for each line that comes."""

    async def main() -> None:
        account = UsdmAccount(positions, orders)
        account.failing.update(failing)
        runner = web.AppRunner(account.app())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(account.report()), flush=True)

    asyncio.run(main())
