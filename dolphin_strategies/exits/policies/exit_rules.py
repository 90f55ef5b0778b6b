"""The exits by rule: fixed, trailing, triple-barrier and time exits, and holding on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dolphin_strategies.exits.policies.exit_decision import HOLD, ExitDecision
from dolphin_strategies.exits.policies.exit_policy import ExitPolicy, span_ns

if TYPE_CHECKING:
    from dolphin_strategies.exits.policies.position_view import PositionView

TAKE_PROFIT: Final = ExitDecision(0.0, "take profit")
STOP_LOSS: Final = ExitDecision(0.0, "stop loss")
TRAILING_STOP: Final = ExitDecision(0.0, "trailing stop")
TIME_UP: Final = ExitDecision(0.0, "time is up")


class HoldExit(ExitPolicy):
    """Hold: the strategy itself decides, and its hard stop and time stop hold."""

    def decide(self, view: PositionView) -> ExitDecision:
        return HOLD


@dataclass(frozen=True, kw_only=True)
class FixedExit(ExitPolicy):
    """Take a profit or cut a loss at fixed distances from the entry.

    Attributes
    ----------
    take, stop : float
        Gain and loss, as fractions of the entry price; infinite: none.
    scale_out : tuple of (float, float)
        Gains at which a part is sold before, each with what is to remain of the most that the
        position has held: ``((0.01, 0.5),)`` sells one half at 1 %.

    Raises
    ------
    ValueError
        If a distance is not above 0, or what is to remain is no fraction.

    """

    take: float = math.inf
    stop: float = math.inf
    scale_out: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        check_positive(take=self.take, stop=self.stop)
        for gain, _ in self.scale_out:
            check_positive(scale_out=gain)
        # Deepest first: the first one reached is the least that is to remain.
        parts = sorted(self.scale_out, reverse=True)
        decisions = tuple((gain, ExitDecision(keep, "scale out")) for gain, keep in parts)
        object.__setattr__(self, "_parts", decisions)

    def decide(self, view: PositionView) -> ExitDecision:
        if view.adverse >= self.stop:
            return STOP_LOSS
        if view.gain >= self.take:
            return TAKE_PROFIT
        for gain, decision in self._parts:  # type: ignore[attr-defined]
            if view.gain >= gain:
                return decision  # type: ignore[no-any-return]
        return HOLD


@dataclass(frozen=True, kw_only=True)
class TrailingExit(ExitPolicy):
    """Close when the price has come back from its best by a multiple of its average true range.

    Attributes
    ----------
    multiple : float
        Average true ranges (ATR) between the best price since the entry and the stop.
    interval : timedelta
        The interval of the ranges. While the ATR is not known the position is held.

    Raises
    ------
    ValueError
        If one of them is not above 0.

    """

    multiple: float
    interval: timedelta = timedelta(minutes=1)

    def __post_init__(self) -> None:
        check_positive(multiple=self.multiple)
        check_span(interval=self.interval)

    def decide(self, view: PositionView) -> ExitDecision:
        # False while the range is NaN.
        if view.favourable - view.gain >= self.multiple * view.ranges.average_range > 0:
            return TRAILING_STOP
        return HOLD


@dataclass(frozen=True, kw_only=True)
class TripleBarrierExit(ExitPolicy):
    """Close at whichever comes first: a gain, a loss, or the end of a span of time.

    The distances are multiples of the volatility over that span, as known when the position was
    opened (M. López de Prado, *Advances in Financial Machine Learning*, 2018, 3.2). While the
    volatility is not known only the time holds.

    Attributes
    ----------
    take, stop : float
        Gain and loss, in standard deviations of the return over ``limit``; infinite: none.
    limit : timedelta
        The longest time.
    interval : timedelta
        The interval over which volatility is measured.

    Raises
    ------
    ValueError
        If one of them is not above 0.

    """

    take: float = math.inf
    stop: float = math.inf
    limit: timedelta
    interval: timedelta = timedelta(minutes=1)

    def __post_init__(self) -> None:
        check_positive(take=self.take, stop=self.stop)
        check_span(limit=self.limit, interval=self.interval)
        object.__setattr__(self, "_limit_ns", span_ns(self.limit))
        object.__setattr__(self, "_root", math.sqrt(self.limit / self.interval))

    @property
    def time_limit(self) -> timedelta:
        return self.limit

    def decide(self, view: PositionView) -> ExitDecision:
        if view.held_ns >= self._limit_ns:  # type: ignore[attr-defined]
            return TIME_UP
        unit = view.volatility * self._root  # type: ignore[attr-defined]
        if unit > 0:
            if view.adverse >= self.stop * unit:
                return STOP_LOSS
            if view.gain >= self.take * unit:
                return TAKE_PROFIT
        return HOLD


@dataclass(frozen=True, kw_only=True)
class TimeExit(ExitPolicy):
    """Close after a span of time.

    Attributes
    ----------
    limit : timedelta
        How long a position is held.

    Raises
    ------
    ValueError
        If it is not above 0.

    """

    limit: timedelta

    def __post_init__(self) -> None:
        check_span(limit=self.limit)
        object.__setattr__(self, "_limit_ns", span_ns(self.limit))

    @property
    def time_limit(self) -> timedelta:
        return self.limit

    def decide(self, view: PositionView) -> ExitDecision:
        return TIME_UP if view.held_ns >= self._limit_ns else HOLD  # type: ignore[attr-defined]


def check_positive(**values: float) -> None:
    """Refuse values that are not above 0.

    Raises
    ------
    ValueError
        With the name.

    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            msg = f"{name}: expected a number above 0, found {value!r}"
            raise ValueError(msg)


def check_span(**spans: timedelta) -> None:
    """Refuse spans of time that are not above 0.

    Raises
    ------
    ValueError
        With the name.

    """
    for name, span in spans.items():
        if not isinstance(span, timedelta) or span <= timedelta():
            msg = f"{name}: expected a timedelta above 0, found {span!r}"
            raise ValueError(msg)
