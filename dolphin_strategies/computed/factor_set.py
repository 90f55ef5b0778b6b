"""ComputedFactors: several computed factors over one flow of market data."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.computed.computed_factor import NEVER
from dolphin_strategies.computed.market_state import KIND_OF_TYPE, STATES, Input
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dolphin_strategies.computed.spec import ComputedSpec

NAN: Final = math.nan


class ComputedFactors:
    """Computes factors; values in, values out; no clock of its own and no I/O.

    Each input is decoded once, however many factors use it.

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
    due_ns : int
        The next instant at which a value changes without new data; ``NEVER``: none.
    expiry_ns : int
        The next instant at which a value ends because its input is too old; ``NEVER``: none.

    """

    # THE SKELETON: written for clarity; to be made incremental and fast.

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
            i: tuple(f for f in self._factors if i in f.inputs) for i in self.inputs
        }
        self._lives_ns: Final = tuple(int(spec.time_to_live_s * 1e9) for spec in self.specs)
        self.values: Final = array("d", [NAN] * len(self.specs))
        self.out_of_range: Final = dict.fromkeys(self.schema.names, 0)
        self.ts_event = 0
        self.now_ns = 0

    def update(self, data: Any) -> bool:
        """Take over Nautilus data; return whether any factor uses it."""
        kind = KIND_OF_TYPE.get(type(data).__name__)
        found = None if kind is None else Input(kind, data.instrument_id)
        state = None if found is None else self._states.get(found)
        if found is None or state is None:
            return False
        state.take(data)
        self.ts_event = max(self.ts_event, state.ts_event)
        self.now_ns = max(self.now_ns, state.ts_init)
        for factor in self._users[found]:
            factor.changed(state)
        return True

    def evaluate(self, now_ns: int) -> bool:
        """Bring ``values`` to an instant that is not before ``now_ns``.

        Returns
        -------
        bool
            Whether any value changed; NaN equals NaN.

        """
        changed = False
        for place, (factor, spec) in enumerate(zip(self._factors, self.specs, strict=True)):
            value = NAN
            if now_ns < self._fresh_until_ns(place):
                value = factor.value_at(now_ns)
                if not spec.low <= value <= spec.high:
                    self.out_of_range[spec.name] += not math.isnan(value)
                    value = NAN
            before = self.values[place]
            changed = changed or not (
                before == value or (math.isnan(before) and math.isnan(value))
            )
            self.values[place] = value
        return changed

    @property
    def expiry_ns(self) -> int:
        """The next instant at which a value ends because its input is too old."""
        ends = (self._fresh_until_ns(place) for place in range(len(self.specs)))
        return min((end for end in ends if end > self.now_ns), default=NEVER)

    def _fresh_until_ns(self, place: int) -> int:
        states = self._factors[place].states
        oldest: int = min(min(s.ts_event, s.ts_init) for s in states)
        return oldest + self._lives_ns[place] if oldest else 0
