"""PreparedQuotes: the ticks of a simulated market, their numbers made before they are due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nautilus_trader.model import Price, Quantity, QuoteTick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nautilus_trader.model import CryptoPerpetual

    from adapters.market.simulated_path import MarketStep, SimulatedPath

NUMBERS_AT_ONCE: Final = 200
"""Steps whose numbers are made together: a second's, within some tens of microseconds."""


class PreparedQuotes:
    """Makes the quote of each step of a path.

    Code that runs once in 5 ms runs from cold caches, several times as slowly as in a loop, and
    for as long no factors are read. So the numbers of a second's steps are made at once, and the
    prices of a step after the quote of the one before was handed over.

    Parameters
    ----------
    path : SimulatedPath
        The market.
    instrument : CryptoPerpetual
        The quoted instrument; prices and sizes have its precision.
    now_ns : callable
        Returns UNIX nanoseconds.

    """

    __slots__ = ("_id", "_now_ns", "_numbers", "_path", "_precisions", "_prices", "_step")

    def __init__(
        self, path: SimulatedPath, instrument: CryptoPerpetual, now_ns: Callable[[], int]
    ) -> None:
        self._path: Final = path
        self._id: Final = instrument.id
        self._precisions: Final = instrument.price_precision, instrument.size_precision
        self._now_ns: Final = now_ns
        self._numbers: Iterator[MarketStep] = iter(())
        self._step = -1
        self._prices: tuple[Price, Price, Quantity, Quantity]

    def quote(self, step: int, due_ns: int) -> QuoteTick:
        """Return the quote of a step, due at an instant, as if it was received now.

        Parameters
        ----------
        step : int
            The step; steps go forward.
        due_ns : int
            UNIX nanoseconds: its ``ts_event``.

        """
        self.prepare(step)
        bid, ask, bid_size, ask_size = self._prices
        now_ns = self._now_ns()
        if now_ns < due_ns:  # noqa: PLR1730 - a call of max would cost more
            now_ns = due_ns
        return QuoteTick(self._id, bid, ask, bid_size, ask_size, due_ns, now_ns)

    def prepare(self, step: int) -> None:
        """Make the prices of a step, unless they are made."""
        if step == self._step:
            return
        numbers = next(self._numbers, None) if step == self._step + 1 else None
        if numbers is None:
            self._numbers = self._path.quotes(step, NUMBERS_AT_ONCE)
            numbers = next(self._numbers)
        price, size = self._precisions
        self._step = step
        self._prices = (
            Price(numbers.bid, price),
            Price(numbers.ask, price),
            Quantity(numbers.bid_size, size),
            Quantity(numbers.ask_size, size),
        )
