"""The newest market data of one kind and instrument, as plain numbers that factors share."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from nautilus_trader.model import InstrumentId

NAN: Final = math.nan
NEVER: Final = (1 << 63) - 1
"""The instant of what does not happen, UNIX nanoseconds."""


class DataKind(StrEnum):
    """What a factor can be computed from."""

    QUOTES = "quotes"
    TRADES = "trades"
    BOOK = "book"
    MARK = "mark"
    INDEX = "index"
    FUNDING = "funding"
    OPEN_INTEREST = "open_interest"
    LIQUIDATIONS = "liquidations"
    VOLATILITY_INDEX = "volatility_index"


class Input(NamedTuple):
    """One stream of market data.

    Attributes
    ----------
    kind : DataKind
        The kind of data.
    instrument_id : InstrumentId or str
        Its instrument; the name of the index for ``DataKind.VOLATILITY_INDEX``.

    """

    kind: DataKind
    instrument_id: InstrumentId | str


class Definition(NamedTuple):
    """What a size of one means.

    Attributes
    ----------
    multiplier : float
        Coins for a size of 1, or units of the quote currency if the contract is inverse.
    is_inverse : bool
        Whether the contract is worth a fixed amount of the quote currency.

    """

    multiplier: float
    is_inverse: bool

    @classmethod
    def of(cls, instrument: Any) -> Definition | None:
        """Return the definition of a Nautilus instrument; None for a quanto."""
        if getattr(instrument, "is_quanto", False):
            return None
        is_inverse = bool(getattr(instrument, "is_inverse", False))
        return cls(float(instrument.multiplier), is_inverse)

    def coins(self, size: float, price: float) -> float:
        """Return the amount of the base currency."""
        return size * self.multiplier / price if self.is_inverse else size * self.multiplier

    def quote(self, size: float, price: float) -> float:
        """Return the amount of the quote currency."""
        return size * self.multiplier if self.is_inverse else size * self.multiplier * price


class MarketState:
    """The newest data of one input.

    Data whose ``ts_event`` is before that of the data already there are counted and left out,
    except for kinds of which every datum counts (trades, liquidations).

    Attributes
    ----------
    ts_event, ts_init : int
        UNIX nanoseconds, of the newest data; 0 before the first.
    alive_ns : int
        The earlier of the two, from which the time to live counts.
    since_ns : int
        ``ts_init`` of the first data; ``NEVER`` before.
    is_good : bool
        Whether the newest data can be used; False before the first.
    definition : Definition or None
        What sizes mean; None: not known yet.
    crossed, backward, invalid : int
        How many data were crossed quotes, out of order, or not usable for another reason.
    nodes : tuple of callable
        What remembers earlier data; each is called after good data.

    """

    __slots__ = (
        "_nodes_of",
        "alive_ns",
        "backward",
        "crossed",
        "definition",
        "invalid",
        "is_good",
        "nodes",
        "since_ns",
        "ts_event",
        "ts_init",
    )

    def __init__(self) -> None:
        self.ts_event = 0
        self.ts_init = 0
        self.alive_ns = 0
        self.since_ns = NEVER
        self.is_good = False
        self.definition: Definition | None = None
        self.crossed = self.backward = self.invalid = 0
        self.nodes: tuple[Callable[[], Any], ...] = ()
        self._nodes_of: dict[Hashable, Any] = {}

    def take(self, data: Any) -> bool:
        """Take over the numbers of Nautilus data of this kind; False: they were left out."""
        raise NotImplementedError

    def node[N: Callable[[], Any]](self, make: Callable[..., N], *key: Hashable) -> N:
        """Return the node ``make(self, *key)``, the same one for all who ask for it."""
        found = self._nodes_of.get((make, *key))
        if found is None:
            found = self._nodes_of[(make, *key)] = make(self, *key)
            self.nodes += (found,)
        node: N = found
        return node

    def _stamp(self, ts_event: int, ts_init: int) -> None:
        self.ts_event = max(self.ts_event, ts_event)
        self.ts_init = max(self.ts_init, ts_init)
        self.alive_ns = max(self.alive_ns, min(ts_event, ts_init))
        if self.since_ns == NEVER:
            self.since_ns = self.ts_init

    def _is_backward(self, ts_event: int, ts_init: int) -> bool:
        if min(ts_event, ts_init) < self.alive_ns:
            self.backward += 1
            return True
        return False


def key_of(data: Any) -> InstrumentId | str:
    """Return what an input of these data names: the instrument, or the index."""
    key: InstrumentId | str = (
        data.index_name if hasattr(data, "index_name") else data.instrument_id
    )
    return key
