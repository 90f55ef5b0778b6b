"""FactorStrategy: the base class of strategies that trade on external factors."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from nautilus_trader.model import CustomData, StrategyId
from nautilus_trader.trading import Strategy, StrategyConfig

from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.external_factors import (
    EXTERNAL_FACTORS,
    WARM_UP,
    ExternalFactors,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.factors.schema import FactorSchema

AGE_ALERT: Final = "dolphin.factors-age"


@dataclass(frozen=True, kw_only=True)
class FactorStrategyConfig(StrategyConfig):
    """Configuration of a FactorStrategy; subclass it as a frozen, keyword-only dataclass.

    Every field of Nautilus's ``StrategyConfig`` may be given too. ``manage_stop`` is on by
    default: stopping cancels the orders and closes the positions.

    Attributes
    ----------
    strategy_id : StrategyId, optional
        Class name and a tag by default.
    order_id_tag : str, optional
        Tells the orders of two instances apart.

    """

    strategy_id: StrategyId | None = None
    order_id_tag: str | None = None

    def __new__(cls, **kwargs: Any) -> Self:
        kwargs.setdefault("manage_stop", True)
        return super().__new__(cls, **kwargs)


class FactorStrategy[C: FactorStrategyConfig](Strategy):
    """A Nautilus strategy that receives external factors.

    Override :meth:`on_factors`, and declare what you need as class attributes::

        class MyStrategy(FactorStrategy[MyConfig]):
            required_factors = ("imbal_btc", "basis")
            max_age = timedelta(seconds=1.5)

            def on_factors(self, f):
                if f["imbal_btc"] > 0.5:
                    ...

    ``on_factors`` is not called while a required factor is absent or NaN, or the record is older
    than ``max_age``. :meth:`on_factors_stale` and :meth:`on_factors_recovered` are told once
    each, from the clock, also when no data arrives at all, live and in backtests alike.

    A subclass that overrides ``on_start`` or ``on_data`` calls ``super()``.

    Attributes
    ----------
    required_factors : tuple of str
        Names that must have a value.
    max_age : timedelta, optional
        How long after a record's ``ts_event`` it may be traded on; None: for ever.
    factors : ExternalFactors, optional
        The newest record that passed, or None while there is none to trade on.

    """

    required_factors: ClassVar[tuple[str, ...]] = ()
    max_age: ClassVar[timedelta | None] = None

    config: C

    def __init__(self, config: C) -> None:
        super().__init__(config)
        self.factors: ExternalFactors | None = None
        self._newest: ExternalFactors | None = None
        self._schema: FactorSchema | None = None
        self._read_required: Callable[[bytes], tuple[float, ...]] | None = None
        age = self.max_age
        self._max_age_ns = None if age is None else age // timedelta(microseconds=1) * 1000
        self._fresh_until_ns = 0
        self._was_ready = False
        self._alert_is_set = False
        self._alerts = 0

    # ---- for authors -------------------------------------------------------------------------

    def on_factors(self, f: ExternalFactors) -> None:
        """Act on new factors; every required one has a value and is fresh."""

    def on_factors_stale(self) -> None:
        """Act on having no factors to trade on; told once, until they recover."""

    def on_factors_recovered(self) -> None:
        """Act on fresh factors after they were stale; told once, before ``on_factors``."""

    def on_schema(self, schema: FactorSchema) -> None:
        """Resolve factor indexes; called before the first record of each schema."""

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

    # ---- how it works ------------------------------------------------------------------------

    def on_start(self) -> None:
        self.subscribe_data(EXTERNAL_FACTORS)
        self.subscribe_data(WARM_UP)

    def on_data(self, data: CustomData) -> None:
        f = data.data
        if type(f) is not ExternalFactors:
            return
        if f.schema is not self._schema:
            self._adopt(f.schema)
        if self._read_required is None:
            return
        # One NaN makes the sum NaN, and only NaN differs from itself.
        total = sum(self._read_required(f.payload))
        if total != total:  # noqa: PLR0124
            self._lose()
            return
        if f is self._newest:
            return
        self._newest = f
        limit = self._max_age_ns
        if limit is not None:
            ts_event, ts_init = f.ts_event, f.ts_init
            # An event time of the future gives no more time than one of now.
            earlier = ts_event if ts_event < ts_init else ts_init  # noqa: FURB136 - min costs 100 ns
            fresh_until = earlier + limit
            if ts_init > fresh_until:
                return
            self._fresh_until_ns = fresh_until
            if not self._alert_is_set:
                self._set_alert()
        if self.factors is None:
            self._regain(f)
        else:
            self.factors = f
        self.on_factors(f)

    def _adopt(self, schema: FactorSchema) -> None:
        """Find the required factors in a new schema."""
        if self._schema is not None and schema == self._schema:
            self._schema = schema
            return
        self._schema = schema
        missing = [name for name in self.required_factors if name not in schema]
        if missing:
            self._read_required = None
            for name in missing:
                self.log.error(
                    f"Required factor {name!r} is not in the schema{did_you_mean(name, schema)}; "
                    "on_factors is not called"
                )
            self._lose()
            return
        self._read_required = _reader_of([schema.index(n) for n in self.required_factors])
        self.on_schema(schema)

    def _regain(self, f: ExternalFactors) -> None:
        self.factors = f
        if self._was_ready:
            self.on_factors_recovered()
        self._was_ready = True

    def _lose(self) -> None:
        if self.factors is not None:
            self.factors = None
            self.on_factors_stale()

    def _set_alert(self) -> None:
        """Have the clock look when the newest record turns too old.

        One alert at a time, set again when it fires: setting it at each record would cost more
        than the record.
        """
        self._alert_is_set = True
        # Two names in turn: the one whose alert is firing may still be taken.
        self._alerts += 1
        name = f"{AGE_ALERT}-{self._alerts % 2}"
        self.clock.set_time_alert_ns(name, self._fresh_until_ns + 1, self._on_age_alert)

    def _on_age_alert(self, event: object) -> None:
        self._alert_is_set = False
        if self.clock.timestamp_ns() > self._fresh_until_ns:
            self._lose()
        else:
            self._set_alert()


def _reader_of(indexes: list[int]) -> Callable[[bytes], tuple[float, ...]]:
    """Return a function from a payload to the values at these indexes, in one C call."""
    at, layout = 0, "<"
    for index in sorted(set(indexes)):
        layout += f"{8 * index - at}xd"
        at = 8 * index + 8
    return struct.Struct(layout).unpack_from
