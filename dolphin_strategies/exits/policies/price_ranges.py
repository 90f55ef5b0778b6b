"""PriceRanges: the average true range and the volatility of a price, by intervals."""

from __future__ import annotations

import math
from typing import Final

PERIODS: Final = 14
"""Intervals that an average is made of, as J. W. Wilder chose."""


class PriceRanges:
    """Measures how far a price moves within an interval.

    Both figures are exponential averages with Wilder's weight 1 / ``periods`` (J. W. Wilder, *New
    Concepts in Technical Trading Systems*, 1978), of the arithmetic mean of the first ``periods``
    intervals; before these there is none. Intervals are aligned to UNIX time. Where several pass
    between two prices, a move counts as one of a random walk over all of them: squared moves
    grow with time.

    Parameters
    ----------
    interval_ns : int
        Length of an interval, nanoseconds.
    periods : int
        Intervals of the average.

    Attributes
    ----------
    average_range : float
        Average true range of an interval, as a fraction of the price; NaN while unknown.
    volatility : float
        Standard deviation of the log return over an interval, about 0; NaN while unknown.

    """

    __slots__ = (
        "_close",
        "_close_number",
        "_count",
        "_high",
        "_interval_ns",
        "_last",
        "_low",
        "_mean_range",
        "_number",
        "_periods",
        "_variance",
        "average_range",
        "volatility",
    )

    def __init__(self, interval_ns: int, periods: int = PERIODS) -> None:
        self._interval_ns = interval_ns
        self._periods = periods
        self._number = self._close_number = -1
        self._count = 0
        self._last = self._close = self._low = self._high = math.nan
        self._mean_range = self._variance = 0.0
        self.average_range = self.volatility = math.nan

    def add(self, price: float, low: float, high: float, at_ns: int) -> None:
        """Take in a price, and the lowest and highest since the one before.

        Parameters
        ----------
        price, low, high : float
            In quote currency; what is not finite and above 0 is left out.
        at_ns : int
            UNIX nanoseconds; an instant before the newest counts as the newest.

        """
        if not (0 < low <= price <= high < math.inf):
            return
        number = at_ns // self._interval_ns
        if number > self._number:
            if self._number >= 0:
                self._end_interval()
            self._number = number
            self._low, self._high = low, high
        else:
            # Comparisons, not min and max: this is done for every quote.
            self._low = min(self._low, low)
            self._high = max(self._high, high)
        self._last = price

    def _end_interval(self) -> None:
        """Take the interval that has ended into the averages."""
        last, close, passed = self._last, self._close, self._number - self._close_number
        self._close, self._close_number = last, self._number
        if not close > 0:
            return  # the first one has no close before it
        true_range = (max(self._high, close) - min(self._low, close)) / close
        log_return = math.log(last / close)
        self._count += 1
        weight = 1 / min(self._count, self._periods)
        self._mean_range += weight * (true_range / math.sqrt(passed) - self._mean_range)
        self._variance += weight * (log_return * log_return / passed - self._variance)
        if self._count >= self._periods:
            self.average_range = self._mean_range
            self.volatility = math.sqrt(self._variance)
