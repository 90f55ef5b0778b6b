"""DecisionLog: what a strategy decided in a backtest, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.session.decisions import DECISIONS, Ordinals, describe_call

if TYPE_CHECKING:
    from adapters.command.strategy_class import AnyFactorStrategy

_OF_THE_RUN: Final = ("stop", "market_exit", "shutdown_system")
"""What the end of a run does, not the strategy."""


@dataclass(frozen=True)
class Decision:
    """One call: the engine's time, UNIX nanoseconds, and what it says."""

    ns: int
    content: dict[str, Any]


class DecisionLog:
    """Note what a strategy submits, modifies and cancels.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet; the methods of this instance are wrapped.

    Attributes
    ----------
    decisions : list of Decision
        In their order.

    """

    def __init__(self, strategy: AnyFactorStrategy) -> None:
        self.decisions: list[Decision] = []
        self._strategy: Final = strategy
        self._ordinals: Final = Ordinals()
        for method in DECISIONS:
            if method not in _OF_THE_RUN:
                self._wrap(method)

    def _wrap(self, method: str) -> None:
        call = getattr(self._strategy, method)

        def noted(*arguments: Any, **keywords: Any) -> Any:
            now_ns = self._strategy.clock.timestamp_ns()
            content = describe_call(method, arguments, keywords, self._ordinals)
            self.decisions.append(Decision(now_ns, content))
            return call(*arguments, **keywords)

        setattr(self._strategy, method, noted)
