"""check_declarations: what a strategy's class declares, checked before anything runs."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

_NEVER_RUN: Final[dict[str, Callable[[Any], bool]]] = {
    "a coroutine function": inspect.iscoroutinefunction,
    "a generator function": inspect.isgeneratorfunction,
    "an asynchronous generator function": inspect.isasyncgenfunction,
}
"""What a call makes, and does not run; Nautilus drops what a callback returns."""
_CALLBACKS: Final = ("on_", "post_market_exit")


def check_declarations(strategy: type) -> None:
    """Refuse a FactorStrategy whose callbacks would not run, or whose declarations are wrong.

    Parameters
    ----------
    strategy : type
        The strategy's class.

    Raises
    ------
    TypeError
        If a callback is a coroutine or a generator function or cannot be called, or
        ``required_factors``, ``max_age`` or ``factor_history`` is of another type.
    ValueError
        If ``max_age`` or ``factor_history`` is negative.

    """
    for name in dir(strategy):
        if name.startswith(_CALLBACKS):
            _check_callback(strategy, name)
    where = strategy.__name__
    required = getattr(strategy, "required_factors", ())
    if isinstance(required, property):
        return
    if isinstance(required, str) or not all(isinstance(n, str) for n in _items(required)):
        msg = f"{where}.required_factors: expected a tuple of names, found {required!r}"
        raise TypeError(msg)
    for name in ("max_age", "factor_history"):
        value = getattr(strategy, name)
        if value is None or isinstance(value, property):
            continue
        if not isinstance(value, timedelta):
            msg = f"{where}.{name}: expected a timedelta or None, found {value!r}"
            raise TypeError(msg)
        if value < timedelta():
            msg = f"{where}.{name}: expected no negative time, found {value!r}"
            raise ValueError(msg)


def nanoseconds_of(time: timedelta) -> int:
    """Return a time as integer nanoseconds."""
    return time // timedelta(microseconds=1) * 1000


def check_start(strategy: Any) -> None:
    """Call ``on_start`` of a strategy's class.

    Raises
    ------
    ConfigError
        If it does not reach the one of FactorStrategy, so that no factors would come, or if a
        stop was set on the instance and nothing would act on it.

    """
    stops = strategy.hard_stop is not None or strategy.time_stop is not None
    if stops and strategy.exit_desk is None:
        msg = (
            f"{type(strategy).__name__}: hard_stop or time_stop without exits: declare them on "
            "the class, or set `self.exits = HoldExit()` in the constructor too"
        )
        raise ConfigError(msg)
    type(strategy).on_start(strategy)
    if not strategy.has_subscribed:
        name = type(strategy).__name__
        msg = f"{name}.on_start does not call super().on_start(): no factors would come"
        raise ConfigError(msg)


def _check_callback(strategy: type, name: str) -> None:
    callback = inspect.getattr_static(strategy, name)
    for what, is_it in _NEVER_RUN.items():
        if is_it(callback):
            msg = (
                f"{strategy.__name__}.{name} is {what}: Nautilus calls it and never runs it; "
                "make it a plain method, and start a task in it if it has to wait"
            )
            raise TypeError(msg)
    if not callable(callback) and not hasattr(type(callback), "__get__"):
        msg = f"{strategy.__name__}.{name}: expected a method, found {callback!r}"
        raise TypeError(msg)


def _items(names: Any) -> tuple[Any, ...]:
    try:
        return tuple(names)
    except TypeError:
        return (names,)
