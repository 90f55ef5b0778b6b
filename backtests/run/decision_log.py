"""DecisionLog: the decisions of a strategy in a backtest, with their times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.session.tap.decisions import Ordinals, describe_call
from dolphin_strategies.observation import StrategyObserver, observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.command.user_code.strategy_class import AnyFactorStrategy

_OF_THE_RUN: Final = ("stop", "market_exit", "shutdown_system")
"""Calls made by the end of a run, not by the strategy."""


@dataclass(frozen=True)
class Decision:
    """One call of a strategy.

    Attributes
    ----------
    ns : int
        The engine's time, UNIX nanoseconds.
    content : dict
        The call with its arguments, without ids and times.

    """

    ns: int
    content: dict[str, Any]


class DecisionLog(StrategyObserver):
    """Records the orders that a strategy submits, modifies and cancels.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.

    Attributes
    ----------
    decisions : list of Decision
        The decisions in order of time.

    """

    def __init__(self, strategy: AnyFactorStrategy) -> None:
        self.decisions: list[Decision] = []
        self._strategy: Final = strategy
        self._ordinals: Final = Ordinals()
        observe(strategy, self)

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        if name in _OF_THE_RUN:
            return call

        def observed(*arguments: Any, **keywords: Any) -> Any:
            now_ns = self._strategy.clock.timestamp_ns()
            content = describe_call(name, arguments, keywords, self._ordinals)
            self.decisions.append(Decision(now_ns, content))
            return call(*arguments, **keywords)

        return observed
