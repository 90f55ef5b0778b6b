"""AgeAlert: the clock alert at which the newest record of a strategy is too old."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from dolphin_strategies.clocks.backtest_clock import is_backtest_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.common import Clock

AGE_ALERT: Final = "dolphin.factors-age"


class AgeAlert:
    """One alert at a time, set again when it fires: setting one for each record would cost more
    than processing the record.

    Live, records are stamped with the wall clock, which may be set; NautilusTrader's clock then
    stands until the wall clock has caught up. So a record that no other has followed is too old
    when its time has passed on the monotonic clock, whatever the others say.

    Parameters
    ----------
    clock : Clock
        The strategy's.
    max_age_ns : int
        The longest that a record can stay fresh, nanoseconds.
    on_alert : callable
        Called when an alert fires.

    """

    def __init__(self, clock: Clock, max_age_ns: int, on_alert: Callable[[object], None]) -> None:
        self._clock: Final = clock
        self._longest_ns: Final = max_age_ns + 1
        self._on_alert: Final = on_alert
        self._is_simulated: Final = is_backtest_clock(clock)
        self._now_ns: Final = clock.timestamp_ns if self._is_simulated else time.time_ns
        self._alerts = 0
        self._until_ns = self._due_mono_ns = 0

    def set(self, until_ns: int) -> None:
        """Set the alert for the instant after a record's last fresh one, UNIX nanoseconds."""
        left_ns = min(max(until_ns + 1 - self._now_ns(), 0), self._longest_ns)
        self._until_ns = until_ns
        self._due_mono_ns = time.monotonic_ns() + left_ns
        # Two alternating names: the name of the alert that is firing may still be in use.
        self._alerts += 1
        name = f"{AGE_ALERT}-{self._alerts % 2}"
        at_ns = self._clock.timestamp_ns() + left_ns
        self._clock.set_time_alert_ns(name, at_ns, self._on_alert)

    def is_over(self, until_ns: int) -> bool:
        """Return whether the newest record is too old, which is fresh until ``until_ns``."""
        if self._now_ns() > until_ns:
            return True
        is_its_record = until_ns == self._until_ns and not self._is_simulated
        return is_its_record and time.monotonic_ns() >= self._due_mono_ns
