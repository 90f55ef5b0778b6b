"""ComputedFactors: several computed factors over one flow of market data."""

from __future__ import annotations

from array import array
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.computed.inputs import NAN, DataKind, Definition
from dolphin_strategies.computed.states._engine import Evaluator, Intake
from dolphin_strategies.computed.states.tables import KIND_OF_TYPE, STATES
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterable

    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.computed.computed_factor import ComputedFactor
    from dolphin_strategies.computed.spec import ComputedSpec
    from dolphin_strategies.computed.states.market_state import MarketState


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
        The value of each factor at the last ``evaluate``; NaN: none.
    update : callable
        Takes over Nautilus data, also in a CustomData; returns whether any factor uses it. No
        method, so that there is no Python frame in between; ``evaluate`` likewise.
    evaluate : callable
        Brings ``values`` to an instant, UNIX nanoseconds, one before ``now_ns`` counts as
        ``now_ns``; returns whether any value changed; NaN equals NaN.
    intake : Intake
        Takes the data.
    evaluator : Evaluator
        Computes the values.

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
        self._actual: Final[dict[str, InstrumentId]] = {}
        self._units: Final[dict[InstrumentId, float]] = {}
        self._slots: Final[dict[type, dict[Any, MarketState]]] = {}
        self.values: Final = array("d", [NAN] * len(self.specs))
        self.evaluator: Final = Evaluator(
            self.values,
            tuple(
                _place(factor, spec)
                for factor, spec in zip(self._factors, self.specs, strict=True)
            ),
        )
        self.intake: Final = Intake(self._slots, self._update_other)
        self.update: Final[Callable[[Any], bool]] = self.intake.take
        self.evaluate: Final[Callable[[int], bool]] = partial(self.intake.evaluate, self.evaluator)

    @property
    def ts_event(self) -> int:
        """UNIX nanoseconds; the newest ``ts_event`` of all data so far."""
        return self.intake.ts_event

    @property
    def now_ns(self) -> int:
        """UNIX nanoseconds; the newest ``ts_init`` of all data so far, or the newest instant that
        was evaluated if it is later.
        """
        return self.intake.now_ns

    def follow(self, named: str, instrument: Any, units: float) -> None:
        """Take the data of an instrument for those of the one that specs name.

        Parameters
        ----------
        named : str
            An instrument of the specs.
        instrument : Instrument
            Nautilus's definition of the one that is listed; it is taken over too.
        units : float
            How many coins one unit of it is, of which its prices are: 1000 for 1000PEPE. Values
            are those of one coin.

        """
        self._actual[named] = instrument.id
        self._units[instrument.id] = units
        # Made again by the next data of each type.
        self._slots.clear()
        self.define(instrument)

    def actual[I: InstrumentId | str](self, named: I) -> I | InstrumentId:
        """Return the instrument whose data are taken for the one that specs name."""
        return self._actual.get(str(named), named)

    def followed(self) -> ItemsView[str, InstrumentId]:
        """Return each instrument that specs name with the one that is taken for it."""
        return self._actual.items()

    def define(self, instrument: Any) -> bool:
        """Take over what a size means, from a Nautilus instrument; whether any factor uses it.

        Sizes that came before are not part of windows in coins or quote currency.
        """
        definition = Definition.of(instrument, self._units.get(instrument.id, 1.0))
        is_used = False
        for named, state in self._states.items():
            if self.actual(named.instrument_id) == instrument.id:
                state.define(definition)
                is_used = True
        return is_used

    @property
    def due_ns(self) -> int:
        """The next instant at which a value changes without data, as of ``evaluate``."""
        return self.evaluator.due_ns

    @property
    def expiry_ns(self) -> int:
        """The next instant at which a value ends because its input is too old, likewise."""
        return self.evaluator.expiry_ns

    @property
    def out_of_range(self) -> dict[str, int]:
        """By factor: how many values were outside their range."""
        counts = (out for out, _ in self.evaluator.counts())
        return dict(zip(self.schema.names, counts, strict=True))

    @property
    def problems(self) -> dict[str, int]:
        """How many data could not be used as they came, by what was wrong and where."""
        found = {}
        for i, state in self._states.items():
            for what in ("crossed", "backward", "invalid"):
                if count := getattr(state, what):
                    actual = self.actual(i.instrument_id)
                    found[f"{i.kind} {actual} {what}"] = count
        for name, (_, failed) in zip(self.schema.names, self.evaluator.counts(), strict=True):
            if failed:
                found[f"{name} failed"] = failed
        return found

    def _update_other(self, data: Any) -> bool:
        """Take over data of a type that was not seen before, or that has no instrument."""
        name = type(data).__name__
        if name == "CustomData":
            return self.update(data.data)
        kind = KIND_OF_TYPE.get(name)
        if kind is None:
            return False
        slots = {
            self.actual(i.instrument_id): state
            for i, state in self._states.items()
            if i.kind == kind
        }
        if kind != DataKind.VOLATILITY_INDEX:
            self._slots[type(data)] = slots
            return self.update(data)
        index = slots.get(data.index_name)
        if index is not None:
            self.intake.take_as(index, data)
        return index is not None


def _place(factor: ComputedFactor, spec: ComputedSpec) -> tuple[Any, ...]:
    lives = tuple(factor.states[i] for i in factor.lives)
    # A sign of life alone leaves the value as it is.
    is_used = factor.uses_alive or len(factor.lives) == len(factor.states)
    markets = factor.states if is_used else factor.states[:-1]
    return (
        factor,
        factor.formula,
        markets,
        lives,
        factor.lives_while_any,
        spec.life_ns,
        spec.low,
        spec.high,
    )
