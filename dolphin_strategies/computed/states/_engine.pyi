"""Market data, windows over them, formulas, their evaluation and records; made of C."""

from array import array
from collections.abc import Callable
from typing import Any, Final, Self, final

import numpy as np
from numpy.typing import NDArray

ARRIVALS: Final[int]
FLOW: Final[int]
COIN_FLOW: Final[int]
ORDER_FLOW: Final[int]
NUMBER: Final[int]
RETURNS: Final[int]
RETURN_GRID: Final[int]
IMPACT_GRID: Final[int]
BASIS_GRID: Final[int]

class Market:
    """The newest market data of one input; see MarketState, which adds the decoding.

    ``take_quote`` (a QuoteTick), ``take_trade`` (a TradeTick), ``put_print`` and ``put_number``
    take over data and feed the nodes; False: the data were left out, because their ``ts_event``
    is before that of the newest. ``number`` is the mid, the price or the one number; of a quote,
    ``number_1`` to ``number_4`` are bid, ask and their sizes; of a print, size, side and coins.
    Prices are of one coin: the data's, divided by ``units``; ``put_number`` divides nothing.
    """

    crossed: int
    backward: int
    invalid: int
    nodes: tuple[Any, ...]
    @property
    def ts_event(self) -> int: ...
    @property
    def ts_init(self) -> int: ...
    @property
    def since_ns(self) -> int: ...
    @property
    def is_good(self) -> bool: ...
    @property
    def multiplier(self) -> float: ...
    @property
    def units(self) -> float: ...
    @property
    def is_inverse(self) -> bool: ...
    @property
    def number(self) -> float: ...
    @property
    def number_1(self) -> float: ...
    @property
    def number_2(self) -> float: ...
    @property
    def number_3(self) -> float: ...
    @property
    def number_4(self) -> float: ...
    def take_quote(self, data: Any) -> bool: ...
    def take_trade(self, data: Any) -> bool: ...
    def put_print(
        self, ts_event: int, ts_init: int, price: float, size: float, side: int, /
    ) -> bool: ...
    def put_number(self, ts_event: int, ts_init: int, number: float, /) -> bool: ...
    def set_definition(self, multiplier: float, is_inverse: bool, units: float, /) -> None: ...

@final
class WindowSums:
    """The rows of a window, and the exact sums of their columns and of products of columns.

    A row is in the window from its ``ts_ns`` on, until ``window_ns`` later (exclusive), until
    ``count`` further rows came, or until the next multiple of ``period_ns`` since 1970. A sum is
    the nearest float64 to the exact one, whatever was added and left before.

    Parameters
    ----------
    columns : int
        Numbers in a row, 0 to 6; 0 with a recipe.
    window_ns, count, period_ns : int, optional
        The length; exactly one of them.
    products : tuple of pairs of int, optional
        Pairs of columns whose products are summed too; at most 4.
    recipe : int, optional
        How the window is fed as a node of a market; it states the columns.
    step_ns : int, optional
        Distance of the points of a recipe's grid.
    first : Market, optional
        The first of the two markets of a grid.

    Attributes
    ----------
    due_ns : int
        The next instant, UNIX nanoseconds, at which the window changes without a new row;
        ``2**63 - 1``: none.
    since_ns : int
        The instant from which the data are complete; ``2**63 - 1``: none yet.
    refused : int
        Rows left out because a value or product is not finite or not below ``2**96``.

    Notes
    -----
    Instants must not decrease; an earlier one counts as the newest. Values are taken in units of
    ``2**-200``. A window of time is full when its data are complete over its whole length; until
    then ``sums`` are NaN and ``count`` is -1.

    Raises
    ------
    ValueError
        If not exactly one length is given, or an argument is out of its range.

    """

    def __new__(
        cls,
        columns: int,
        *,
        window_ns: int | None = None,
        count: int | None = None,
        period_ns: int | None = None,
        products: tuple[tuple[int, int], ...] = (),
        recipe: int = 0,
        step_ns: int = 0,
        first: Market | None = None,
    ) -> WindowSums: ...
    @property
    def due_ns(self) -> int: ...
    @property
    def since_ns(self) -> int: ...
    @property
    def refused(self) -> int: ...
    def add(self, ts_ns: int, /, *columns: float) -> bool: ...
    def begin(self, ts_ns: int, /) -> None: ...
    def sums(self, now_ns: int, /) -> tuple[float, ...]: ...
    def count(self, now_ns: int, /) -> int: ...
    def left(self, now_ns: int, /) -> float: ...
    def covariation(self, now_ns: int, product: int, n: int, /) -> float: ...

@final
class Formula:
    """A formula over markets and windows, called with an instant; NaN: no value.

    ``due_ns`` is the next instant at which the last value changes without data. The kinds are in
    ``native/formula.h``.

    Raises
    ------
    ValueError, TypeError
        If there is no such kind, or it needs other markets or windows.

    """

    def __new__(
        cls,
        kind: str,
        markets: tuple[Market, ...],
        feeds: tuple[WindowSums, ...],
        weight: float = 1.0,
        scale: float = 1.0,
        column: int = 0,
    ) -> Formula: ...
    @property
    def due_ns(self) -> int: ...
    def __call__(self, now_ns: int, /) -> float: ...

@final
class Evaluator:
    """Brings the values of factors to an instant, computing only those that can have changed.

    Parameters
    ----------
    values : array of float64
        One for each factor, written in place.
    places : tuple
        For each factor: the factor, its formula or None, its markets, those whose age counts,
        whether one young one is enough, the time to live in nanoseconds, the valid range.

    Attributes
    ----------
    due_ns, expiry_ns : int
        As of the last evaluation: the next instants at which a value changes without data, and
        at which one ends because its input is too old; UNIX nanoseconds.

    """

    def __new__(
        cls,
        values: array[float],
        places: tuple[
            tuple[
                Any,
                Formula | None,
                tuple[Market, ...],
                tuple[Market, ...],
                bool,
                int,
                float,
                float,
            ],
            ...,
        ],
        /,
    ) -> Evaluator: ...
    @property
    def due_ns(self) -> int: ...
    @property
    def expiry_ns(self) -> int: ...
    def counts(self) -> list[tuple[int, int]]: ...

@final
class Intake:
    """Passes data to the market of its type and instrument.

    Parameters
    ----------
    slots : dict
        A type of data → a dict: an instrument → its market; may be added to.
    other : callable
        Called with data of a type that is not there; returns whether any factor uses it.

    Attributes
    ----------
    ts_event : int
        The newest ``ts_event`` of all data so far, UNIX nanoseconds.
    now_ns : int
        The newest ``ts_init`` of all data so far, or a later instant that was evaluated, UNIX
        nanoseconds.

    """

    def __new__(
        cls, slots: dict[type, dict[Any, Any]], other: Callable[[Any], bool], /
    ) -> Intake: ...
    @property
    def ts_event(self) -> int: ...
    @property
    def now_ns(self) -> int: ...
    def take(self, data: Any, /) -> bool: ...
    def evaluate(self, evaluator: Evaluator, now_ns: int, /) -> bool: ...
    def take_as(self, market: Any, data: Any, /) -> None: ...

class Records:
    """Tells at which instants evaluated factors give a record, and holds rows of records.

    There is a record at an instant at which a value changed, and at one with newer data whose
    last record is at least ``keep_alive_ns`` old.

    ``evaluate`` brings the values to an instant and returns whether there is a record. ``take``
    takes over groups of data: ``data[ends[i - 1]:ends[i]]`` are evaluated at ``instants_ns[i]``
    if any of them is used; inputs that become too old before ``expire_before_ns[i]`` were
    evaluated at their own instants before. ``expire`` does only that. Records of these two are
    held, and returned by ``take_rows``: for each ``ts_event``, ``ts_init`` and the values, 8 bytes
    each.

    Parameters
    ----------
    intake : Intake
        Takes the data.
    evaluator : Evaluator
        Evaluates.
    keep_alive_ns : int
        The time after which unchanged values are published again, nanoseconds.

    Attributes
    ----------
    records : int
        Records so far.
    expiry_ns : int
        The next instant, not evaluated yet, at which an input becomes too old, UNIX nanoseconds;
        ``2**63 - 1``: none.

    """

    def __new__(cls, intake: Intake, evaluator: Evaluator, keep_alive_ns: int, /) -> Self: ...
    @property
    def records(self) -> int: ...
    @property
    def expiry_ns(self) -> int: ...
    def evaluate(self, now_ns: int, /) -> bool: ...
    def expire(self, until_ns: int, /) -> None: ...
    def take(
        self,
        data: list[Any],
        ends: NDArray[np.int64],
        expire_before_ns: NDArray[np.int64],
        instants_ns: NDArray[np.int64],
        /,
    ) -> None: ...
    def take_rows(self) -> bytes: ...
