"""FactorStrategy: the base class of strategies that trade on external factors."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from nautilus_trader.model import CustomData, InstrumentId, OmsType, StrategyId, TimeInForce
from nautilus_trader.trading import Strategy, StrategyConfig

from dolphin_strategies._gate import Gate
from dolphin_strategies.clocks.age_alert import AgeAlert
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.exits.holding.exit_holder import ExitHolder
from dolphin_strategies.factors.declarations import check_declarations, check_start, nanoseconds_of
from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS, KEEP_WARM
from dolphin_strategies.history.feed_messages import (
    FEED_MESSAGES,
    ClockMoved,
    HeldAnswer,
    HistoryChunk,
    HistoryEnd,
)
from dolphin_strategies.history.warm_up import WarmUp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from dolphin_strategies.factors.external_factors import ExternalFactors
    from dolphin_strategies.factors.schema import FactorSchema
    from dolphin_strategies.history.history_windows import StoredSpan


@dataclass(frozen=True, kw_only=True)
class FactorStrategyConfig(StrategyConfig):
    """Configuration of a FactorStrategy; subclass it as a frozen, keyword-only dataclass.

    It has the fields of Nautilus's ``StrategyConfig``, with one other default: ``manage_stop`` is
    on, so that stopping cancels the orders and closes the positions.

    Attributes
    ----------
    strategy_id : StrategyId, optional
        Class name and a tag by default.
    order_id_tag : str, optional
        Distinguishes the orders of two instances.

    """

    strategy_id: StrategyId | None = None
    order_id_tag: str | None = None
    oms_type: OmsType | None = None
    external_order_instrument_ids: list[InstrumentId] | None = None
    manage_contingent_orders: bool = False
    manage_gtd_expiry: bool = False
    manage_stop: bool = True
    market_exit_interval_ms: int = 100
    market_exit_max_attempts: int = 100
    market_exit_time_in_force: TimeInForce = TimeInForce.GTC
    market_exit_reduce_only: bool = True
    use_uuid_client_order_ids: bool = False
    use_hyphens_in_client_order_ids: bool = True
    log_events: bool = True
    log_commands: bool = True
    log_rejected_due_post_only_as_warning: bool = True

    def __new__(cls, **kwargs: Any) -> Self:
        # Nautilus reads what is given here, not the attributes.
        defaults = {name: getattr(cls, name) for name in _NAUTILUS_FIELDS}
        return super().__new__(cls, **{**defaults, **kwargs})


_NAUTILUS_FIELDS: Final = tuple(f.name for f in fields(FactorStrategyConfig))


class FactorStrategy[C: FactorStrategyConfig](ExitHolder, Strategy):
    """A Nautilus strategy that receives external factors.

    Override :meth:`on_factors`, and declare what you need as class attributes::

        class MyStrategy(FactorStrategy[MyConfig]):
            required_factors = ("imbal_btc", "basis")
            max_age = timedelta(seconds=1.5)

            def on_factors(self, f):
                if f["imbal_btc"] > 0.5:
                    ...

    ``on_factors`` is not called while a required factor is absent or NaN, or the record is older
    than ``max_age``. :meth:`on_factors_stale` and :meth:`on_factors_recovered` are called once
    each, by the clock, also when no data arrives at all, live and in backtests alike.

    With ``factor_history``, :meth:`on_factor_history` is given the records of that span first:
    from the catalogs in the node's config, then those that the feed's source still holds.

    With ``exits`` a policy decides about open positions: see :class:`ExitHolder`.

    A subclass that overrides ``on_start``, ``on_data`` or ``on_historical_data`` calls
    ``super()``. Requests of its own for other custom data wait until the history is complete.

    Attributes
    ----------
    required_factors : tuple of str
        Names that must have a value.
    max_age : timedelta, optional
        How long after a record's ``ts_event`` it may be traded on; None: without limit.
    factor_history : timedelta, optional
        How far back the history reaches that comes before the first live record; None: none.
    stored_history : sequence of StoredSpan, optional
        Set by the code that builds the node: where its catalogs hold records, so that a long
        history loads in even steps; empty: the node has no catalogs; None: unknown.
    factors : ExternalFactors, optional
        The newest record that passed, or None while there is none to trade on; read-only.

    Notes
    -----
    ``on_factors`` is looked up on the instance at the first record after ``on_start``, so that
    what replaces it before then is called. If no subclass overrides ``on_data``, the instance's
    ``on_data`` is a C callable that goes from the record to ``on_factors`` in one call.

    """

    required_factors: ClassVar[tuple[str, ...]] = ()
    max_age: ClassVar[timedelta | None] = None
    factor_history: ClassVar[timedelta | None] = None

    config: C

    def __init__(self, config: C) -> None:
        check_declarations(type(self))
        super().__init__(config)
        # Without keys shared between instances, which would be three times slower here.
        self.__dict__ = {**self.__dict__}
        age = self.max_age
        self._max_age_ns = None if age is None else nanoseconds_of(age)
        # What changes with each record lies in C, beside the decision on it.
        self._gate: Final = Gate(self, self._max_age_ns)
        if type(self).on_data is FactorStrategy.on_data:
            # Nautilus calls it by name: without a Python function between.
            self.on_data = self._gate  # type: ignore[method-assign, assignment]
        self.on_start = lambda: check_start(self)  # type: ignore[method-assign]
        self.hold_exits(self.exits)
        self.has_subscribed = False
        self._adopted: FactorSchema | None = None
        self._was_ready = False
        self._age_alert: AgeAlert | None = None
        self.stored_history: Sequence[StoredSpan] | None = None
        self._warm_up: WarmUp | None = None

    def on_factors(self, f: ExternalFactors) -> None:
        """Act on new factors; every required one has a value and is fresh."""

    def on_factors_stale(self) -> None:
        """Act on having no factors to trade on; called once, until they recover."""

    def on_factors_recovered(self) -> None:
        """Act on fresh factors after they were stale; called once, before ``on_factors``."""

    def on_schema(self, schema: FactorSchema) -> None:
        """Resolve factor indexes; called before the first record of each schema."""

    def on_factor_history(self, records: Sequence[ExternalFactors]) -> None:
        """Receive historical records of one schema, oldest first; called once for each chunk.

        All chunks come before the first ``on_factors``. Neither age nor NaN excludes a record.
        """

    @property
    def factors(self) -> ExternalFactors | None:
        """The newest record that passed, or None while there is none to trade on.

        By the clock at this instant: the alert that tells of old factors may come late where the
        thread has much to do.
        """
        found, age = self._gate.factors, self._age_alert
        if found is None or age is None:
            return found
        return None if age.is_over(self._gate.fresh_until_ns) else found

    @property
    def factor_history_missing(self) -> int:
        """Records of the history that were published and that neither catalog nor source holds."""
        return 0 if self._warm_up is None else self._warm_up.missing

    def instrument(self, instrument_id: InstrumentId) -> Any:
        """Return an instrument from the cache.

        Raises
        ------
        ConfigError
            If the node knows no such instrument.

        """
        found = self.cache.instrument(instrument_id)
        if found is None:
            known = ", ".join(map(str, self.cache.instrument_ids())) or "none"
            msg = f"no instrument {instrument_id}; the node knows: {known}"
            raise ConfigError(msg)
        return found

    def on_start(self) -> None:
        """Subscribe to the factors, and request the history; called by Nautilus."""
        self.has_subscribed = True
        self._gate.resolve()
        # A stop before has cancelled it.
        self._gate.alert_is_set = False
        self.subscribe_data(EXTERNAL_FACTORS)
        self.subscribe_data(KEEP_WARM)
        self.subscribe_data(FEED_MESSAGES)
        span = self.factor_history
        if span is not None:
            self._gate.schema = None
            stored, ns = self.stored_history, nanoseconds_of(span)
            self._warm_up = WarmUp(self, ns, stored, self._give_history, self._end_history)
            self._warm_up.begin()

    def on_data(self, data: CustomData) -> None:
        self._gate(data)

    def on_historical_data(self, data: Sequence[CustomData]) -> None:
        if self._warm_up is not None:
            self._warm_up.on_historical_data(data)

    def _on_message(self, message: object) -> None:
        if type(message) is ClockMoved:
            self.clock.set_time(message.now_ns)
        elif type(message) is HeldAnswer and self._warm_up is not None:
            self._warm_up.on_answer(message)
        elif type(message) is HistoryChunk:
            self._give_chunk(message.records)
        elif type(message) is HistoryEnd:
            self._end_history(message.newest)

    def _accept(self, data: CustomData) -> bool:
        """Return whether a record of another schema may be processed now."""
        if self._warm_up is not None and not self._warm_up.is_over:
            self._warm_up.hold(data)
            return False
        self._gate.schema = data.data.schema
        self._adopt(data.data.schema)
        return True

    def _give_history(self, records: list[ExternalFactors]) -> None:
        """Pass history to ``on_factor_history``, one call for the records of each schema."""
        for _, chunk in groupby(records, attrgetter("schema")):
            self._give_chunk(list(chunk))

    def _give_chunk(self, records: list[ExternalFactors]) -> None:
        self._adopt(records[0].schema)
        if self._gate.is_open:
            self.on_factor_history(records)

    def _end_history(self, newest: CustomData | None) -> None:
        if newest is not None:
            FactorStrategy.on_data(self, newest)

    def _adopt(self, schema: FactorSchema) -> None:
        """Find the required factors in a new schema."""
        if schema == self._adopted:
            return
        tell = self.log.error if self._adopted is None else self.log.warning  # errors end a node
        self._adopted = schema
        missing = [name for name in self.required_factors if name not in schema]
        if missing:
            self._gate.require(None)
            for name in missing:
                near = did_you_mean(name, schema)
                tell(f"Required factor {name!r} is not in the schema{near}; on_factors must wait")
            self._lose()
            return
        self._gate.require([schema.index(name) for name in self.required_factors])
        self.on_schema(schema)

    def _regain(self, f: ExternalFactors) -> None:
        self._gate.factors = f
        if self._was_ready:
            self.on_factors_recovered()
        self._was_ready = True

    def _lose(self) -> None:
        if self._gate.factors is not None:
            self._gate.factors = None
            self.on_factors_stale()

    def _set_alert(self) -> None:
        """Have the clock look again when the newest record becomes too old."""
        if self._age_alert is None:
            self._age_alert = AgeAlert(self.clock, self._max_age_ns or 0, self._on_age_alert)
        self._gate.alert_is_set = True
        self._age_alert.set(self._gate.fresh_until_ns)

    def _on_age_alert(self, event: object) -> None:
        self._gate.alert_is_set = False
        if self._age_alert is None or self._age_alert.is_over(self._gate.fresh_until_ns):
            self._lose()
        else:
            self._set_alert()
