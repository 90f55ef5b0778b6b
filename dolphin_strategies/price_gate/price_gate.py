"""PriceGate: a strategy's orders, of which none meets a price that is too old."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.core import UUID4
from nautilus_trader.model import OrderModifyRejected, OrderSide
from nautilus_trader.trading import ExecutionAlgorithm

from dolphin_strategies import StrategyObserver, observe
from dolphin_strategies.price_gate.price_ages import PriceAges
from dolphin_strategies.price_gate.price_watch import PriceWatch
from dolphin_strategies.price_gate.waiting_orders import Waiting, WaitingOrders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nautilus_trader.model import ClientOrderId, InstrumentId

    from dolphin_strategies import FactorStrategy
    from dolphin_strategies.price_gate.price_rules import PriceRules

REPLACED: Final = "REPLACED: a later order of the strategy took its place while it waited"
CANCELED: Final = "CANCELED: the strategy canceled it while it waited for a price"
STOPPED: Final = "STOPPED: no price came for it until the strategy stopped"


class PriceGate(StrategyObserver):
    """Refuses a strategy's orders while their instrument's price is too old, or lets them wait.

    Orders, order lists and closings of positions are denied with a reason, or wait for the next
    price; modifications are rejected. Cancellations pass. The exit that Nautilus itself makes
    when a strategy stops (``manage_stop``) does not come here: the venue refuses it.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet; observers that are added later see its decisions before the gate does.
    rules : PriceRules
        How old a price may be, and what happens to an order.

    Attributes
    ----------
    algorithm : ExecutionAlgorithm
        Add it to the engine or node: it denies orders in Nautilus's own way, with their events.
    watch : PriceWatch
        Add it to the engine or node.
    waited : dict of InstrumentId to int
        How many orders were sent after they had waited.

    Notes
    -----
    Owned by the thread of the strategy. It costs nothing between orders.

    """

    def __init__(self, strategy: FactorStrategy[Any], rules: PriceRules) -> None:
        self._strategy: Final = strategy
        self._rules: Final = rules
        self._waits: Final = rules.stale_price == "wait"
        self._waiting: Final = WaitingOrders()
        self._ages: PriceAges | None = None
        self._cache: Any = None
        self._clock: Any = None
        self._strategy_id: Any = None
        self._calls: dict[str, Callable[..., Any]] = {}
        self.algorithm: Final = ExecutionAlgorithm()
        self.watch: Final = PriceWatch(rules, self._on_price)
        self.waited: Final[dict[InstrumentId, int]] = {}
        observe(strategy, self)

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        gated = getattr(self, f"_{name}", None)
        if gated is None:
            return call
        self._calls[name] = call
        return gated  # type: ignore[no-any-return]

    def around_lifecycle(self, name: str, hook: Callable[[], None]) -> Callable[[], None]:
        def starting() -> None:
            # In its stop Nautilus lets nobody look them up.
            self._cache, self._clock = self._strategy.cache, self._strategy.clock
            self._strategy_id = self._strategy.strategy_id
            self._ages = PriceAges(self._cache, self._rules)
            hook()

        def stopping() -> None:
            self._deny(self._waiting.take_all(), STOPPED)
            if name == "on_market_exit":
                self._warn_of_exit()
            hook()

        return {"on_start": starting, "post_market_exit": hook}.get(name, stopping)

    def _problem(self, instrument_id: InstrumentId) -> str:
        if self._ages is None:  # before the start, when Nautilus refuses orders itself
            return ""
        return self._ages.problem(instrument_id, self._clock.timestamp_ns())

    def _submit_order(self, order: Any, *arguments: Any, **keywords: Any) -> None:
        call = self._calls["submit_order"]
        if self._waiting or self._problem(order.instrument_id):
            self._pass((order,), partial(call, order, *arguments, **keywords))
        else:
            call(order, *arguments, **keywords)

    def _submit_order_list(self, orders: Sequence[Any], *arguments: Any, **keywords: Any) -> None:
        send = partial(self._calls["submit_order_list"], orders, *arguments, **keywords)
        self._pass(tuple(orders), send)

    def _close_position(self, position: Any, *arguments: Any, **keywords: Any) -> None:
        if not self._problem(position.instrument_id):
            self._calls["close_position"](position, *arguments, **keywords)
            return
        self._close(position, *arguments, **keywords)

    def _close_all_positions(
        self,
        instrument_id: InstrumentId,
        position_side: Any = None,
        *arguments: Any,
        **keywords: Any,
    ) -> None:
        if not self._problem(instrument_id):
            call = self._calls["close_all_positions"]
            call(instrument_id, position_side, *arguments, **keywords)
            return
        for position in self._cache.positions_open(
            None, instrument_id, self._strategy_id, None, position_side
        ):
            self._close(position, *arguments, **keywords)

    def _close(  # noqa: PLR0913, PLR0917 - the arguments of Nautilus's method, in its order
        self,
        position: Any,
        client_id: Any = None,
        tags: Any = None,
        time_in_force: Any = None,
        reduce_only: bool | None = None,  # noqa: FBT001
        quote_quantity: bool | None = None,  # noqa: FBT001
        params: Any = None,
    ) -> None:
        """Send the order with which Nautilus would close a position through the gate."""
        order = self._strategy.order_factory.market(
            position.instrument_id,
            OrderSide.SELL if position.is_long else OrderSide.BUY,
            position.quantity,
            time_in_force,
            reduce_only is not False,
            quote_quantity,
            tags=tags,
        )
        self._submit_order(order, position.id, client_id, params)

    def _modify_order(
        self, client_order_id: ClientOrderId, *arguments: Any, **keywords: Any
    ) -> None:
        if not self._is_modification_rejected(client_order_id):
            self._calls["modify_order"](client_order_id, *arguments, **keywords)

    def _modify_orders(
        self, updates: Sequence[Any] = (), *arguments: Any, **keywords: Any
    ) -> None:
        passing = [u for u in updates if not self._is_modification_rejected(u[0])]
        if passing:
            self._calls["modify_orders"](passing, *arguments, **keywords)

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
        problems = map(self._problem, dict.fromkeys(o.instrument_id for o in orders))
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
            if problem := self._problem(instrument_id):
                self.watch.log.warning(f"{problem}; the stop closes its position nevertheless")

    def _positions(self) -> list[Any]:
        return [p for p in self._cache.positions_open() if p.strategy_id == self._strategy_id]

    def _deny(self, denied: Iterable[Waiting], reason: str) -> set[ClientOrderId]:
        """Deny orders with a reason; return their ids."""
        orders = [order for waiting in denied for order in waiting.orders]
        for order in orders:
            self.algorithm.deny_order(order, reason)
        return {order.client_order_id for order in orders}

    def _is_modification_rejected(self, client_order_id: ClientOrderId) -> bool:
        """Reject the modification of an order whose instrument has no price."""
        strategy = self._strategy
        order = self._cache.order(client_order_id)
        problem = "" if order is None else self._problem(order.instrument_id)
        if not problem:
            return False
        now_ns = self._clock.timestamp_ns()
        event = OrderModifyRejected(
            order.trader_id,
            order.strategy_id,
            order.instrument_id,
            client_order_id,
            problem,
            UUID4(),
            now_ns,
            now_ns,
            False,  # noqa: FBT003 - Nautilus takes it so
            order.venue_order_id,
            order.account_id,
        )
        strategy.on_order_modify_rejected(event)
        strategy.on_order_event(event)
        return True
