"""PriceGate: a strategy's orders, of which none meets a price that is too old."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.order_gates.order_gate import OrderGate
from dolphin_strategies.order_gates.price_ages import PriceAges
from dolphin_strategies.order_gates.price_watch import PriceWatch
from dolphin_strategies.order_gates.waiting_orders import Waiting, WaitingOrders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nautilus_trader.model import ClientOrderId, InstrumentId
    from nautilus_trader.trading import ExecutionAlgorithm

    from dolphin_strategies import FactorStrategy
    from dolphin_strategies.order_gates.price_rules import PriceRules

REPLACED: Final = "REPLACED: a later order of the strategy took its place while it waited"
CANCELED: Final = "CANCELED: the strategy canceled it while it waited for a price"
STOPPED: Final = "STOPPED: no price came for it until the strategy stopped"


class PriceGate(OrderGate):
    """Refuses a strategy's orders while their instrument's price is too old, or lets them wait.

    Closings of positions wait like orders. The exit that Nautilus itself makes when a strategy
    stops passes: the venue refuses it.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet; observers that are added later see its decisions before the gate does.
    rules : PriceRules
        How old a price may be, and what happens to an order.
    algorithm : ExecutionAlgorithm, optional
        See :class:`OrderGate`.

    Attributes
    ----------
    watch : PriceWatch
        Add it to the engine or node.
    waited : dict of InstrumentId to int
        How many orders were sent after they had waited.

    Notes
    -----
    Owned by the thread of the strategy. It costs nothing between orders.

    """

    def __init__(
        self,
        strategy: FactorStrategy[Any],
        rules: PriceRules,
        algorithm: ExecutionAlgorithm | None = None,
    ) -> None:
        self._rules: Final = rules
        self._waits: Final = rules.stale_price == "wait"
        self._waiting: Final = WaitingOrders()
        self._ages: PriceAges | None = None
        self.watch: Final = PriceWatch(rules, self._on_price)
        self.waited: Final[dict[InstrumentId, int]] = {}
        super().__init__(strategy, algorithm)

    def started(self) -> None:
        self._ages = PriceAges(self._cache, self._rules)

    def around_lifecycle(self, name: str, hook: Callable[[], None]) -> Callable[[], None]:
        def stopping() -> None:
            self._deny(self._waiting.take_all(), STOPPED)
            if name == "on_market_exit":
                self._warn_of_exit()
            hook()

        if name in {"on_stop", "on_market_exit"}:
            return stopping
        return super().around_lifecycle(name, hook)

    def problem_at(self, instrument_id: InstrumentId) -> str:
        if self._ages is None:  # before the start, when Nautilus refuses orders itself
            return ""
        return self._ages.problem(instrument_id, self._clock.timestamp_ns())

    def _submit_order(self, order: Any, *arguments: Any, **keywords: Any) -> None:
        call = self._calls["submit_order"]
        if self._waiting or self.problem_at(order.instrument_id):
            self._pass((order,), partial(call, order, *arguments, **keywords))
        else:
            call(order, *arguments, **keywords)

    def _submit_order_list(self, orders: Sequence[Any], *arguments: Any, **keywords: Any) -> None:
        send = partial(self._calls["submit_order_list"], orders, *arguments, **keywords)
        self._pass(tuple(orders), send)

    def _cancel_order(
        self, client_order_id: ClientOrderId, *arguments: Any, **keywords: Any
    ) -> None:
        if not self._deny(self._waiting.take_orders([client_order_id]), CANCELED):
            self._calls["cancel_order"](client_order_id, *arguments, **keywords)

    def _cancel_orders(
        self, client_order_ids: Sequence[ClientOrderId], *arguments: Any, **keywords: Any
    ) -> None:
        denied = self._deny(self._waiting.take_orders(client_order_ids), CANCELED)
        passing = [one for one in client_order_ids if one not in denied]
        if passing:
            self._calls["cancel_orders"](passing, *arguments, **keywords)

    def _cancel_all_orders(
        self,
        instrument_id: InstrumentId,
        order_side: Any = None,
        *arguments: Any,
        **keywords: Any,
    ) -> None:
        self._deny(self._waiting.take_side(instrument_id, order_side), CANCELED)
        self._calls["cancel_all_orders"](instrument_id, order_side, *arguments, **keywords)

    def _pass(self, orders: tuple[Any, ...], send: Callable[[], Any]) -> None:
        """Send orders, or refuse them, or keep them until there is a price."""
        if not orders:
            send()
            return
        instrument_id = orders[0].instrument_id
        problems = map(self.problem_at, dict.fromkeys(o.instrument_id for o in orders))
        problem = next(filter(None, problems), "")
        if not problem or self._ages is None:
            if instrument_id in self._waiting:
                self._deny(self._waiting.take(instrument_id), REPLACED)
            send()
            return
        waiting = Waiting(orders, self._clock.timestamp_ns(), self._strategy.factors, send)
        if not self._waits:
            self._deny([waiting], problem)
            return
        self._deny(self._waiting.add(instrument_id, waiting), REPLACED)
        self.watch.watch(instrument_id, self._ages.bar_types(instrument_id))

    def _on_price(self, instrument_id: InstrumentId) -> None:
        """Send what waits for the price of an instrument, which has come."""
        self.watch.unwatch(instrument_id)
        for waiting in self._waiting.take(instrument_id):
            self.waited[instrument_id] = self.waited.get(instrument_id, 0) + len(waiting.orders)
            waiting.send()

    def _warn_of_exit(self) -> None:
        """Say which positions Nautilus is about to close without a price that is young enough."""
        for instrument_id in dict.fromkeys(p.instrument_id for p in self._positions()):
            if problem := self.problem_at(instrument_id):
                self.watch.log.warning(f"{problem}; the stop closes its position nevertheless")

    def _positions(self) -> list[Any]:
        return [p for p in self._cache.positions_open() if p.strategy_id == self._strategy_id]

    def _deny(self, denied: Iterable[Waiting], reason: str) -> set[ClientOrderId]:
        """Deny orders with a reason; return their ids."""
        orders = [order for waiting in denied for order in waiting.orders]
        self.deny(orders, reason)
        return {order.client_order_id for order in orders}
