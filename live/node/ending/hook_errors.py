"""HookErrors: exceptions of a strategy's hooks, which Nautilus only logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.observation import StrategyObserver

if TYPE_CHECKING:
    from collections.abc import Callable


class HookErrors(StrategyObserver):
    """Notices each exception that leaves a hook of a strategy.

    Nautilus stops a node for it, but one that stops already would end as if nothing had been.

    Parameters
    ----------
    on_event : callable
        Called at each event of an order or a position.
    on_error : callable
        Called on the strategy's thread with the hook's name and the exception, which is then
        raised as if nobody had noticed it.

    """

    def __init__(
        self,
        on_event: Callable[[], object],
        on_error: Callable[[str, BaseException], object],
    ) -> None:
        self._on_event: Final = on_event
        self._on_error: Final = on_error

    def around_factors(self, on_factors: Callable[[Any], None]) -> Callable[[Any], None]:
        return self._around("on_factors", on_factors, _nothing)

    def around_quote(self, on_quote: Callable[[Any], None]) -> Callable[[Any], None]:
        return self._around("on_quote", on_quote, _nothing)

    def around_trade(self, on_trade: Callable[[Any], None]) -> Callable[[Any], None]:
        return self._around("on_trade", on_trade, _nothing)

    def around_lifecycle(self, name: str, hook: Callable[[], None]) -> Callable[[], None]:
        return self._around(name, hook, _nothing)

    def around_event(self, name: str, hook: Callable[[Any], None]) -> Callable[[Any], None]:
        return self._around(name, hook, self._on_event)

    def _around(
        self, name: str, hook: Callable[..., None], before: Callable[[], object]
    ) -> Callable[..., None]:
        def observed(*arguments: Any) -> None:
            before()
            try:
                hook(*arguments)
            except BaseException as error:
                self._on_error(name, error)
                raise

        return observed


def _nothing() -> None:
    """Do nothing before a hook."""
