"""ComputedFactor: the base of all factors that are computed from market data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from dolphin_strategies.computed.inputs import NAN, NEVER, DataKind, Definition, Input, key_of
from dolphin_strategies.computed.states.tables import KIND_OF_TYPE, STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.computed.states._engine import Formula
    from dolphin_strategies.computed.states.market_state import MarketState

__all__ = ["NAN", "NEVER", "ComputedFactor"]


class ComputedFactor:
    """A factor computed from market data in order of its ``ts_init``.

    A value at an instant is a function of the data delivered up to and at that instant and of
    nothing else: not of when, or how often, it is asked for. Windows are ``(now - window, now]``
    by ``ts_init``.

    Parameters
    ----------
    instruments : sequence of InstrumentId
        The instruments, one for each of ``kinds`` or as the class states.
    alive : DataKind or str, optional
        The kind of data of the first instrument whose age is compared with the time to live,
        for inputs that do not come regularly; None: each input's own age.

    Attributes
    ----------
    kinds : tuple of DataKind
        The kind of data of each instrument (class attribute).
    inputs : tuple of Input
        The data that the factor needs.
    lives : tuple of int
        The places in ``inputs`` whose age is compared with the time to live.
    lives_while_any : bool
        Whether one young input is enough, not all (class attribute).
    uses_alive : bool
        Whether the value depends on the data of ``alive`` too (class attribute).
    needs_definition : bool
        Whether there is no value without the instruments' definitions (class attribute).
    due_ns : int
        The next instant at which the value changes without new data, UNIX nanoseconds;
        ``NEVER`` if there is none. Valid after ``value_at``.
    formula : Formula or None
        What computes the value, in C; None: ``value_at`` does.

    """

    __slots__ = ("_now_ns", "due_ns", "formula", "inputs", "lives", "states")

    kinds: ClassVar[tuple[DataKind, ...]] = (DataKind.QUOTES,)
    lives_while_any: ClassVar[bool] = False
    uses_alive: ClassVar[bool] = False
    needs_definition: ClassVar[bool] = False

    def __init__(
        self, *instruments: InstrumentId | str, alive: DataKind | str | None = None
    ) -> None:
        inputs = self._inputs(instruments)
        self.lives: Final = tuple(range(len(inputs))) if alive is None else (len(inputs),)
        if alive is not None:
            inputs += (Input(_kind(alive), instruments[0]),)
        self.inputs: Final = inputs
        self.due_ns = NEVER
        self._now_ns = 0
        self.states: tuple[Any, ...] = ()
        self.formula: Formula | None = None
        self.connect({i: STATES[i.kind]() for i in self.inputs})

    def _inputs(self, instruments: tuple[InstrumentId | str, ...]) -> tuple[Input, ...]:
        if len(instruments) != len(self.kinds):
            msg = (
                f"{type(self).__name__}: expected {len(self.kinds)} instruments, "
                f"found {len(instruments)}"
            )
            raise ValueError(msg)
        inputs = tuple(map(Input, self.kinds, instruments))
        if len(set(inputs)) < len(inputs):
            msg = f"{type(self).__name__}: expected different instruments, found {instruments[0]}"
            raise ValueError(msg)
        return inputs

    def connect(self, states: Mapping[Input, MarketState]) -> None:
        """Use these states, which factors of the same inputs share, from now on."""
        self.states = tuple(states[i] for i in self.inputs)
        self.formula = self.make_formula()

    def limit_age(self, life_ns: int) -> None:
        """Take over the time to live, nanoseconds, where a value is made of the young inputs."""

    def make_formula(self) -> Formula | None:
        """Return the formula over the states; None: the class has a ``value_at`` of its own."""
        return None

    def value_at(self, now_ns: int) -> float:
        """Return the value at an instant that is not before the newest data; NaN: none yet."""
        if self.formula is None:
            raise NotImplementedError
        value = self.formula(now_ns)
        self.due_ns = self.formula.due_ns
        return value

    def update(self, data: Any) -> None:
        """Take over Nautilus data of one of the inputs.

        Raises
        ------
        KeyError
            If it is none of the factor's inputs.

        """
        kind = KIND_OF_TYPE.get(type(data).__name__)
        for place, found in enumerate(self.inputs):
            if found.kind == kind and found.instrument_id == key_of(data):
                state = self.states[place]
                state.take(data)
                self._now_ns = max(self._now_ns, state.ts_init)
                return
        msg = f"{type(data).__name__}: expected data of one of {self.inputs}"
        raise KeyError(msg)

    def define(self, instrument: Any) -> None:
        """Take over what a size means, from a Nautilus instrument."""
        definition = Definition.of(instrument)
        for found, state in zip(self.inputs, self.states, strict=True):
            if found.instrument_id == instrument.id:
                state.define(definition)

    @property
    def value(self) -> float:
        """The value at the newest data's ``ts_init``; NaN: none yet."""
        return self.value_at(self._now_ns)

    @property
    def ts_event(self) -> int:
        """The newest ``ts_event`` of the inputs, UNIX nanoseconds; 0 before any data."""
        newest: int = max(state.ts_event for state in self.states)
        return newest


def _kind(name: DataKind | str) -> DataKind:
    try:
        return DataKind(name)
    except ValueError:
        msg = f"alive: expected one of {', '.join(DataKind)}, found {name!r}"
        raise ValueError(msg) from None
