"""TradingSwitch: changes the trading state of a node, and does what follows from a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import TradingState

from dolphin_strategies import StrategyObserver, observe
from dolphin_strategies.order_gates.risk.trading import COMMANDS, NODE, Change

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies import FactorStrategy
    from dolphin_strategies.order_gates.risk.risk_gate import RiskGate
    from dolphin_strategies.order_gates.risk.trading import Trading

CLOCK_CODE: Final = "-1021"
"""Binance: a request's stamp is outside of the time that the exchange takes."""


class TradingSwitch(StrategyObserver):
    """Carries out ``halt``, ``reduce``, ``flat`` and ``resume``.

    ``halt`` and ``reduce`` cancel the resting orders that are no exits; ``flat`` cancels all
    orders and closes all positions of the strategy, as its stop does, and goes on until nothing
    is open.
    An order that the exchange refuses because of the machine's clock halts the node.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.
    gate : RiskGate
        The gate of its orders.
    trading : Trading
        What is changed.

    Attributes
    ----------
    listeners : list of callable
        Called with each change, once it holds.

    Notes
    -----
    On the node's thread only, and never within a method that the strategy is in.

    """

    def __init__(
        self,
        strategy: FactorStrategy[Any],
        gate: RiskGate,
        trading: Trading,
    ) -> None:
        self._strategy: Final = strategy
        self._gate: Final = gate
        self.listeners: Final[list[Callable[[Change], object]]] = []
        self.trading: Final = trading
        self._wants_halt = ""
        observe(strategy, self)

    def around_event(self, name: str, hook: Callable[[Any], None]) -> Callable[[Any], None]:
        if name != "on_order_rejected":
            return hook

        def observed(event: Any) -> None:
            if CLOCK_CODE in str(event.reason):
                self._wants_halt = f"the exchange refuses this machine's clock: {event.reason}"
            hook(event)

        return observed

    def change(self, change: Change) -> None:
        """Do what a command says."""
        self.trading.take(change)
        try:
            if self.trading.wants_flat:
                self._close_all()
            elif self.trading.state != TradingState.ACTIVE:
                self._cancel_entries()
        finally:  # they may be slow, and must hear of it whatever happened
            for listener in self.listeners:
                listener(change)

    def tighten(self, change: Change) -> None:
        """Do what a command says, unless what holds allows less already."""
        last = self.trading.last
        if last is None or COMMANDS.index(change.command) > COMMANDS.index(last.command):
            self.change(change)

    def look(self) -> None:
        """Go on with what was begun, and do what was noticed; called again and again."""
        if self._wants_halt:
            self.tighten(Change(command="halt", who=NODE, why=self._wants_halt))
        self._wants_halt = ""
        if self.trading.wants_flat:
            self._close_all()

    @property
    def portfolio(self) -> Any:
        """Nautilus's portfolio, which actors have not."""
        return self._strategy.portfolio

    @property
    def is_flat(self) -> bool:
        """Whether nothing is open and nothing on its way; False before the strategy's start."""
        exposure = self._gate.exposure
        return exposure is not None and not exposure.instruments()

    def _cancel_entries(self) -> None:
        exposure = self._gate.exposure
        if exposure is None or not self._strategy.is_running():
            return
        for order in exposure.pending():
            if order.strategy_id == self._strategy.strategy_id and not exposure.is_exit(order):
                self._gate.own("cancel_order")(order.client_order_id)

    def _close_all(self) -> None:
        strategy = self._strategy
        if self.is_flat or not strategy.is_running() or strategy.is_exiting():
            return
        self._gate.own("market_exit")()
