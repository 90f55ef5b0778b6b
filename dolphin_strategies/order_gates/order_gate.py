"""OrderGate: the one place between a strategy and Nautilus at which orders are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.core import UUID4
from nautilus_trader.model import OrderModifyRejected, OrderSide
from nautilus_trader.trading import ExecutionAlgorithm

from dolphin_strategies import StrategyObserver, observe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nautilus_trader.model import ClientOrderId, InstrumentId

    from dolphin_strategies import FactorStrategy


class OrderGate(StrategyObserver):
    """Lets a strategy's orders, order lists, closings and modifications pass, or refuses them.

    A refused order is denied with a reason, in Nautilus's own way and with its events; a refused
    modification is rejected. Cancellations pass. The exit that Nautilus itself makes when a
    strategy stops (``manage_stop``) or is told to exit does not come here.

    A subclass says what is wrong with an order, or with any order of an instrument.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet; observers that are added later see its decisions before the gate does.
    algorithm : ExecutionAlgorithm, optional
        That of another gate of the same strategy: one denies for all.

    Attributes
    ----------
    algorithm : ExecutionAlgorithm
        Add it to the engine or node, once.

    Notes
    -----
    Owned by the thread of the strategy. It costs nothing between orders.

    """

    def __init__(
        self, strategy: FactorStrategy[Any], algorithm: ExecutionAlgorithm | None = None
    ) -> None:
        self._strategy: Final = strategy
        self._cache: Any = None
        self._clock: Any = None
        self._strategy_id: Any = None
        self._calls: dict[str, Callable[..., Any]] = {}
        self.algorithm: Final = ExecutionAlgorithm() if algorithm is None else algorithm
        observe(strategy, self)

    def problem_of(self, order: Any) -> str:
        """Return why an order is refused, or ``""``."""
        return self.problem_at(order.instrument_id)

    def problem_of_closing(self, position: Any) -> str:
        """Return why the order that would close a position is refused, or ``""``."""
        return self.problem_at(position.instrument_id)

    def problem_of_modification(self, order: Any) -> str:
        """Return why an order is not modified, or ``""``."""
        return self.problem_at(order.instrument_id)

    def problem_at(self, instrument_id: InstrumentId) -> str:
        """Return why every order of an instrument is refused, or ``""``."""
        return ""

    def started(self) -> None:
        """Begin; ``_cache``, ``_clock`` and ``_strategy_id`` are known."""

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        gated = getattr(self, f"_{name}", None)
        if gated is None:
            return call
        self._calls[name] = call
        return gated  # type: ignore[no-any-return]

    def around_lifecycle(self, name: str, hook: Callable[[], None]) -> Callable[[], None]:
        if name != "on_start":
            return hook

        def starting() -> None:
            # In its stop Nautilus lets nobody look them up.
            self._cache, self._clock = self._strategy.cache, self._strategy.clock
            self._strategy_id = self._strategy.strategy_id
            self.started()
            hook()

        return starting

    def deny(self, orders: Iterable[Any], reason: str) -> None:
        """Deny orders that were not sent, with their events."""
        for order in orders:
            self.algorithm.deny_order(order, reason)

    def _submit_order(self, order: Any, *arguments: Any, **keywords: Any) -> None:
        if problem := self.problem_of(order):
            self.deny((order,), problem)
        else:
            self._calls["submit_order"](order, *arguments, **keywords)

    def _submit_order_list(self, orders: Sequence[Any], *arguments: Any, **keywords: Any) -> None:
        if problem := next(filter(None, map(self.problem_of, orders)), ""):
            self.deny(orders, problem)
        else:
            self._calls["submit_order_list"](orders, *arguments, **keywords)

    def _close_position(self, position: Any, *arguments: Any, **keywords: Any) -> None:
        if self.problem_of_closing(position):
            self._close(position, *arguments, **keywords)
        else:
            self._calls["close_position"](position, *arguments, **keywords)

    def _close_all_positions(
        self,
        instrument_id: InstrumentId,
        position_side: Any = None,
        *arguments: Any,
        **keywords: Any,
    ) -> None:
        positions = (
            []
            if self._cache is None
            else self._cache.positions_open(
                None, instrument_id, self._strategy_id, None, position_side
            )
        )
        if not any(map(self.problem_of_closing, positions)):
            call = self._calls["close_all_positions"]
            call(instrument_id, position_side, *arguments, **keywords)
            return
        for position in positions:
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

    def _is_modification_rejected(self, client_order_id: ClientOrderId) -> bool:
        """Reject the modification of an order if there is a problem."""
        order = None if self._cache is None else self._cache.order(client_order_id)
        problem = "" if order is None else self.problem_of_modification(order)
        if order is None or not problem:
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
        self._strategy.on_order_modify_rejected(event)
        self._strategy.on_order_event(event)
        return True
