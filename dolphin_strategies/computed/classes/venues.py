"""Factors of several instruments: basis, premium of a venue, consensus."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from dolphin_strategies.computed.computed_factor import NAN, NEVER, ComputedFactor
from dolphin_strategies.computed.inputs import DataKind, Input
from dolphin_strategies.computed.states._engine import Formula
from dolphin_strategies.computed.states.lengths import Length, nanoseconds, steps
from dolphin_strategies.computed.states.windows import basis_grid, numbers

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId

TWO_QUOTES: Final = (DataKind.QUOTES, DataKind.QUOTES)


class BasisBps(ComputedFactor):
    """The mid of one instrument over that of another, ``(mid / other - 1) * 1e4``, bps.

    Warm when both have quotes. Costs 60 ns.

    Parameters
    ----------
    instrument, other : InstrumentId
        A perpetual and its spot, or one instrument at two venues; quotes.

    """

    __slots__ = ()

    kinds: ClassVar = TWO_QUOTES

    def make_formula(self) -> Formula:
        """Return the basis."""
        return Formula("over", self.states, (), scale=1e4)


class BasisZScore(ComputedFactor):
    """How unusual the basis is: ``(basis - mean) / deviation`` over the samples of a window.

    The deviation is that of a sample, with ``n - 1``. A sample is the last basis before its
    instant. NaN while all samples are equal. Warm when the window is full. Costs 100 ns.

    Parameters
    ----------
    instrument, other : InstrumentId
        As for :class:`BasisBps`.
    window_s : float
        Length of the window, seconds.
    sample_s : float
        Seconds from sample to sample, counted since 1970.

    """

    __slots__ = ("_length", "_sample_ns")

    kinds: ClassVar = TWO_QUOTES

    def __init__(
        self,
        instrument: InstrumentId,
        other: InstrumentId,
        *,
        window_s: float,
        sample_s: float = 1.0,
    ) -> None:
        self._length: Final = Length(window_ns=nanoseconds("window_s", window_s))
        self._sample_ns: Final = steps("sample_s", sample_s, self._length.window_ns or 0)
        super().__init__(instrument, other)

    def make_formula(self) -> Formula:
        """Return the score."""
        touch, other = self.states
        window = touch.node(basis_grid, other, self._sample_ns, self._length)
        return Formula("z_score", self.states, (window,))


class LeadLagPremium(ComputedFactor):
    """How far one venue has run ahead of another, bps.

    ``(ln(mid / mid') - ln(other / other')) * 1e4``, ``'`` for the last good mids at ``now -
    lag_s``: what the venue moved and the other has not yet. Above 0: the venue leads upwards.
    Hasbrouck, *One security, many markets* (1995), on which venue leads. Warm after ``lag_s``.
    Costs 160 ns.

    Parameters
    ----------
    instrument, other : InstrumentId
        The venue that leads and the one that lags; quotes.
    lag_s : float
        The while, seconds.

    """

    __slots__ = ("_lag",)

    kinds: ClassVar = TWO_QUOTES

    def __init__(self, instrument: InstrumentId, other: InstrumentId, *, lag_s: float) -> None:
        self._lag: Final = Length(window_ns=nanoseconds("lag_s", lag_s))
        super().__init__(instrument, other)

    def make_formula(self) -> Formula:
        """Return the premium."""
        windows = tuple(touch.node(numbers, self._lag) for touch in self.states)
        return Formula("lead", self.states, windows, scale=1e4)


class ConsensusFactor(ComputedFactor):
    """A factor of the mids of several venues, of which some may be silent.

    Parameters
    ----------
    instruments : InstrumentId
        Two or more; quotes.
    max_age_s : float
        The age, seconds, from which on a venue's quote does not count; the time to live if that
        is shorter.

    """

    __slots__ = ("_max_age_ns",)

    lives_while_any: ClassVar[bool] = True

    def __init__(self, *instruments: InstrumentId, max_age_s: float = 5.0) -> None:
        self._max_age_ns = nanoseconds("max_age_s", max_age_s)
        super().__init__(*instruments)

    def limit_age(self, life_ns: int) -> None:
        """Count no quote that is older than the time to live."""
        self._max_age_ns = min(self._max_age_ns, life_ns)

    def _inputs(self, instruments: tuple[InstrumentId | str, ...]) -> tuple[Input, ...]:
        if len(instruments) < 2 or len(set(instruments)) < len(instruments):
            msg = f"{type(self).__name__}: expected two or more different instruments"
            raise ValueError(msg)
        return tuple(Input(DataKind.QUOTES, i) for i in instruments)

    def _mids(self, now_ns: int) -> list[float]:
        """Return the mids that count, the lowest first."""
        after_ns, oldest_ns, mids = now_ns - self._max_age_ns, NEVER, []
        for state in self.states:
            ts_event = state.ts_event
            if ts_event > after_ns:
                oldest_ns = min(oldest_ns, ts_event)
                if state.is_good:
                    mids.append(state.number)
        self.due_ns = NEVER if oldest_ns == NEVER else oldest_ns + self._max_age_ns
        mids.sort()
        return mids


class ConsensusMid(ConsensusFactor):
    """The median of the venues' mids, quote currency. Warm at the first quote of a venue.

    Costs 3 µs for five venues.
    """

    __slots__ = ()

    def value_at(self, now_ns: int) -> float:
        """Return the median."""
        mids = self._mids(now_ns)
        return _median(mids) if mids else NAN


class ConsensusDispersionBps(ConsensusFactor):
    """The highest over the lowest of the venues' mids, in bps of their median.

    NaN with less than two venues. Warm at the first quotes of two venues.
    Costs 3 µs for five venues.
    """

    __slots__ = ()

    def value_at(self, now_ns: int) -> float:
        """Return the dispersion."""
        mids = self._mids(now_ns)
        return (mids[-1] - mids[0]) / _median(mids) * 1e4 if len(mids) > 1 else NAN


class VenuesAlive(ConsensusFactor):
    """How many venues have a good quote that counts; NaN if none has.

    Warm at the first quote of a venue.

    Costs 3 µs for five venues.
    """

    __slots__ = ()

    def value_at(self, now_ns: int) -> float:
        """Return the number."""
        return float(len(self._mids(now_ns))) or NAN


def _median(rising: list[float]) -> float:
    half, is_odd = divmod(len(rising), 2)
    return rising[half] if is_odd else (rising[half - 1] + rising[half]) / 2
