"""Factors of derivatives: funding, open interest, implied volatility, mark over index."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from dolphin_strategies.computed.computed_factor import NAN, NEVER, ComputedFactor
from dolphin_strategies.computed.inputs import DataKind
from dolphin_strategies.computed.states._engine import Formula
from dolphin_strategies.computed.states.lengths import Length, nanoseconds
from dolphin_strategies.computed.states.windows import numbers

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId

SECOND_NS: Final = 1_000_000_000


class MarkIndexBasisBps(ComputedFactor):
    """The mark price over the index price, ``(mark / index - 1) * 1e4``, bps.

    Warm when both are there. Costs 50 ns.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; mark and index prices.
    alive : str, optional
        ``"quotes"``: the time to live is for quotes, because the venue sends a mark or index
        price only when it changes.

    """

    __slots__ = ()

    kinds: ClassVar = (DataKind.MARK, DataKind.INDEX)

    def __init__(self, instrument: InstrumentId, *, alive: DataKind | str | None = None) -> None:
        super().__init__(instrument, instrument, alive=alive)

    def make_formula(self) -> Formula:
        """Return the basis."""
        return Formula("over", self.states[:2], (), scale=1e4)


class Funding8h(ComputedFactor):
    """The funding rate for 8 hours: ``rate * 8 h / interval``, a fraction; longs pay above 0.

    The interval is the venue's, else that of two funding times, else ``interval_h``; NaN without
    one. Warm at the first rate. Costs 0.4 µs.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; funding rates.
    interval_h : float, optional
        Hours that a rate is for, if the data do not say so.
    alive : str
        The kind of data whose age is compared with the time to live, because venues send a
        rate only when it changes: ``"quotes"``, ``"mark"`` or ``"funding"``.

    """

    __slots__ = ("_interval_h",)

    kinds: ClassVar = (DataKind.FUNDING,)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        interval_h: float | None = None,
        alive: DataKind | str = DataKind.QUOTES,
    ) -> None:
        if interval_h is not None and not 0 < interval_h <= 24 * 30:
            msg = f"interval_h: expected hours above 0, found {interval_h!r}"
            raise ValueError(msg)
        self._interval_h: Final = interval_h or NAN
        super().__init__(instrument, alive=alive)

    def value_at(self, now_ns: int) -> float:
        """Return the rate."""
        funding = self.states[0]
        hours = funding.interval_minutes / 60
        if not hours > 0:
            hours = self._interval_h
        rate: float = funding.number * 8 / hours
        return rate


class FundingCountdown(ComputedFactor):
    """Minutes until the next funding, of the whole seconds left: it changes once a second.

    NaN after that instant, until the venue states the next one. Warm at the first rate that
    states it. Costs 0.4 µs a second.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; funding rates.
    alive : str
        As for :class:`Funding8h`.

    """

    __slots__ = ()

    kinds: ClassVar = (DataKind.FUNDING,)

    def __init__(
        self, instrument: InstrumentId, *, alive: DataKind | str = DataKind.QUOTES
    ) -> None:
        super().__init__(instrument, alive=alive)

    def value_at(self, now_ns: int) -> float:
        """Return the minutes."""
        left_ns: int = self.states[0].next_ns - now_ns
        self.due_ns = NEVER
        if left_ns < 0:
            return NAN
        self.due_ns = now_ns + left_ns % SECOND_NS + 1
        return left_ns // SECOND_NS / 60


class OpenInterestUsd(ComputedFactor):
    """Open interest in the quote currency: coins times price, or contracts times their value.

    Needs the definition. Warm when open interest and price are there. Costs 0.4 µs.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; open interest, and quotes or mark prices.
    price : str
        ``"quotes"`` (the mid) or ``"mark"``, whose age is compared with the time to live.

    """

    __slots__ = ()

    needs_definition: ClassVar = True

    kinds: ClassVar = (DataKind.OPEN_INTEREST,)
    uses_alive: ClassVar[bool] = True

    def __init__(
        self, instrument: InstrumentId, *, price: DataKind | str = DataKind.QUOTES
    ) -> None:
        if price not in {"quotes", "mark"}:
            msg = f"price: expected quotes or mark, found {price!r}"
            raise ValueError(msg)
        super().__init__(instrument, alive=price)

    def value_at(self, now_ns: int) -> float:
        """Return the open interest."""
        state, price = self.states
        if state.definition is None:
            return NAN
        value: float = state.definition.quote(state.number, price.number)
        return value if price.is_good else NAN


class OpenInterestChange(ComputedFactor):
    """Open interest over that of a while ago, ``now / before - 1``, a fraction.

    Warm when there is one that is older than the window. Costs 60 ns.

    Parameters
    ----------
    instrument : InstrumentId
        The instrument; open interest.
    window_s : float
        The while, seconds.
    alive : str
        As for :class:`Funding8h`.

    """

    __slots__ = ("_length",)

    kinds: ClassVar = (DataKind.OPEN_INTEREST,)

    def __init__(
        self,
        instrument: InstrumentId,
        *,
        window_s: float,
        alive: DataKind | str = DataKind.QUOTES,
    ) -> None:
        self._length: Final = Length(window_ns=nanoseconds("window_s", window_s))
        super().__init__(instrument, alive=alive)

    def make_formula(self) -> Formula:
        """Return the change."""
        state = self.states[0]
        return Formula("change", (state,), (state.node(numbers, self._length),))


class VolatilityIndex(ComputedFactor):
    """A volatility index, percent a year: Deribit's DVOL, 30 days.

    Deribit, *DVOL: the Deribit implied volatility index*. Warm at the first value. Costs 30 ns.

    Parameters
    ----------
    index_name : str
        The index, as the venue names it: ``btc_usd``.

    """

    __slots__ = ()

    kinds: ClassVar = (DataKind.VOLATILITY_INDEX,)

    def __init__(self, index_name: str) -> None:
        super().__init__(str(index_name))

    def make_formula(self) -> Formula:
        """Return the index."""
        return Formula("number", self.states, ())
