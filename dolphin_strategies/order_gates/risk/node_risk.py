"""NodeRisk: the gate, the switch and the watch of one strategy, made together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.order_gates.risk.losses.account_watch import AccountWatch
from dolphin_strategies.order_gates.risk.losses.loss_rules import LossRules
from dolphin_strategies.order_gates.risk.risk_gate import RiskGate
from dolphin_strategies.order_gates.risk.trading import Trading
from dolphin_strategies.order_gates.risk.trading_switch import TradingSwitch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nautilus_trader.model import ClientId, Currency, InstrumentId

    from dolphin_strategies import FactorStrategy
    from dolphin_strategies.order_gates.risk.losses.loss_rules import Baseline
    from dolphin_strategies.order_gates.risk.risk_limits import RiskLimits
    from dolphin_strategies.order_gates.risk.trading import Change


class NodeRisk:
    """What keeps a strategy within limits, and a hand on it.

    Make it before anything else observes the strategy.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.
    limits : RiskLimits
        The limits.
    venues : iterable of str
        The venues with an account.
    currency : Currency
        The accounts' currency.
    quotes : mapping of InstrumentId to ClientId
        The instruments that need a price whether or not the strategy subscribes to one.
    last : Change, optional
        The last command of an earlier run, which holds on.
    baseline : Baseline, optional
        What losses counted from in an earlier run.
    is_new_account : bool
        See :class:`LossRules`.
    remember : callable
        Takes what losses count from, whenever that has changed.

    Attributes
    ----------
    gate : RiskGate
        Add its ``algorithm`` to the engine or node, or give it to the next gate.
    switch : TradingSwitch
        Changes the trading state.
    watch : AccountWatch
        Add it to the engine or node.

    """

    def __init__(  # noqa: PLR0913 - by name
        self,
        strategy: FactorStrategy[Any],
        limits: RiskLimits,
        *,
        venues: Iterable[str],
        currency: Currency,
        quotes: Mapping[InstrumentId, ClientId | None],
        last: Change | None = None,
        baseline: Baseline | None = None,
        is_new_account: bool = False,
        remember: Callable[[Baseline], object] = lambda baseline: None,
    ) -> None:
        trading = Trading(last)
        self.gate: Final = RiskGate(strategy, limits, trading)
        self.switch: Final = TradingSwitch(strategy, self.gate, trading)
        self.watch: Final = AccountWatch(
            self.switch,
            LossRules(
                limits.max_daily_loss,
                limits.max_drawdown,
                baseline,
                is_new_account=is_new_account,
            ),
            limits.on_loss,
            venues=venues,
            currency=currency,
            instruments=quotes,
            remember=remember,
        )
