"""UsdmAccount: the orders, positions and wallet of a USD-M account, filled at the streamed touch.

Rules and error codes as in https://developers.binance.com/docs/derivatives/usds-margined-futures.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

TAKER_FEE: Final = Decimal("0.0005")
MAKER_FEE: Final = Decimal("0.0002")
LEVERAGE: Final = 10
MIN_NOTIONAL: Final = 5
DONE: Final = ("FILLED", "CANCELED", "EXPIRED")
_ZERO: Final = Decimal()
_NEVER_REST: Final = ("IOC", "FOK", "GTX")


class RefusedError(Exception):
    """The exchange refuses a request, with the code and text of its documentation."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(kw_only=True)
class Position:
    """A position in one-way mode: below 0 if it is short."""

    amount: Decimal = _ZERO
    entry: Decimal = _ZERO


class UsdmAccount:
    """One account.

    Parameters
    ----------
    tell : callable
        Takes what changed of an order: the order, and ``NEW``, ``TRADE``, ``CANCELED``,
        ``AMENDMENT`` or ``EXPIRED``; and then, with None, that balance and position changed.
    now_ms : callable
        The exchange's clock, UNIX milliseconds.

    """

    def __init__(
        self, tell: Callable[[dict[str, Any], str | None], object], now_ms: Callable[[], int]
    ) -> None:
        self._tell: Final = tell
        self._now_ms: Final = now_ms
        self.wallet = Decimal(10_000)
        self.positions: dict[str, Position] = {}
        self.orders: dict[int, dict[str, Any]] = {}
        self.trades: list[dict[str, Any]] = []
        self.touch: Final[dict[str, tuple[Decimal, Decimal]]] = {}
        self._next_id = 1_000

    def begin_with(self, positions: dict[str, str], orders: list[dict[str, str]]) -> None:
        """Have held positions, opened at the touch, and orders from before."""
        for symbol, amount in positions.items():
            self.positions[symbol] = Position(amount=Decimal(amount), entry=self._mid(symbol))
        for order in orders:
            self._add(order)

    def quoted(self, symbol: str, bid: float, ask: float) -> None:
        """Take a new top of the book, which fills the orders that it crosses."""
        self.touch[symbol] = Decimal(str(bid)), Decimal(str(ask))
        for order in [o for o in self.open_orders() if o["symbol"] == symbol]:
            if self._crosses(order):
                self.fill(order, order["left"], Decimal(order["price"]), is_maker=True)

    def place(self, query: dict[str, Any]) -> dict[str, Any]:
        """Take an order; it fills, rests, or is refused.

        Raises
        ------
        RefusedError
            As the exchange would.

        """
        name = query["newClientOrderId"]
        if any(o["clientOrderId"] == name for o in self.open_orders()):
            raise RefusedError(-4116, "ClientOrderId is duplicated.")
        kept = {"symbol", "side", "type", "price", "timeInForce", "reduceOnly"}
        fields = {k: str(v) for k, v in query.items() if k in kept}
        fields |= {"clientOrderId": name, "origQty": str(query["quantity"])}
        self._check(fields)
        order = self._add(fields)
        if order["timeInForce"] == "GTX" and self._crosses(order):
            del self.orders[order["orderId"]]
            text = "Due to the order could not be executed as maker, the Post Only order will be"
            raise RefusedError(-5022, f"{text} rejected.")
        placed = dict(order)
        self._tell(order, "NEW")
        if order["type"] == "MARKET" or self._crosses(order):
            self.fill(order, order["left"], self._touched(order), is_maker=False)
        elif order["timeInForce"] in _NEVER_REST[:2]:
            self._end(order, "EXPIRED")
        return placed

    def fill(
        self, order: dict[str, Any], quantity: Decimal, price: Decimal, *, is_maker: bool
    ) -> None:
        """Fill a part of an order, or the rest."""
        sign = 1 if order["side"] == "BUY" else -1
        symbol = order["symbol"]
        held = self.positions.setdefault(symbol, Position())
        if order["reduceOnly"] == "true":
            if held.amount * sign >= 0:
                self._end(order, "EXPIRED")
                return
            quantity = min(quantity, abs(held.amount))
        realized = self._book(held, quantity * sign, price)
        fee = quantity * price * (MAKER_FEE if is_maker else TAKER_FEE)
        self.wallet += realized - fee
        order["left"] -= quantity
        order["executedQty"] = str(Decimal(order["executedQty"]) + quantity)
        cost = Decimal(order["cumQuote"]) + quantity * price
        order["cumQuote"] = str(cost)
        order["avgPrice"] = str(cost / Decimal(order["executedQty"]))
        order["status"] = "PARTIALLY_FILLED" if order["left"] else "FILLED"
        self._next_id += 1
        trade = {"id": self._next_id, "symbol": symbol, "orderId": order["orderId"],
                 "side": order["side"], "price": str(price), "qty": str(quantity),
                 "realizedPnl": str(realized), "quoteQty": str(quantity * price),
                 "commission": str(fee), "commissionAsset": "USDT", "time": self._now_ms(),
                 "positionSide": "BOTH", "buyer": sign > 0, "maker": is_maker}  # fmt: skip
        self.trades.append(trade)
        order["trade"] = trade
        self._tell(order, None)
        self._tell(order, "TRADE")

    def modify(self, query: dict[str, Any]) -> dict[str, Any]:
        """Change price and quantity of a resting order.

        Raises
        ------
        RefusedError
            As the exchange would.

        """
        order = self.find(query)
        if order["status"] in DONE:
            raise RefusedError(-2013, "Order does not exist.")
        quantity = Decimal(str(query["quantity"]))
        left = quantity - Decimal(order["executedQty"])
        if left <= 0:
            raise RefusedError(-5026, "Exceed maximum modify order limit.")
        order |= {"price": str(query["price"]), "origQty": str(quantity), "left": left}
        self._tell(order, "AMENDMENT")
        if self._crosses(order):
            self.fill(order, left, self._touched(order), is_maker=False)
        return dict(order)

    def cancel(self, query: dict[str, Any]) -> dict[str, Any]:
        """Cancel an order.

        Raises
        ------
        RefusedError
            If it is done, or unknown.

        """
        try:
            order = self.find(query)
        except RefusedError:
            raise RefusedError(-2011, "Unknown order sent.") from None
        if order["status"] in DONE:
            raise RefusedError(-2011, "Unknown order sent.")
        self._end(order, "CANCELED")
        return dict(order)

    def find(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return an order by either of its names.

        Raises
        ------
        RefusedError
            If there is none.

        """
        for order in self.orders.values():
            if str(query.get("orderId")) == str(order["orderId"]) or (
                query.get("origClientOrderId") == order["clientOrderId"]
            ):
                return order
        raise RefusedError(-2013, "Order does not exist.")

    def open_orders(self) -> list[dict[str, Any]]:
        """Return the orders that rest."""
        return [order for order in self.orders.values() if order["status"] not in DONE]

    def unrealized(self, symbol: str) -> Decimal:
        """Return what closing a position at the middle of the touch would gain, USDT."""
        held = self.positions[symbol]
        return held.amount * (self._mid(symbol) - held.entry)

    def _mid(self, symbol: str) -> Decimal:
        bid, ask = self.touch[symbol]
        return (bid + ask) / 2

    def _check(self, order: dict[str, Any]) -> None:
        symbol, quantity = order["symbol"], Decimal(order["origQty"])
        sign = 1 if order["side"] == "BUY" else -1
        held = self.positions.get(symbol, Position()).amount
        if order.get("reduceOnly") == "true":
            if held * sign >= 0:
                raise RefusedError(-2022, "ReduceOnly Order is rejected.")
            return
        price = Decimal(order["price"]) if order["type"] != "MARKET" else self._touched(order)
        if quantity * price < MIN_NOTIONAL:
            text = f"Order's notional must be no smaller than {MIN_NOTIONAL} (unless you choose"
            raise RefusedError(-4164, f"{text} reduce only).")
        opened = max(abs(held + quantity * sign) - abs(held), _ZERO)
        if opened * price > self.wallet * LEVERAGE:
            raise RefusedError(-2019, "Margin is insufficient.")

    def _add(self, fields: dict[str, str]) -> dict[str, Any]:
        self._next_id += 1
        order = {"orderId": self._next_id, "status": "NEW", "executedQty": "0", "avgPrice": "0.0",
                 "cumQuote": "0", "price": "0", "timeInForce": "GTC", "reduceOnly": "false",
                 "time": self._now_ms(), "updateTime": self._now_ms(), "trade": None,
                 "left": Decimal(fields["origQty"]), **fields}  # fmt: skip
        self.orders[self._next_id] = order
        return order

    def _end(self, order: dict[str, Any], status: str) -> None:
        order |= {"status": status, "trade": None, "updateTime": self._now_ms()}
        self._tell(order, status)

    def _touched(self, order: dict[str, Any]) -> Decimal:
        bid, ask = self.touch[order["symbol"]]
        return ask if order["side"] == "BUY" else bid

    def _crosses(self, order: dict[str, Any]) -> bool:
        if order["symbol"] not in self.touch:
            return False
        price, touched = Decimal(order["price"]), self._touched(order)
        return price >= touched if order["side"] == "BUY" else price <= touched

    @staticmethod
    def _book(held: Position, signed: Decimal, price: Decimal) -> Decimal:
        """Change a position; return what that realised, USDT before fees."""
        realized = _ZERO
        if held.amount * signed < 0:
            closed = min(abs(signed), abs(held.amount)) * (1 if held.amount > 0 else -1)
            realized = closed * (price - held.entry)
        after = held.amount + signed
        if held.amount * signed >= 0:
            held.entry = (held.amount * held.entry + signed * price) / after
        elif after * held.amount < 0:
            held.entry = price
        held.amount = after
        return realized
