"""RegimeFilter: the filtered state of a model, over samples of the mid at regular instants."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.computed.inputs import NAN, NEVER

if TYPE_CHECKING:
    from dolphin_strategies.computed.states.regimes.hidden_states import HiddenStates


class RegimeFilter:
    """The probabilities of the states, given the returns from the last epoch but one on.

    An epoch is ``memory_ns`` long and begins at a multiple of it since 1970. Two filters run: one
    that began with the last epoch, and one that began with this epoch; at the next beginning the
    second takes the place of the first, and a new one begins. So the probabilities at an instant
    are a function of the data of one to two epochs before it, wherever a computation began.

    A sample is the last good mid before its instant. Where that is older than ``life_ns`` there
    is none; a step without a sample at both ends has no return, and the states are predicted.

    Parameters
    ----------
    touch : Touch
        The quotes.
    model : HiddenStates
        The model of a step's log return.
    step_ns, memory_ns : int
        Nanoseconds; the second is a multiple of the first.
    life_ns : int
        The largest age of a sample by its ``ts_event``, nanoseconds.

    """

    __slots__ = (
        "_at_ns",
        "_event_ns",
        "_kept",
        "_life_ns",
        "_memory_ns",
        "_mid",
        "_model",
        "_sample",
        "_since_ns",
        "_step_ns",
        "_touch",
        "_young",
    )

    def __init__(
        self, touch: Any, model: HiddenStates, step_ns: int, memory_ns: int, life_ns: int
    ) -> None:
        self._touch: Final = touch
        self._model: Final = model
        self._step_ns: Final = step_ns
        self._memory_ns: Final = memory_ns
        self._life_ns: Final = life_ns
        self._mid, self._event_ns = NAN, 0
        self._sample = NAN
        self._at_ns = NEVER
        self._since_ns = NEVER
        # None: there was no return since it began.
        self._kept: tuple[float, ...] | None = None
        self._young: tuple[float, ...] | None = None

    @property
    def due_ns(self) -> int:
        """The next instant of a sample, UNIX nanoseconds; ``NEVER`` before the first quote."""
        return NEVER if self._at_ns == NEVER else self._at_ns + self._step_ns

    def __call__(self) -> None:
        """Take over the newest quote, which is good."""
        touch = self._touch
        now_ns = touch.ts_init
        if now_ns - self._at_ns >= self._step_ns:
            self._advance(now_ns)
        elif self._at_ns == NEVER:
            self._at_ns = now_ns - now_ns % self._step_ns
            self._since_ns = self._at_ns + self._step_ns
        self._mid, self._event_ns = touch.mid, touch.ts_event

    def probabilities(self, now_ns: int) -> tuple[float, ...] | None:
        """Return the probability of each state at an instant; None: not warm yet."""
        if now_ns - self._at_ns >= self._step_ns:
            self._advance(now_ns)
        began_ns = now_ns - now_ns % self._memory_ns - self._memory_ns
        if self._since_ns > began_ns:
            return None
        return self._model.stationary if self._kept is None else self._kept

    def _advance(self, now_ns: int) -> None:
        """Take the samples up to an instant; all are the newest mid, as no quote came between."""
        step_ns, memory_ns = self._step_ns, self._memory_ns
        last_ns = now_ns - now_ns % step_ns
        at_ns = self._at_ns + step_ns
        while at_ns <= last_ns:
            is_old = at_ns - self._event_ns > self._life_ns
            before, self._sample = self._sample, NAN if is_old else self._mid
            if is_old and last_ns - at_ns > 2 * memory_ns:
                # Nothing is remembered over so long a silence.
                self._kept = self._young = None
                self._at_ns = last_ns
                return
            self._step(math.log(self._sample / before) * 1e4)
            if at_ns % memory_ns == 0:
                self._kept, self._young = self._young, None
            at_ns += step_ns
        self._at_ns = last_ns

    def _step(self, return_bps: float) -> None:
        model = self._model
        if math.isnan(return_bps):
            self._kept = None if self._kept is None else model.predicted(self._kept)
            self._young = None if self._young is None else model.predicted(self._young)
            return
        start = model.stationary
        self._kept = model.filtered(self._kept or start, return_bps)
        self._young = model.filtered(self._young or start, return_bps)
