"""ComputedFactor: the base of all factors that are computed from market data."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, ClassVar, Final

from dolphin_strategies.computed.market_state import KIND_OF_TYPE, STATES, DataKind, Input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.computed.market_state import MarketState

NAN: Final = math.nan
NEVER: Final = sys.maxsize


class ComputedFactor:
    """A factor computed from market data in order of its ``ts_init``.

    A value at an instant is a function of the data delivered up to and at that instant and of
    nothing else: not of when, or how often, it is asked for. Windows are ``(now - window, now]``
    by ``ts_init``.

    Parameters
    ----------
    instruments : sequence of InstrumentId
        The instruments, in the order that the class states.

    Attributes
    ----------
    kinds : tuple of DataKind
        The kind of data of each instrument (class attribute).
    inputs : tuple of Input
        The data that the factor needs.
    due_ns : int
        The next instant at which the value changes without new data, UNIX nanoseconds;
        ``NEVER`` if there is none.

    """

    __slots__ = ("_now_ns", "due_ns", "inputs", "states")

    kinds: ClassVar[tuple[DataKind, ...]] = (DataKind.QUOTES,)

    def __init__(self, *instruments: InstrumentId) -> None:
        if len(instruments) != len(self.kinds):
            msg = (
                f"{type(self).__name__}: expected {len(self.kinds)} instruments, "
                f"found {len(instruments)}"
            )
            raise ValueError(msg)
        self.inputs: Final = tuple(map(Input, self.kinds, instruments))
        self.due_ns = NEVER
        self._now_ns = 0
        self.connect({i: STATES[i.kind]() for i in self.inputs})

    def connect(self, states: Mapping[Input, MarketState]) -> None:
        """Use these states, which factors of the same inputs share, from now on."""
        self.states: tuple[Any, ...] = tuple(states[i] for i in self.inputs)

    def changed(self, state: MarketState) -> None:
        """React to new data of an input; only factors that remember earlier data need it."""

    def value_at(self, now_ns: int) -> float:
        """Return the value at an instant that is not before the newest data; NaN: none yet."""
        raise NotImplementedError

    def update(self, data: Any) -> None:
        """Take over Nautilus data of one of the inputs.

        Raises
        ------
        KeyError
            If it is none of the factor's inputs.

        """
        found = Input(KIND_OF_TYPE[type(data).__name__], data.instrument_id)
        state = self.states[self.inputs.index(found)]
        state.take(data)
        self._now_ns = max(self._now_ns, state.ts_init)
        self.changed(state)

    @property
    def value(self) -> float:
        """The value at the newest data's ``ts_init``; NaN: none yet."""
        return self.value_at(self._now_ns)

    @property
    def ts_event(self) -> int:
        """The newest ``ts_event`` of the inputs, UNIX nanoseconds; 0 before any data."""
        newest: int = max(state.ts_event for state in self.states)
        return newest
