"""ExitPolicy: the base of everything that decides about open positions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.exits.policies.exit_decision import ExitDecision
    from dolphin_strategies.exits.policies.position_view import PositionView


class ExitPolicy:
    """Decides about each open position; override :meth:`decide`.

    A policy is a value: it has settings and no state, so that one serves several positions,
    strategies and runs. What it has to remember of a position is in the position's view.

    Notes
    -----
    Called on the strategy's thread, for each quote, trade, bar and record of factors while a
    position is open.

    """

    @property
    def interval(self) -> timedelta:
        """The interval over which ranges and volatility of prices are measured."""
        return timedelta(minutes=1)

    @property
    def time_limit(self) -> timedelta | None:
        """How long after a position's opening the clock asks, also when no data come."""
        return None

    @property
    def required_factors(self) -> tuple[str, ...]:
        """Factors that the policy looks at; the strategy must require them too."""
        return ()

    def bucket_of(self, instrument_id: InstrumentId) -> str:
        """Return the bucket of an instrument; called when a position is opened."""
        return ""

    def decide(self, view: PositionView) -> ExitDecision:
        """Say what is to remain of a position.

        Parameters
        ----------
        view : PositionView
            The position now.

        """
        raise NotImplementedError


def span_ns(span: timedelta) -> int:
    """Return a span of time as integer nanoseconds."""
    return span // timedelta(microseconds=1) * 1000
