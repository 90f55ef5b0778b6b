"""MixedRules: the derived factors some of whose inputs are streamed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adapters.exf.registry.derived_factors import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adapters.exf.registry.factor_registry import FactorDefinition

NAN: Final = math.nan


class _Rule(NamedTuple):
    place: int
    inputs: tuple[int, ...]
    function: Callable[[Sequence[float]], float]
    low: float
    high: float


class MixedRules:
    """Compute derived factors again when a streamed input has changed, and no others.

    Parameters
    ----------
    factors : sequence of FactorDefinition
        The polled and derived factors, derived ones after their inputs.
    streamed : sequence of str
        The names of the streamed factors, the first of ``names``.
    names : sequence of str
        All names, in the order of the values.

    Attributes
    ----------
    every : range
        The numbers of all these rules, in the order of computation.

    """

    def __init__(
        self, factors: Sequence[FactorDefinition], streamed: Sequence[str], names: Sequence[str]
    ) -> None:
        self._rules: Final = tuple(_mixed_rules(factors, streamed, names))
        self._by_place: Final = tuple(
            tuple(_reached(place, self._rules)) for place in range(len(streamed))
        )
        self.every: Final = range(len(self._rules))

    def reached_by(self, places: Iterable[int]) -> Sequence[int]:
        """Return the rules whose results may change with the values at these places."""
        found: set[int] = set()
        for place in places:
            found.update(self._by_place[place])
        return sorted(found)

    def derive(self, numbers: Iterable[int], values: Any, is_dead: Sequence[int]) -> None:
        """Compute some of the rules.

        Parameters
        ----------
        numbers : iterable of int
            Which, in the order of computation.
        values : memoryview of float64
            The values, which receive the results.
        is_dead : sequence of int
            For each streamed place whether its own stream has no value; where it has one, the
            rule's result is not used.

        """
        for number in numbers:
            place, inputs, function, low, high = self._rules[number]
            if place < len(is_dead) and not is_dead[place]:
                continue
            value = function([values[i] for i in inputs])
            values[place] = value if low <= value <= high else NAN


def _mixed_rules(
    factors: Iterable[FactorDefinition], streamed: Iterable[str], names: Sequence[str]
) -> Iterable[_Rule]:
    index = {name: place for place, name in enumerate(names)}
    mixed = set(streamed)
    for factor in factors:
        if factor.rule and not mixed.isdisjoint(factor.inputs):
            mixed.add(factor.name)
            inputs = tuple(index[name] for name in factor.inputs)
            function = RULES[factor.rule][0]
            yield _Rule(index[factor.name], inputs, function, factor.low, factor.high)


def _reached(place: int, rules: Sequence[_Rule]) -> Iterable[int]:
    """Yield the rules that a place reaches: its own, and what is made of it."""
    reached = {place}
    for number, rule in enumerate(rules):
        if rule.place == place or not reached.isdisjoint(rule.inputs):
            reached.add(rule.place)
            yield number
