"""MergedState: one vector of streamed and polled factors; the stream wins while it is alive."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.exf.publishing.merging.mixed_rules import MixedRules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.exf.registry.factor_registry import FactorDefinition

NAN: Final = math.nan


class MergedState:
    """The newest value of every factor, whichever way it came.

    The streamed factors are the first of the vector, in the order of their set, then the other
    published ones, then those that are not published.

    Parameters
    ----------
    factors : sequence of FactorDefinition
        The polled and derived factors, derived ones after their inputs.
    streamed : sequence of str
        The names of the streamed factors, in order.

    Attributes
    ----------
    names : tuple of str
        The published names, in order.
    values : numpy.ndarray
        float64 of shape ``(len(names),)``, always the same array; NaN: no value.

    Notes
    -----
    No clock of its own and no I/O. Values that are too old are the callers' to take away.

    """

    def __init__(self, factors: Sequence[FactorDefinition], streamed: Sequence[str]) -> None:
        self._streamed_count: Final = len(streamed)
        own = set(streamed)
        published = [f.name for f in factors if f.is_published and f.name not in own]
        hidden = [f.name for f in factors if not f.is_published and f.name not in own]
        self._all_names: Final = (*streamed, *published, *hidden)
        self.names: Final = tuple(n for n in self._all_names if not n.startswith("_"))
        # Streamed factors of the registry are published all, so the published ones are a prefix.
        self._all: Final = np.full(len(self._all_names), NAN)
        self.values: Final = self._all[: len(self.names)]
        self._polled: Final = np.full(len(self._all_names), NAN)
        self._floats: Final[Any] = memoryview(self._all)
        self._polled_floats: Final[Any] = memoryview(self._polled)
        count = self._streamed_count
        self._streamed_bits: Final = np.full(count, NAN).view(np.int64)
        self._is_changed: Final = np.ones(count, dtype=bool)
        self._dead: Final = bytearray(b"\1" * count)
        self._is_dead: Final = np.frombuffer(self._dead, dtype=bool)
        self._given: Any = None
        self._given_bits = self._streamed_bits
        self._rules: Final = MixedRules(factors, streamed, self._all_names)

    @property
    def streamed_names(self) -> tuple[str, ...]:
        """The names that are streamed."""
        return self._all_names[: self._streamed_count]

    def take_streamed(self, values: Any) -> None:
        """Take over the values of all streamed factors.

        Parameters
        ----------
        values : buffer of float64
            In order; NaN: no value. Passing the same buffer again is fastest.

        """
        if values is not self._given:
            self._given = values
            self._given_bits = np.frombuffer(values, dtype=np.float64).view(np.int64)
        new, is_changed = self._given_bits, self._is_changed
        # As bits, since NaN differs from itself.
        np.not_equal(new, self._streamed_bits, is_changed)
        places = is_changed.nonzero()[0].tolist()
        if not places:
            return
        self._streamed_bits[:] = new
        floats, dead = self._floats, self._dead
        for place in places:
            value = values[place]
            if value == value:  # noqa: PLR0124 - NaN
                dead[place] = 0
                floats[place] = value
            else:
                dead[place] = 1
                floats[place] = self._polled_floats[place]
        self._rules.derive(self._rules.reached_by(places), floats, dead)

    def take_polled(self, factors: Mapping[str, float]) -> None:
        """Take over the values of all polled and derived factors; NaN or absent: no value."""
        given = factors.get
        self._polled[:] = [given(name, NAN) for name in self._all_names]
        count = self._streamed_count
        self._all[count:] = self._polled[count:]
        np.copyto(self._all[:count], self._polled[:count], where=self._is_dead)
        self._rules.derive(self._rules.every, self._floats, self._dead)

    def origins(self) -> dict[str, str]:
        """Return for each factor that is streamed whether its value is of the "stream", of the
        "poll", or "none".
        """
        found = {}
        for name, is_dead, polled in zip(
            self.streamed_names,
            self._is_dead.tolist(),
            self._polled[: self._streamed_count].tolist(),
            strict=True,
        ):
            found[name] = "stream" if not is_dead else "none" if math.isnan(polled) else "poll"
        return found

    def missing(self) -> list[str]:
        """Return the published factors that have no value."""
        return [
            name
            for name, value in zip(self.names, self.values.tolist(), strict=True)
            if math.isnan(value)
        ]

    def mapping(self) -> dict[str, float]:
        """Return the published factors by name."""
        return dict(zip(self.names, self.values.tolist(), strict=True))
