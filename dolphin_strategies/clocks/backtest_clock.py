"""Whether a Nautilus clock is a backtest's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nautilus_trader.common import Clock


def is_backtest_clock(clock: Clock) -> bool:
    """Return whether a clock shows simulated time."""
    try:
        clock.set_time(clock.timestamp_ns())
    except ValueError:
        return False
    return True
