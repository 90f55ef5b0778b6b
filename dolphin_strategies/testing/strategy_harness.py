"""StrategyHarness: a strategy in a BacktestEngine, driven by hand, one step after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from nautilus_trader.model import (
    AggressorSide,
    CustomData,
    QuoteTick,
    TradeId,
    TradeTick,
)

from dolphin_strategies import EXTERNAL_FACTORS, ConfigError, ExternalFactors, FactorSchema
from dolphin_strategies.simulation.clock_mark import clock_mark
from dolphin_strategies.simulation.strategy_errors import EscapedErrors
from dolphin_strategies.simulation.strategy_stop import stop_strategy
from dolphin_strategies.testing.engine import add_gates, make_engine
from dolphin_strategies.testing.instruments import perpetual

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from dolphin_strategies import FactorStrategy
    from dolphin_strategies.order_gates.price_rules import StalePrice
    from dolphin_strategies.order_gates.risk.risk_limits import RiskLimits

STEP: Final = timedelta(milliseconds=1)
"""Between two steps of a harness."""
START: Final = datetime(2026, 1, 1, tzinfo=UTC)


class StrategyHarness:
    """A strategy in a real BacktestEngine, given factors and prices by hand.

    Each call of :meth:`factors`, :meth:`quote`, :meth:`trade` and :meth:`wait` is one step: the
    clock moves on, alerts that are due fire, the datum is delivered as live, and the orders that
    follow are matched against the newest quote. Then the call returns::

        with StrategyHarness(Contrarian(ContrarianConfig())) as harness:
            harness.quote(60_000.0, 60_000.1)
            harness.factors(basis=0.7, funding=1e-4)
            assert harness.position() == Decimal("-0.01")

    Parameters
    ----------
    strategy : FactorStrategy
        New: it is started here.
    instruments : sequence of Nautilus's instruments, optional
        What can be traded; by default the perpetual BTCUSDT-PERP.BINANCE.
    balance : str
        Of the margin account at each venue, such as "100000 USDT"; its leverage is 10.
    maker_fee, taker_fee : Decimal
        Shares of the notional, such as Decimal("0.0005").
    start : datetime
        The clock's time in ``on_start``, with a time zone.
    max_price_age : timedelta, optional
        How old a price may be for an order, as in backtests and nodes; None: of any age, so that
        one price serves a whole test.
    stale_price : "refuse" or "wait"
        What happens to an order whose price is older.
    limits : RiskLimits, optional
        The limits of a node; then ``risk.switch`` changes its trading state.

    Attributes
    ----------
    strategy : FactorStrategy
        The strategy, for a look at its attributes.
    ts_ns : int
        The clock, UNIX nanoseconds.

    Raises
    ------
    ConfigError
        If the balance or a datum is not what it should be, if another harness is open, or if
        this one is closed.
    Exception
        What a callback of the strategy raises, from the step in which it was raised.

    Notes
    -----
    Owned by the thread that makes it. Orders fill without latency. A strategy that has stopped
    receives nothing more, as live.

    """

    _open: ClassVar[StrategyHarness | None] = None

    def __init__(  # noqa: PLR0913 - options by name
        self,
        strategy: FactorStrategy[Any],
        *,
        instruments: Sequence[Any] = (),
        balance: str = "100000 USDT",
        maker_fee: Decimal = Decimal(0),
        taker_fee: Decimal = Decimal(0),
        start: datetime = START,
        max_price_age: timedelta | None = None,
        stale_price: StalePrice = "refuse",
        limits: RiskLimits | None = None,
    ) -> None:
        if StrategyHarness._open is not None:
            msg = "another harness is open: close it first, engines of one process share a bus"
            raise ConfigError(msg)
        self.strategy: Final = strategy
        self.instruments: Final = tuple(instruments) or (perpetual(),)
        if start.tzinfo is None:
            msg = f"start: expected a time with a time zone, found {start}"
            raise ConfigError(msg)
        self.ts_ns = (start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
        self._sequence = 0
        self._trades = 0
        self._schema: FactorSchema | None = None
        self._engine: Final = make_engine(self.instruments, balance, (maker_fee, taker_fee))
        StrategyHarness._open = self
        self.risk: Final = add_gates(self._engine, strategy, max_price_age, stale_price, limits)
        self._engine.add_strategy(strategy)
        try:
            self._step(clock_mark(self.ts_ns))
        except BaseException:
            self.close()
            raise

    def factors(
        self,
        values: Mapping[str, float | None] = MappingProxyType({}),
        /,
        *,
        age: timedelta = timedelta(0),
        **more: float | None,
    ) -> None:
        """Deliver a record; other names than before are another schema, as live.

        Parameters
        ----------
        values : mapping, optional
            Names and values; None and NaN are "no value".
        age : timedelta
            How long before now its ``ts_event`` is.
        **more
            Further names and values.

        """
        everything = {**values, **more}
        if self._schema is None or tuple(self._schema.names) != tuple(everything):
            self._schema = FactorSchema(everything)
        self._sequence += 1
        at_ns = self._next_ns()
        record = ExternalFactors.from_values(
            self._schema,
            [float("nan") if value is None else float(value) for value in everything.values()],
            ts_event=at_ns - age // timedelta(microseconds=1) * 1000,
            ts_init=at_ns,
            sequence=self._sequence,
        )
        self._step(CustomData(EXTERNAL_FACTORS, record))

    def quote(
        self,
        bid: float,
        ask: float | None = None,
        *,
        size: float = 1_000.0,
        instrument_id: str | None = None,
    ) -> None:
        """Deliver a quote; orders are matched against it.

        Parameters
        ----------
        bid, ask : float
            Prices; without an ask, it is one price increment above the bid.
        size : float
            On each side, in base currency.
        instrument_id : str, optional
            The first instrument's by default.

        """
        instrument = self._instrument(instrument_id)
        high = bid + float(instrument.price_increment) if ask is None else ask
        quantity = instrument.make_qty(size)
        at_ns = self._next_ns()
        prices = instrument.make_price(bid), instrument.make_price(high)
        self._step(QuoteTick(instrument.id, *prices, quantity, quantity, at_ns, at_ns))

    def trade(
        self,
        price: float,
        size: float = 1.0,
        *,
        aggressor: AggressorSide = AggressorSide.BUY,
        instrument_id: str | None = None,
    ) -> None:
        """Deliver a trade; as in Nautilus's backtests, its price is bid and ask until the next
        quote, and resting orders are not filled by it.

        Parameters
        ----------
        price, size : float
            In quote and base currency.
        aggressor : AggressorSide
            The side that took.
        instrument_id : str, optional
            The first instrument's by default.

        """
        instrument = self._instrument(instrument_id)
        self._trades += 1
        at_ns = self._next_ns()
        price_and_size = instrument.make_price(price), instrument.make_qty(size)
        number = TradeId(str(self._trades))
        self._step(TradeTick(instrument.id, *price_and_size, aggressor, number, at_ns, at_ns))

    def wait(self, span: timedelta) -> None:
        """Let time pass; the clock's alerts fire, also that of factors too old to trade on."""
        if span <= timedelta(0):
            msg = f"wait: expected a positive span, found {span}"
            raise ConfigError(msg)
        self._step(clock_mark(self.ts_ns + span // timedelta(microseconds=1) * 1000))

    def stop(self) -> None:
        """Stop the strategy, with the time it needs to close its positions."""
        self._guarded(lambda: stop_strategy(self.strategy, self.ts_ns, self._move_clock))

    @property
    def orders(self) -> list[Any]:
        """All orders of the strategy, in the order in which they were made."""
        return sorted(
            self._engine.cache.orders(), key=lambda o: (o.ts_init, o.client_order_id.value)
        )

    def position(self, instrument_id: str | None = None) -> Decimal:
        """Return the net position, negative if short; of the first instrument by default."""
        instrument = self._instrument(instrument_id)
        positions = self._engine.cache.positions_open(instrument_id=instrument.id)
        return sum((Decimal(str(p.signed_qty)) for p in positions), Decimal(0))

    def close(self) -> None:
        """End the engine without stopping the strategy first; safe to call again."""
        if StrategyHarness._open is self:
            StrategyHarness._open = None
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _next_ns(self) -> int:
        return self.ts_ns + STEP // timedelta(microseconds=1) * 1000

    def _instrument(self, instrument_id: str | None) -> Any:
        if instrument_id is None:
            return self.instruments[0]
        for instrument in self.instruments:
            if str(instrument.id) == instrument_id:
                return instrument
        known = ", ".join(str(i.id) for i in self.instruments)
        msg = f"no instrument {instrument_id!r}; the harness has: {known}"
        raise ConfigError(msg)

    def _move_clock(self, at_ns: int) -> None:
        self._replay(clock_mark(at_ns))

    def _step(self, datum: Any) -> None:
        if StrategyHarness._open is not self:
            msg = "the harness is closed: make a new one with a new strategy"
            raise ConfigError(msg)
        self._guarded(lambda: self._replay(datum))

    def _guarded(self, step: Callable[[], None]) -> None:
        callers = (StrategyHarness._replay, stop_strategy)
        with EscapedErrors(*callers) as escaped:  # type: ignore[arg-type]
            try:
                step()
            except RuntimeError:
                # Nautilus's, of an exception that escaped: that one says more.
                if escaped.first is None:
                    raise
        if escaped.first is not None:
            raise escaped.first

    def _replay(self, datum: Any) -> None:
        self._engine.clear_data()
        self._engine.add_data([datum])
        self._engine.run(streaming=True)
        self.ts_ns = max(self.ts_ns, datum.ts_init)
