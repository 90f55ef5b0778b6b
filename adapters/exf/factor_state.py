"""FactorState: the newest value of every factor, and how long it is valid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.exf.registry.derived_factors import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.exchanges.rest_venue import Reading
    from adapters.exf.registry.factor_registry import (
        FactorDefinition,
        FactorRegistry,
        PolledSource,
    )

NAN: Final = math.nan
_NS_PER_S: Final = 1_000_000_000


class Accepted(NamedTuple):
    """The result of applying a reading."""

    changed: bool
    """Whether the value of a factor changed; NaN differs from every number."""
    refused: tuple[tuple[str, str], ...]
    """Factors for which the reading has no usable value, with the reason."""


class _Slot(NamedTuple):
    place: int
    field: str
    time_to_live_ns: int
    low: float
    high: float
    name: str


class _Rule(NamedTuple):
    place: int
    inputs: tuple[int, ...]
    function: Callable[[Sequence[float]], float]
    factor: FactorDefinition


class FactorState:
    """Values in, values out; no clock of its own and no I/O.

    Parameters
    ----------
    registry : FactorRegistry
        The sources and factors.

    Notes
    -----
    Every instant is in nanoseconds of the monotonic clock.

    """

    def __init__(self, registry: FactorRegistry) -> None:
        self._factors: Final = registry.factors
        index = {factor.name: i for i, factor in enumerate(registry.factors)}
        self._slots: Final = {
            source.key: tuple(_slot(index[f.name], f) for f in registry.factors_of(source))
            for source in registry.sources
        }
        self._rules: Final = tuple(
            _Rule(index[f.name], tuple(map(index.__getitem__, f.inputs)), RULES[f.rule][0], f)
            for f in registry.factors
            if f.rule
        )
        self._published: Final = tuple(
            (i, f.name) for i, f in enumerate(registry.factors) if f.is_published
        )
        self._values = [NAN] * len(registry.factors)
        self._fresh_until_ns = [0] * len(registry.factors)
        self._last_all = [math.inf] * len(registry.factors)
        """The last result of ``_all``; at first every rule's inputs count as changed."""

    def accept(self, source: PolledSource, reading: Reading, now_ns: int, age_ns: int) -> Accepted:
        """Apply a reading.

        Parameters
        ----------
        source : PolledSource
            The source of the reading.
        reading : Reading
            The values.
        now_ns : int
            The time of receipt, monotonic clock.
        age_ns : int
            The age of the reading at its receipt, nanoseconds.

        """
        changed = False
        refused = []
        for slot in self._slots[source.key]:
            value = reading.values.get(slot.field, NAN)
            if math.isnan(value):
                refused.append((slot.name, reading.closed or "no number"))
            elif not slot.low <= value <= slot.high:
                refused.append((slot.name, f"{value:g} is out of {slot.low:g} to {slot.high:g}"))
                value = NAN
            fresh_until_ns = now_ns - age_ns + slot.time_to_live_ns
            if fresh_until_ns <= now_ns:
                refused.append((slot.name, f"{age_ns / 1e9:.1f} s old by the exchange's time"))
            before = self._value(slot.place, now_ns)
            # A factor without a value cannot become too old.
            until_ns = 0 if math.isnan(value) else fresh_until_ns
            self._values[slot.place], self._fresh_until_ns[slot.place] = value, until_ns
            after = self._value(slot.place, now_ns)
            changed = changed or not (before == after or (before != before and after != after))  # noqa: PLR0124 - NaN
        return Accepted(changed, tuple(refused))

    def reject(self, source: PolledSource, now_ns: int) -> bool:
        """Drop the values of a source whose answer is wrong; return whether there were any."""
        slots = self._slots[source.key]
        had_some = any(not math.isnan(self._value(slot.place, now_ns)) for slot in slots)
        for slot in slots:
            self._values[slot.place], self._fresh_until_ns[slot.place] = NAN, 0
        return had_some

    def values(self, now_ns: int) -> dict[str, float]:
        """Return every published factor; NaN if it has no value or its value is too old."""
        values = self._all(now_ns)
        return {name: values[i] for i, name in self._published}

    def all_values(self, now_ns: int) -> dict[str, float]:
        """Return every factor, likewise, those that are not published too."""
        return dict(zip((f.name for f in self._factors), self._all(now_ns), strict=True))

    def next_expiry_ns(self, now_ns: int) -> int:
        """Return when the next value becomes too old; 0 if there is none."""
        return min([t for t in self._fresh_until_ns if t > now_ns], default=0)

    def alive_of(self, source: PolledSource, now_ns: int) -> tuple[int, int]:
        """Return how many factors of a source have a value, and the number of its factors."""
        slots = self._slots[source.key]
        alive = sum(not math.isnan(self._value(slot.place, now_ns)) for slot in slots)
        return alive, len(slots)

    def missing(self, now_ns: int) -> tuple[FactorDefinition, ...]:
        """Return the published factors that have no value."""
        values = self._all(now_ns)
        return tuple(self._factors[i] for i, _ in self._published if math.isnan(values[i]))

    def _value(self, index: int, now_ns: int) -> float:
        return self._values[index] if self._fresh_until_ns[index] > now_ns else NAN

    def _all(self, now_ns: int) -> list[float]:
        values = [
            value if fresh_until_ns > now_ns else NAN
            for value, fresh_until_ns in zip(self._values, self._fresh_until_ns, strict=True)
        ]
        last = self._last_all
        for place, inputs, function, factor in self._rules:
            # An unchanged value is the same object.
            for i in inputs:
                if values[i] is not last[i]:
                    value = function([values[j] for j in inputs])
                    values[place] = value if factor.low <= value <= factor.high else NAN
                    break
            else:
                values[place] = last[place]
        self._last_all = values
        return values


def _slot(place: int, f: FactorDefinition) -> _Slot:
    return _Slot(place, f.field, int(f.time_to_live_s * _NS_PER_S), f.low, f.high, f.name)
