"""PreparedQuotes: the ticks of a simulated market, their numbers made before they are due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nautilus_trader.model import Price, Quantity, QuoteTick

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import CryptoPerpetual

    from adapters.market.simulated_path import SimulatedPath

PREPARED_STEPS: Final = 16
"""So few that preparing them takes less time than handing over one quote."""


class PreparedQuotes:
    """Makes the quote of each step of a path.

    Code that runs once in 5 ms runs from cold caches, several times as slowly as in a loop, and
    for as long no factors are read. So the prices of some steps are made at once.

    Parameters
    ----------
    path : SimulatedPath
        The market.
    instrument : CryptoPerpetual
        The quoted instrument; prices and sizes have its precision.
    now_ns : callable
        Returns UNIX nanoseconds.

    Notes
    -----
    A plain object: an attribute of a data client costs three times as much.

    """

    __slots__ = ("_first", "_id", "_now_ns", "_path", "_precisions", "_prepared")

    def __init__(
        self, path: SimulatedPath, instrument: CryptoPerpetual, now_ns: Callable[[], int]
    ) -> None:
        self._path: Final = path
        self._id: Final = instrument.id
        self._precisions: Final = instrument.price_precision, instrument.size_precision
        self._now_ns: Final = now_ns
        self._first = 0
        self._prepared: list[tuple[Price, Price, Quantity, Quantity]] = []

    def quote(self, step: int, due_ns: int) -> QuoteTick:
        """Return the quote of a step, due at an instant, as if it was received now.

        Parameters
        ----------
        step : int
            The step; steps go forward.
        due_ns : int
            UNIX nanoseconds: its ``ts_event``.

        """
        i = step - self._first
        if not 0 <= i < len(self._prepared):
            self.prepare(step)
            i = 0
        bid, ask, bid_size, ask_size = self._prepared[i]
        now_ns = self._now_ns()
        if now_ns < due_ns:  # noqa: PLR1730 - a call of max would cost more
            now_ns = due_ns
        return QuoteTick(self._id, bid, ask, bid_size, ask_size, due_ns, now_ns)

    def prepare(self, step: int) -> None:
        """Make the prices of a step and those after it, unless the step's are made."""
        if 0 <= step - self._first < len(self._prepared):
            return
        price, size = self._precisions
        self._first = step
        self._prepared = [
            (
                Price(q.bid, price),
                Price(q.ask, price),
                Quantity(q.bid_size, size),
                Quantity(q.ask_size, size),
            )
            for q in self._path.quotes(step, PREPARED_STEPS)
        ]
