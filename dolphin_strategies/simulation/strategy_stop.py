"""The stop of a strategy in a backtest, with the time that a managed stop needs."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies import FactorStrategy

_NS_PER_MS: Final = 1_000_000


def stop_strategy(
    strategy: FactorStrategy[Any], at_ns: int, move_clock: Callable[[int], None]
) -> None:
    """Stop a strategy and let it close its positions.

    An engine's own end fires the remaining alerts, but does not wait for a managed stop
    (``manage_stop``), which looks at the positions again at every ``market_exit_interval_ms``.

    Parameters
    ----------
    strategy : FactorStrategy
        The strategy, which may have stopped already.
    at_ns : int
        The engine's time, UNIX nanoseconds.
    move_clock : callable
        Moves the engine's clocks to an instant, UNIX nanoseconds.

    """
    if strategy.is_running():
        strategy.stop()
    config = strategy.config
    step_ns = getattr(config, "market_exit_interval_ms", 100) * _NS_PER_MS
    for i in itertools.count():
        if not strategy.is_running() or i > config.market_exit_max_attempts + 1:
            break
        # One nanosecond later than an alert of the same step.
        move_clock(at_ns + i * step_ns + (i > 0))
