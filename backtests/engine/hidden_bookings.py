"""Hiding from a strategy the data by which an engine books funding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.command.user_code.strategy_class import AnyFactorStrategy

_HOOKS: Final = ("on_funding_rate", "on_mark_price")


def hide_bookings(strategy: AnyFactorStrategy) -> None:
    """Let a strategy hear of a rate when it is settled, and not of what books it just before.

    Otherwise one that answers funding rates could still change the position that is settled.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet: Nautilus looks its methods up at the start.

    """
    for name in _HOOKS:
        setattr(strategy, name, _hidden(getattr(strategy, name)))


def _hidden(hook: Callable[[Any], None]) -> Callable[[Any], None]:
    def hear(datum: Any) -> None:
        # Of no other data is the event later than its delivery.
        if datum.ts_event <= datum.ts_init:
            hook(datum)

    return hear
