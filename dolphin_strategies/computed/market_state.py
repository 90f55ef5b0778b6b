"""The newest market data of one kind and instrument, as plain numbers that factors share."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId

NAN: Final = math.nan


class DataKind(StrEnum):
    """What a factor can be computed from."""

    QUOTES = "quotes"
    TRADES = "trades"


class Input(NamedTuple):
    """One stream of market data.

    Attributes
    ----------
    kind : DataKind
        The kind of data.
    instrument_id : InstrumentId
        Its instrument.

    """

    kind: DataKind
    instrument_id: InstrumentId


class MarketState:
    """The newest data of one input.

    Attributes
    ----------
    ts_event, ts_init : int
        UNIX nanoseconds, of the newest data; 0 before the first.

    """

    __slots__ = ("ts_event", "ts_init")

    def __init__(self) -> None:
        self.ts_event = 0
        self.ts_init = 0

    def take(self, data: Any) -> None:
        """Take over the numbers of Nautilus data of this kind."""
        raise NotImplementedError


class Touch(MarketState):
    """The best bid and ask of the newest QuoteTick.

    Attributes
    ----------
    bid, ask, mid : float
        Prices; NaN before the first quote and while the quote is crossed or locked.
    bid_size, ask_size : float
        Sizes at these prices, in the instrument's own unit (contracts or coins).

    """

    __slots__ = ("ask", "ask_size", "bid", "bid_size", "mid")

    def __init__(self) -> None:
        super().__init__()
        self.bid = self.ask = self.mid = self.bid_size = self.ask_size = NAN

    def take(self, data: Any) -> None:
        """Take over a QuoteTick."""
        bid, ask = data.bid_price.as_double(), data.ask_price.as_double()
        if 0 < bid < ask:
            self.bid, self.ask, self.mid = bid, ask, (bid + ask) / 2
            self.bid_size = data.bid_size.as_double()
            self.ask_size = data.ask_size.as_double()
        else:
            self.bid = self.ask = self.mid = self.bid_size = self.ask_size = NAN
        self.ts_event = data.ts_event
        self.ts_init = data.ts_init


class LastTrade(MarketState):
    """The newest TradeTick.

    Attributes
    ----------
    price : float
        Its price.
    size : float
        Its size, in the instrument's own unit.
    side : int
        1 if the taker bought, -1 if the taker sold, 0 if unknown.

    """

    __slots__ = ("price", "side", "size")

    def __init__(self) -> None:
        super().__init__()
        self.price = self.size = NAN
        self.side = 0

    def take(self, data: Any) -> None:
        """Take over a TradeTick."""
        self.price = data.price.as_double()
        self.size = data.size.as_double()
        side = int(data.aggressor_side)
        self.side = -1 if side == 2 else side
        self.ts_event = data.ts_event
        self.ts_init = data.ts_init


STATES: Final[dict[DataKind, type[MarketState]]] = {
    DataKind.QUOTES: Touch,
    DataKind.TRADES: LastTrade,
}
KIND_OF_TYPE: Final = {"QuoteTick": DataKind.QUOTES, "TradeTick": DataKind.TRADES}
"""The name of a Nautilus data type → its kind."""
