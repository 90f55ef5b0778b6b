"""HookErrors: exceptions of a strategy's start, end and events, which Nautilus only logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.observation import StrategyObserver

if TYPE_CHECKING:
    from collections.abc import Callable


class HookErrors(StrategyObserver):
    """Notices each exception that leaves a lifecycle hook or an event hook of a strategy.

    An exception while the node runs stops it, which is noticed anyway; one while it stops would
    be lost.

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
