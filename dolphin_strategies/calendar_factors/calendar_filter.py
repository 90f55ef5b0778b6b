"""CalendarFilter: when a strategy stays out, by ranges of calendar factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.calendar_factors.calendar_rule import CalendarRule

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECOND_NS: Final = 1_000_000_000


class CalendarFilter:
    """Say whether a strategy may enter at an instant.

    Parameters
    ----------
    stay_out : iterable of str
        Ranges such as ``"4 <= utc_weekday < 5"`` or ``"minutes_to_funding_8h < 30"``; it may not
        enter while one of them holds. One whose factor is not known does not hold.

    Raises
    ------
    ValueError
        If a range cannot be read, or there is no such calendar factor.

    Notes
    -----
    The answer depends on nothing but the instant, and is the same throughout a second of it: a
    backtest, a node and a replay give the same one. It takes no data and needs no factor of a
    source. The first question of a second costs some tens of microseconds, another of the same
    second a comparison.

    """

    def __init__(self, stay_out: Iterable[str]) -> None:
        self.rules: Final = tuple(CalendarRule.from_str(text) for text in stay_out)
        self._second = -1
        self._is_open = True

    def is_open(self, instant_ns: int) -> bool:
        """Return whether none of the ranges holds.

        Parameters
        ----------
        instant_ns : int
            UNIX nanoseconds: ``ts_init`` of a record, or the strategy's clock.

        """
        second = instant_ns // _SECOND_NS
        if second != self._second:
            at = np.array([second * _SECOND_NS], np.int64)
            self._is_open = not any(rule.holds(at)[0] for rule in self.rules)
            self._second = second
        return self._is_open
