"""Green: several factors, sized by volatility and conviction, with limits and adaptive exits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import (
    AdaptiveExit,
    ExitModel,
    FactorStrategy,
    FactorStrategyConfig,
    OrderRateLimit,
    TripleBarrierExit,
)

if TYPE_CHECKING:
    from nautilus_trader.model import ClientOrderId, PositionClosed, QuoteTick

    from dolphin_strategies import ExternalFactors, FactorSchema

_DAY_NS: Final = 86_400_000_000_000
_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class GreenConfig(FactorStrategyConfig):
    """Configuration of Green.

    Attributes
    ----------
    instrument_id : InstrumentId
        What to trade.
    imbalance_weight : float
        Conviction that a smoothed imbalance of 1 is worth.
    return_weight : float
        Conviction that a last return of one deviation is worth; below 0: it reverts.
    smoothing_s : float
        Time constant of the average of the imbalance, seconds.
    enter : float
        Conviction, without its sign, from which to enter; whole size at 1.
    max_storm : float
        Probability of the wild regime from which nothing is entered.
    risk : float
        What a position of full conviction loses when the price moves by one deviation of a
        minute, quote currency.
    max_position : Decimal
        Largest position either way, base currency.
    max_loss_per_day : float
        Loss of a UTC day, open positions included, at which the day ends, quote currency. Counted
        from the start of the node on: one that is started again the same day begins at 0, and so
        may lose as much again. What outlives a restart is the watch of ``[envelope]``.
    max_orders_per_second : int
        Largest rate of entries.
    exit_model : ExitModel, optional
        Of ``train_exits.py``; in TOML the path of its file. None: three barriers.
    hard_stop : float
        The largest loss of a position, as a fraction of its entry price.

    """

    instrument_id: InstrumentId = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
    imbalance_weight: float = 1.5
    return_weight: float = 0.0
    smoothing_s: float = 1.0
    enter: float = 0.5
    max_storm: float = 0.5
    risk: float = 2.0
    max_position: Decimal = Decimal("0.050")
    max_loss_per_day: float = 200.0
    max_orders_per_second: int = 2
    exit_model: ExitModel | None = None
    hard_stop: float = 0.005


class Green(FactorStrategy[GreenConfig]):
    """Follow the imbalance of the book while the market is calm.

    The factors are computed from quotes (``docs/examples/green/factors.toml``), so that they are
    the same in a backtest, a node and the replay of its session. Decisions depend on the stamps
    of records and quotes, never on the clock.
    """

    required_factors = ("imbal", "return_10s", "vol_60s", "p_storm")
    max_age = timedelta(seconds=5)
    time_stop = timedelta(minutes=2)

    def __init__(self, config: GreenConfig) -> None:
        super().__init__(config)
        self.hard_stop = config.hard_stop
        self.exits = (
            TripleBarrierExit(
                take=1.5, stop=1.0, limit=timedelta(minutes=1), interval=timedelta(seconds=10)
            )
            if config.exit_model is None
            else AdaptiveExit(config.exit_model)
        )

    def on_start(self) -> None:
        super().on_start()
        self.limit = OrderRateLimit(self.config.max_orders_per_second)
        self.last_order: ClientOrderId | None = None
        self.imbalance = 0.0
        self.averaged_ns = 0
        self.day = -1
        self.lost_before = 0.0
        self.left_side = 0
        self.mid = math.nan
        self.subscribe_quotes(self.config.instrument_id)

    def on_schema(self, schema: FactorSchema) -> None:
        self.places = tuple(schema.index(name) for name in self.required_factors)

    def on_quote(self, quote: QuoteTick) -> None:
        self.mid = (float(quote.bid_price) + float(quote.ask_price)) / 2

    def on_factors(self, f: ExternalFactors) -> None:
        imbalance, return_bps, vol_bps, storm = map(f.value_at, self.places)
        self.average(imbalance, f.ts_init)
        if vol_bps <= 0 or math.isnan(self.mid):
            return
        conviction = self.conviction(return_bps / (vol_bps * math.sqrt(1 / 6)))
        held = float(self.portfolio.net_position(self.config.instrument_id))
        if self.is_over_the_days_loss(f.ts_init):
            self.go_to(0.0, held, f.ts_init)
        elif held:
            # The exits hold it; only a signal as strong the other way closes it before.
            if conviction * held < 0 and abs(conviction) >= self.config.enter:
                self.go_to(0.0, held, f.ts_init)
        elif abs(conviction) < self.config.enter:
            self.left_side = 0
        elif storm < self.config.max_storm and self.left_side * conviction <= 0:
            self.left_side = 0
            self.go_to(self.size(conviction, vol_bps), held, f.ts_init)

    def average(self, imbalance: float, now_ns: int) -> None:
        """Smooth the imbalance over time, however often records come."""
        passed_s = (now_ns - self.averaged_ns) / _SECOND_NS
        self.averaged_ns = now_ns
        weight = -math.expm1(-passed_s / self.config.smoothing_s)
        self.imbalance += weight * (imbalance - self.imbalance)

    def conviction(self, moved: float) -> float:
        """Return how sure the factors are of a rise, -1 to 1.

        Parameters
        ----------
        moved : float
            The last return, in its standard deviations.

        """
        config = self.config
        score = config.imbalance_weight * self.imbalance + config.return_weight * moved
        return min(max(score, -1.0), 1.0)

    def size(self, conviction: float, vol_bps: float) -> float:
        """Return the position to hold, base currency: the wilder the market, the smaller."""
        config = self.config
        size = config.risk / (self.mid * vol_bps * 1e-4)
        return math.copysign(min(size * abs(conviction), float(config.max_position)), conviction)

    def is_over_the_days_loss(self, now_ns: int) -> bool:
        """Return whether this UTC day has lost all that a day may."""
        if now_ns // _DAY_NS != self.day:
            self.day, self.lost_before = now_ns // _DAY_NS, 0.0
        instrument = self.instrument(self.config.instrument_id)
        price = instrument.make_price(self.mid)
        gain = sum(
            float(position.unrealized_pnl(price))
            for position in self.cache.positions_open(instrument_id=instrument.id)
        )
        return self.lost_before - gain >= self.config.max_loss_per_day

    def go_to(self, target: float, held: float, now_ns: int) -> None:
        """Send the order that leads to a position, if none is in flight and the rate allows it."""
        if self.last_order and not self.cache.is_order_closed(self.last_order):
            return
        missing = target - held
        instrument = self.instrument(self.config.instrument_id)
        size = instrument.make_qty(abs(missing))
        if size.as_decimal() == 0 or self.is_exiting():
            return
        # What reduces a position is never kept from it by a rate.
        if target and not self.limit.allow(now_ns):
            return
        side = OrderSide.BUY if missing > 0 else OrderSide.SELL
        order = self.order_factory.market(instrument.id, side, size, reduce_only=not target)
        self.last_order = order.client_order_id
        self.submit_order(order)

    def on_factors_stale(self) -> None:
        """Close the position: without fresh factors nothing supports it."""
        held = float(self.portfolio.net_position(self.config.instrument_id))
        if held:
            self.go_to(0.0, held, self.averaged_ns)

    def on_position_closed(self, event: PositionClosed) -> None:
        """Count the day's loss, and stay out of a side that an exit has left."""
        if event.realized_pnl is not None:
            self.lost_before -= float(event.realized_pnl)
        closing = event.closing_order_id
        order = None if closing is None else self.cache.order(closing)
        if order is not None and order.tags:
            self.left_side = 1 if event.entry == OrderSide.BUY else -1
