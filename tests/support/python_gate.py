"""PythonGate: a FactorStrategy whose gate is written in Python, as the model for the one in C."""

from __future__ import annotations

import math
import struct
from datetime import timedelta
from typing import TYPE_CHECKING

from dolphin_strategies import ExternalFactors, FactorStrategy, FactorStrategyConfig
from dolphin_strategies.clocks.age_alert import AGE_ALERT

if TYPE_CHECKING:
    from nautilus_trader.model import CustomData

    from dolphin_strategies import FactorSchema


class PythonGate(FactorStrategy[FactorStrategyConfig]):
    """Decides on each record in Python; none of the C gate's state is used."""

    def __init__(self, config: FactorStrategyConfig) -> None:
        super().__init__(config)
        self.traded: ExternalFactors | None = None
        self._newest: ExternalFactors | None = None
        self._schema: FactorSchema | None = None
        self._known: FactorSchema | None = None
        self._required: list[int] | None = None
        age = self.max_age
        self._max_age_ns = None if age is None else age // timedelta(microseconds=1) * 1000
        self._fresh_until_ns = 0
        self._was_traded = False
        self._alert_is_set = False
        self._set = 0

    @property
    def factors(self) -> ExternalFactors | None:
        """The newest record that passed, unless it is past its age by the clock."""
        is_old = self._max_age_ns is not None and self.clock.timestamp_ns() > self._fresh_until_ns
        return None if is_old else self.traded

    def on_data(self, data: CustomData) -> None:
        f = data.data
        if type(f) is not ExternalFactors:
            self._on_message(f)
            return
        if f.schema is not self._schema:
            self._schema = f.schema
            self._learn(f.schema)
        if self._required is None or any(math.isnan(v) for v in self._values(f.payload)):
            self._drop()
            return
        if f is self._newest:
            return
        self._newest = f
        if self._max_age_ns is not None:
            if f.ts_init > self._fresh_until_ns:
                self._drop()
            fresh_until_ns = min(f.ts_event, f.ts_init) + self._max_age_ns
            if f.ts_init > fresh_until_ns:
                return
            self._fresh_until_ns = fresh_until_ns
            if not self._alert_is_set:
                self._arm()
        if self.traded is None:
            self.traded = f
            if self._was_traded:
                self.on_factors_recovered()
            self._was_traded = True
        self.traded = f
        self.on_factors(f)

    def _values(self, payload: bytes) -> list[float]:
        return [struct.unpack_from("<d", payload, 8 * i)[0] for i in self._required or ()]

    def _learn(self, schema: FactorSchema) -> None:
        if schema == self._known:
            return
        self._known = schema
        if any(name not in schema for name in self.required_factors):
            self._required = None
            self._drop()
            return
        self._required = [schema.index(name) for name in self.required_factors]
        self.on_schema(schema)

    def _drop(self) -> None:
        if self.traded is not None:
            self.traded = None
            self.on_factors_stale()

    def _arm(self) -> None:
        self._alert_is_set = True
        self._set += 1
        name = f"{AGE_ALERT}-{self._set % 2}"
        # A record of the future is looked at again as if it were of now: an older one may follow.
        longest_ns = self.clock.timestamp_ns() + (self._max_age_ns or 0)
        at_ns = min(self._fresh_until_ns, longest_ns) + 1
        self.clock.set_time_alert_ns(name, at_ns, self._on_alert)

    def _on_alert(self, event: object) -> None:
        self._alert_is_set = False
        if self.clock.timestamp_ns() > self._fresh_until_ns:
            self._drop()
        else:
            self._arm()
