"""OrderSide: the requests, the trading socket and the user's stream of the account, with faults.

A fault lies on a request, by its method and path (``POST /fapi/v1/order``), or on a method of the
trading socket (``order.place``), for the next ``times``:

- ``error``: answered with ``code``, ``text`` and ``status`` instead of being carried out;
- ``unanswered``: carried out and never answered;
- ``lost``: neither carried out nor answered;
- ``cut``: carried out, and then the connection ends.

A fault on ``/ws-fapi/v1``, of any mode, refuses the trading socket.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from aiohttp import WSMsgType, web

from tests.support.exchange.orders.usdm_account import DONE, RefusedError, UsdmAccount
from tests.support.exchange.orders.usdm_bodies import (
    account_body,
    account_event,
    order_body,
    order_event,
    position_risks,
)

if TYPE_CHECKING:
    from collections.abc import Callable

KEY: Final = "test-key"
"""What a key begins with; each test process has one of its own."""
SECRET: Final = "test-secret"  # noqa: S105 - of this server alone
LISTEN_KEY: Final = "key"
REST: Final = "/fapi/v1"
TRADING: Final = "/ws-fapi/v1"
AHEAD_MS: Final = 1_000
"""How far a request's stamp may be ahead of the exchange's clock."""


class OrderSide:
    """The account's endpoints.

    Parameters
    ----------
    clock_offset_ms : callable
        How far the exchange's clock is ahead of this machine's.

    """

    def __init__(self, clock_offset_ms: Callable[[], int]) -> None:
        self._clock_offset_ms: Final = clock_offset_ms
        self.account: Final = UsdmAccount(self._tell, self._now_ms)
        self.asked: Final[list[str]] = []
        self.faults: dict[str, dict[str, Any]] = {}
        self._users: Final[dict[web.WebSocketResponse, asyncio.BaseTransport | None]] = {}
        self._traders: Final[dict[web.WebSocketResponse, asyncio.BaseTransport | None]] = {}
        self._sends: Final[set[asyncio.Task[None]]] = set()
        self._is_mute = False
        self._most_users = 0
        account = self.account
        self._requests: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
            f"POST {REST}/listenKey": lambda q: {"listenKey": LISTEN_KEY},
            f"PUT {REST}/listenKey": lambda q: {"listenKey": LISTEN_KEY},
            f"DELETE {REST}/listenKey": lambda q: {},
            f"GET {REST}/positionSide/dual": lambda q: {"dualSidePosition": False},
            f"POST {REST}/leverage": lambda q: {**q, "maxNotionalValue": "1000000"},
            f"GET {REST}/openAlgoOrders": lambda q: [],
            f"GET {REST}/userTrades": self._trades,
            f"GET {REST}/openOrders": lambda q: [*map(order_body, account.open_orders())],
            f"GET {REST}/allOrders": lambda q: [*map(order_body, account.orders.values())],
            f"DELETE {REST}/allOpenOrders": self._cancel_all,
            "GET /fapi/v2/account": lambda q: account_body(account, self._now_ms()),
            "GET /fapi/v2/positionRisk": lambda q: position_risks(account, self._now_ms()),
            f"GET {REST}/order": lambda q: order_body(account.find(q)),
            f"POST {REST}/order": lambda q: order_body(account.place(q)),
            f"PUT {REST}/order": lambda q: order_body(account.modify(q)),
            f"DELETE {REST}/order": lambda q: order_body(account.cancel(q)),
        }
        self._methods: Final = {
            "order.place": self._requests[f"POST {REST}/order"],
            "order.modify": self._requests[f"PUT {REST}/order"],
            "order.cancel": self._requests[f"DELETE {REST}/order"],
            "order.status": self._requests[f"GET {REST}/order"],
        }

    def add_routes(self, app: web.Application) -> None:
        """Serve the account, and the tests' orders."""
        for name in self._requests:
            method, path = name.split()
            app.router.add_route(method, path, self._answer)
        app.router.add_get(f"{REST}/time", self._time)
        app.router.add_get(TRADING, self._trade)
        app.router.add_post("/_account", self._control)
        app.router.add_get("/_account", self._report)

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._clock_offset_ms()

    async def _time(self, _: web.Request) -> web.Response:
        return web.json_response({"serverTime": self._now_ms()})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        text = "&".join(p for p in (request.query_string, await request.text()) if p)
        name = f"{request.method} {request.path}"
        self.asked.append(name)
        payload, _, signature = text.rpartition("&signature=")
        query = dict(part.partition("=")[::2] for part in payload.split("&"))
        key = request.headers.get("X-MBX-APIKEY", "")
        is_signed = key.startswith(KEY) and _sign(payload) == signature
        fault = self._fault(name)
        try:
            found = self._carry_out(self._requests[name], query, fault, is_signed=is_signed)
        except RefusedError as error:
            status = fault.get("status", 400)
            body = {"code": error.code, "msg": error.text}
            return web.json_response(body, status=status, headers=fault.get("headers"))
        if fault.get("mode") in {"unanswered", "lost"}:
            await asyncio.sleep(3600)
        if fault.get("mode") == "cut":
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(found)

    async def _trade(self, request: web.Request) -> web.WebSocketResponse:
        """Serve the trading socket: wss://ws-fapi.binance.com/ws-fapi/v1."""
        if self._fault(TRADING):
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._traders[socket] = request.transport
        async for message in socket:
            asked = json.loads(message.data)
            name = asked["method"]
            query = {k: _text(v) for k, v in asked.get("params", {}).items()}
            self.asked.append(name)
            fault = self._fault(name)
            signed = "&".join(f"{k}={v}" for k, v in sorted(query.items()) if k != "signature")
            key = query.get("apiKey", "")
            is_signed = key.startswith(KEY) and _sign(signed) == query["signature"]
            answer: dict[str, Any] = {"id": asked["id"], "status": 200}
            try:
                answer["result"] = self._carry_out(
                    self._methods[name], query, fault, is_signed=is_signed
                )
            except RefusedError as error:
                answer["status"] = fault.get("status", 400)
                answer["error"] = {"code": error.code, "msg": error.text}
            if fault.get("mode") == "cut":
                assert request.transport is not None
                request.transport.abort()
            elif fault.get("mode") not in {"unanswered", "lost"}:
                await socket.send_json(answer)
        self._traders.pop(socket)
        return socket

    def _carry_out(
        self,
        make: Callable[[dict[str, Any]], Any],
        query: dict[str, Any],
        fault: dict[str, Any],
        *,
        is_signed: bool,
    ) -> Any:
        if fault.get("mode") == "error":
            raise RefusedError(fault["code"], fault["text"])
        if fault.get("mode") == "lost":
            return {}
        if not is_signed:
            raise RefusedError(-1022, "Signature for this request is not valid.")
        age_ms = self._now_ms() - int(query["timestamp"])
        if not -AHEAD_MS < age_ms <= int(query.get("recvWindow", 5000)):
            raise RefusedError(-1021, "Timestamp for this request is outside of the recvWindow.")
        return make(query)

    def _fault(self, name: str) -> dict[str, Any]:
        fault = self.faults.get(name, {})
        if fault.get("times", 1) <= 0:
            return {}
        if "times" in fault:
            fault["times"] -= 1
        return fault

    async def user_stream(self, request: web.Request) -> web.WebSocketResponse:
        """Serve the user's stream, whose address has the listen key."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._users[socket] = request.transport
        self._most_users = max(self._most_users, len(self._users))
        async for message in socket:
            assert message.type is not WSMsgType.BINARY
        self._users.pop(socket)
        return socket

    def _tell(self, order: dict[str, Any], what: str | None) -> None:
        now_ms = self._now_ms()
        if what is None:
            event = account_event(self.account, order["symbol"], now_ms)
        else:
            event = order_event(order, what, now_ms)
        if self._is_mute:
            return
        for socket in self._users:
            task = asyncio.get_running_loop().create_task(socket.send_str(json.dumps(event)))
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)

    def _cancel_all(self, _: dict[str, Any]) -> dict[str, Any]:
        for order in self.account.open_orders():
            self.account.cancel(order)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def _trades(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        order = query.get("orderId")
        return [t for t in self.account.trades if order in {None, str(t["orderId"])}]

    async def _control(self, request: web.Request) -> web.Response:
        """Do what a test orders: a name and its arguments."""
        name, found = await request.json()
        if name == "begin_with":
            self.account.begin_with(found["positions"], found["orders"])
        elif name == "fault":
            self.faults[found.pop("on")] = found
        elif name == "heal":
            self.faults.clear()
        elif name == "fill":
            order = next(o for o in self.account.orders.values() if o["status"] not in DONE)
            quantity = Decimal(found["quantity"] or order["left"])
            self.account.fill(order, quantity, Decimal(order["price"]), is_maker=True)
        elif name == "mute":
            self._is_mute = found["is_mute"]
        elif name == "drop":
            for transport in [*self._users.values(), *self._traders.values()]:
                assert isinstance(transport, asyncio.Transport)
                transport.abort()
        else:
            return web.json_response({"error": f"no such order: {name}"})
        return web.json_response({})

    async def _report(self, _: web.Request) -> web.Response:
        account = self.account
        return web.json_response(
            {
                "positions": {name: str(p.amount) for name, p in account.positions.items()},
                "orders": [order_body(o) for o in account.open_orders()],
                "all_orders": [order_body(o) for o in account.orders.values()],
                "trades": account.trades,
                "wallet": str(account.wallet),
                "asked": self.asked,
                "user_streams": len(self._users),
                "most_user_streams": self._most_users,
                "trading_sockets": len(self._traders),
            }
        )


def _text(value: Any) -> str:
    """Return a value as it is signed."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sign(text: str) -> str:
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
