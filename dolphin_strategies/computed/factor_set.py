"""ComputedFactors: several computed factors over one flow of market data."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.computed.market_state import NAN, NEVER, Definition, key_of
from dolphin_strategies.computed.states.tables import KIND_OF_TYPE, STATES
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dolphin_strategies.computed.market_state import MarketState
    from dolphin_strategies.computed.spec import ComputedSpec


class ComputedFactors:
    """Computes factors; values in, values out; no clock of its own and no I/O.

    Each input is decoded once, however many factors use it; windows of one length over one input
    are shared.

    Parameters
    ----------
    specs : iterable of ComputedSpec
        The factors, in the order of the values.

    Attributes
    ----------
    schema : FactorSchema
        The factors' names, in order.
    inputs : tuple of Input
        What must be subscribed to.
    values : array of float64
        The value of each factor at the last :meth:`evaluate`; NaN: none.
    ts_event : int
        UNIX nanoseconds; the newest ``ts_event`` of all data so far.
    now_ns : int
        UNIX nanoseconds; the newest ``ts_init`` of all data so far.
    out_of_range : dict of str to int
        By factor: how many values were outside their range.

    """

    def __init__(self, specs: Iterable[ComputedSpec]) -> None:
        self.specs: Final = tuple(specs)
        self.schema: Final = FactorSchema(spec.name for spec in self.specs)
        self._factors: Final = tuple(spec.build() for spec in self.specs)
        states = {i: STATES[i.kind]() for factor in self._factors for i in factor.inputs}
        for factor in self._factors:
            factor.connect(states)
        self.inputs: Final = tuple(states)
        self._states: Final = states
        self._users: Final = {
            i: tuple(place for place, f in enumerate(self._factors) if i in f.inputs)
            for i in self.inputs
        }
        self._slots: Final[dict[type, dict[Any, tuple[MarketState, tuple[int, ...]]]]] = {}
        self._lives_ns: Final = tuple(round(spec.time_to_live_s * 1e9) for spec in self.specs)
        self.values: Final = array("d", [NAN] * len(self.specs))
        self.out_of_range: Final = dict.fromkeys(self.schema.names, 0)
        self._dirty: Final = bytearray(b"\1" * len(self.specs))
        self._ends_ns: Final = [0] * len(self.specs)
        self._dues_ns: Final = [NEVER] * len(self.specs)
        self.ts_event = 0
        self.now_ns = 0

    def define(self, instrument: Any) -> bool:
        """Take over what a size means, from a Nautilus instrument; whether any factor uses it.

        Sizes that came before are not part of windows in coins or quote currency.
        """
        definition = Definition.of(instrument)
        is_used = False
        for found, state in self._states.items():
            if found.instrument_id == instrument.id:
                state.definition = definition
                is_used = True
                for place in self._users[found]:
                    self._dirty[place] = 1
        return is_used

    def update(self, data: Any) -> bool:
        """Take over Nautilus data, also in a CustomData; return whether any factor uses it."""
        slots = self._slots.get(type(data))
        if slots is None:
            if type(data).__name__ == "CustomData":
                return self.update(data.data)
            slots = self._slots_of(type(data))
        slot = slots.get(key_of(data)) if slots else None
        if slot is None:
            return False
        state, users = slot
        if not state.take(data):
            return True
        self.ts_event = max(self.ts_event, state.ts_event)
        self.now_ns = max(self.now_ns, state.ts_init)
        for place in users:
            self._dirty[place] = 1
        return True

    def evaluate(self, now_ns: int) -> bool:
        """Bring ``values`` to an instant; one before ``now_ns`` counts as ``now_ns``.

        Returns
        -------
        bool
            Whether any value changed; NaN equals NaN.

        """
        now_ns = max(now_ns, self.now_ns)
        changed = False
        for place in range(len(self._factors)):
            if self._dirty[place]:
                self._ends_ns[place] = self._end_ns(place)
            elif now_ns < self._dues_ns[place] and now_ns < self._ends_ns[place]:
                continue
            self._dirty[place] = 0
            value = NAN
            self._dues_ns[place] = NEVER
            if now_ns < self._ends_ns[place]:
                value = self._value(place, now_ns)
            before = self.values[place]
            if before != value and not (math.isnan(before) and math.isnan(value)):
                self.values[place] = value
                changed = True
        return changed

    @property
    def due_ns(self) -> int:
        """The next instant at which a value changes without new data, as of ``evaluate``."""
        return min(self._dues_ns)

    @property
    def expiry_ns(self) -> int:
        """The next instant at which a value ends because its input is too old; NEVER: none."""
        ends = (self._end_ns(place) for place in range(len(self.specs)))
        return min((end for end in ends if end > self.now_ns), default=NEVER)

    @property
    def problems(self) -> dict[str, int]:
        """How many data could not be used as they came, by what was wrong and where."""
        found = {}
        for i, state in self._states.items():
            for what in ("crossed", "backward", "invalid"):
                if count := getattr(state, what):
                    found[f"{i.kind} {i.instrument_id} {what}"] = count
        return found

    def _value(self, place: int, now_ns: int) -> float:
        factor, spec = self._factors[place], self.specs[place]
        value = factor.value_at(now_ns)
        self._dues_ns[place] = factor.due_ns
        if not spec.low <= value <= spec.high:
            self.out_of_range[spec.name] += not math.isnan(value)
            return NAN
        return value

    def _end_ns(self, place: int) -> int:
        factor = self._factors[place]
        ages = [factor.states[i].alive_ns for i in factor.lives]
        oldest: int = max(ages) if factor.lives_while_any else min(ages)
        return oldest + self._lives_ns[place] if oldest else 0

    def _slots_of(self, type_: type) -> dict[Any, tuple[MarketState, tuple[int, ...]]]:
        kind = KIND_OF_TYPE.get(type_.__name__)
        slots = self._slots[type_] = {
            i.instrument_id: (self._states[i], self._users[i])
            for i in self.inputs
            if i.kind == kind
        }
        return slots
