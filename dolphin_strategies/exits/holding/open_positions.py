"""OpenPositions: the open positions of a strategy, by its position events."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.exits.holding.held_position import HeldPosition
from dolphin_strategies.exits.holding.instrument_prices import InstrumentPrices
from dolphin_strategies.exits.policies.exit_policy import ExitPolicy, span_ns
from dolphin_strategies.exits.policies.position_view import PositionView
from dolphin_strategies.exits.policies.price_ranges import PriceRanges

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.exits.holding.time_alert import TimeAlert


class OpenPositions:
    """Knows which positions are open, and the prices of their instruments.

    Attributes
    ----------
    prices : dict of InstrumentId to InstrumentPrices
        Each instrument of which there was a price or a position, with its open positions.

    """

    def __init__(self) -> None:
        self.prices: Final[dict[InstrumentId, InstrumentPrices]] = {}
        self._policy = ExitPolicy()
        self._alert: TimeAlert | None = None
        self._limit_ns = math.inf

    def begin(self, policy: ExitPolicy, alert: TimeAlert | None, limit_ns: float) -> None:
        """Forget everything, and begin.

        Parameters
        ----------
        policy : ExitPolicy
            Says the intervals and the buckets.
        alert : TimeAlert, optional
            Is told when a position is due; None: no position is.
        limit_ns : float
            How long after its opening a position is due, nanoseconds.

        """
        self.prices.clear()
        self._policy, self._alert, self._limit_ns = policy, alert, limit_ns

    def of(self, instrument_id: InstrumentId) -> InstrumentPrices:
        """Return the prices of an instrument, with its open positions."""
        found = self.prices.get(instrument_id)
        if found is None:
            found = InstrumentPrices(PriceRanges(span_ns(self._policy.interval)))
            self.prices[instrument_id] = found
        return found

    def adopt(self, strategy: Any) -> None:
        """Take over the positions that are open when a strategy starts."""
        found = strategy.cache.positions_open(strategy_id=strategy.strategy_id)
        for position in found:
            held = self._hold(position, position.id, position.ts_opened, is_whole=False)
            held.raise_peak(float(position.peak_qty))
        if found:
            names = ", ".join(str(position.id) for position in found)
            strategy.log.warning(
                f"Open at the start: {names}; excursions before it are not known and count as 0"
            )

    def follow(self, event: Any) -> None:
        """Take in that a position was opened or changed."""
        held = self.of(event.instrument_id).held.get(event.position_id)
        if held is not None and (held.view.side > 0) == (event.signed_qty > 0):
            held.change(event)
            return
        opened_ns = getattr(event, "ts_opened", event.ts_event)
        is_whole = event.quantity == event.last_qty
        self._hold(event, event.position_id, opened_ns, is_whole=is_whole)

    def drop(self, event: Any) -> None:
        """Take in that a position was closed."""
        self.of(event.instrument_id).held.pop(event.position_id, None)

    def _hold(
        self, found: Any, position_id: Any, opened_ns: int, *, is_whole: bool
    ) -> HeldPosition:
        """Begin to follow a position, or the event that tells of it."""
        prices = self.of(found.instrument_id)
        view = PositionView(
            instrument_id=found.instrument_id,
            side=1 if found.signed_qty > 0 else -1,
            entry_price=found.avg_px_open,
            opened_ns=opened_ns,
            ranges=prices.ranges,
            bucket=self._policy.bucket_of(found.instrument_id),
            is_whole=is_whole,
        )
        held = HeldPosition(position_id, abs(found.signed_qty), view)
        prices.held[position_id] = held
        if self._alert is not None:
            self._alert.add(opened_ns + int(self._limit_ns), held)
        return held
