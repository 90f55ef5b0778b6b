"""OrderControl: a test's hold on the account of a local exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable


class OrderControl:
    """Orders to the account; each has been carried out when the call returns.

    Parameters
    ----------
    call : callable
        Sends a path and, for a POST, a body to the exchange; returns the answer.

    """

    def __init__(self, call: Callable[[str, Any], Any]) -> None:
        self._call: Final = call

    def begin_with(
        self, positions: dict[str, str], orders: list[dict[str, str]] | None = None
    ) -> None:
        """Hold positions, opened at the touch, and orders from before."""
        self._order("begin_with", positions=positions, orders=orders or [])

    def fail(self, name: str, mode: str, **fields: Any) -> None:
        """Lay a fault on a request or method: see ``order_side``."""
        self._order("fault", on=name, mode=mode, **fields)

    def heal(self) -> None:
        """End all faults."""
        self._order("heal")

    def fill(self, quantity: str | None = None) -> None:
        """Fill a part of the oldest resting order at its price, or the rest."""
        self._order("fill", quantity=quantity)

    def mute(self, *, is_mute: bool = True) -> None:
        """Say nothing on the user's streams; what happens meanwhile is never said."""
        self._order("mute", is_mute=is_mute)

    def drop(self) -> None:
        """Cut the user's streams and the trading sockets."""
        self._order("drop")

    def report(self) -> dict[str, Any]:
        """Return the account: see ``OrderSide``."""
        found: dict[str, Any] = self._call("/_account", None)
        return found

    def position(self, symbol: str = "BTCUSDT") -> float:
        """Return a position, below 0 if it is short."""
        return float(self.report()["positions"].get(symbol, "0"))

    def names(self) -> list[str]:
        """Return the names of the resting orders."""
        return sorted(order["clientOrderId"] for order in self.report()["orders"])

    def sent(self) -> int:
        """Return how many orders were asked for, with either way of asking."""
        asked = self.report()["asked"]
        return sum(name in {"order.place", "POST /fapi/v1/order"} for name in asked)

    def wait(self, is_so: Callable[[dict[str, Any]], bool], what: str) -> None:
        """Wait until the account is in a state."""
        eventually(lambda: is_so(self.report()), what)

    def _order(self, name: str, **fields: Any) -> None:
        answer = self._call("/_account", [name, fields])
        assert "error" not in answer, answer
