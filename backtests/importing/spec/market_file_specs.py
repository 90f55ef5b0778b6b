"""Specs of files with market data: bars, quotes, trades and funding of one instrument."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from adapters.command.durations import NO_TIME, Duration
from adapters.command.field_rules import Rule
from backtests.importing.spec.factor_file_spec import LongerThanNothing
from backtests.importing.spec.file_spec import FileSpec


@dataclass(frozen=True, kw_only=True)
class MarketFileSpec(FileSpec, ABC):
    """A file of market data of one instrument.

    Attributes
    ----------
    instrument : str
        The instrument's id; optional if the spec has only one instrument.
    delay : Duration
        How long after its stamp, or after the end of its bar, a row is known.

    """

    instrument: str = ""
    delay: Duration = NO_TIME

    @abstractmethod
    def sources(self) -> dict[str, str]:
        """Return the file's column for each column of Nautilus."""

    def further_columns(self) -> list[str]:
        """Return further columns to read."""
        return []


@dataclass(frozen=True, kw_only=True)
class BarsFileSpec(MarketFileSpec):
    """``[[bars]]``: OHLCV; a bar gets the stamp of its end.

    Attributes
    ----------
    covers : Duration
        The length of a bar.
    stamp : "start" or "end"
        Which end of the bar the stamp is.
    open, high, low, close, volume : str
        Their columns.

    """

    covers: Duration
    stamp: Literal["start", "end"] = "start"
    open: str = "open"
    high: str = "high"
    low: str = "low"
    close: str = "close"
    volume: str = "volume"

    def sources(self) -> dict[str, str]:
        return {n: getattr(self, n) for n in ("open", "high", "low", "close", "volume")}


@dataclass(frozen=True, kw_only=True)
class QuotesFileSpec(MarketFileSpec):
    """``[[quotes]]``: best bid and ask.

    Attributes
    ----------
    bid, ask, bid_size, ask_size : str
        Their columns.

    """

    bid: str = "bid_price"
    ask: str = "ask_price"
    bid_size: str = "bid_size"
    ask_size: str = "ask_size"

    def sources(self) -> dict[str, str]:
        return {
            "bid_price": self.bid,
            "ask_price": self.ask,
            "bid_size": self.bid_size,
            "ask_size": self.ask_size,
        }


@dataclass(frozen=True, kw_only=True)
class TradesFileSpec(MarketFileSpec):
    """``[[trades]]``.

    Attributes
    ----------
    price, size : str
        Their columns.
    side : str
        The column of the taker's side (buy, sell).
    buyer_is_maker : str
        The column that has the side as true (the taker sold) and false, instead of ``side``.
    trade_id : str
        The column of the ids; by default a row's number is its id.

    Raises
    ------
    ValueError
        If both columns of a side are given.

    """

    price: str = "price"
    size: str = "size"
    side: str = ""
    buyer_is_maker: str = ""
    trade_id: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.side and self.buyer_is_maker:
            msg = "side and buyer_is_maker exclude each other; write the one that the file has"
            raise ValueError(msg)

    def sources(self) -> dict[str, str]:
        return {"price": self.price, "size": self.size}

    def further_columns(self) -> list[str]:
        return [name for name in (self.side, self.buyer_is_maker, self.trade_id) if name]


def _is_scale(scale: Decimal | None) -> bool:
    return scale is None or (scale.is_finite() and scale != 0)


@dataclass(frozen=True, kw_only=True)
class FundingFileSpec(FileSpec):
    """``[[funding]]``: one row for each settlement of one instrument.

    Attributes
    ----------
    instrument : str
        The instrument's id; optional if the spec has only one instrument.
    rate : str
        The column of the rates: fractions of the notional, which longs pay if it is positive.
    scale : Decimal, optional
        What a rate is multiplied by: 0.01 for percent. Given, it is not doubted.
    stamp : "end" or "start"
        Whether the stamp is the settlement, or the start of the interval that it ends.
    interval : Duration, optional
        The time from one settlement to the next.
    interval_column, interval_unit : str
        The column that has it instead, and its unit: ``h``, ``m``, ``s`` or ``ms``.
    mark_price : str
        The column of the prices at which was settled; without one, the market's own are used.

    Raises
    ------
    ValueError
        If keys exclude or lack each other.

    """

    instrument: str = ""
    rate: str = "funding_rate"
    scale: Annotated[Decimal | None, Rule("a number other than 0", _is_scale)] = None
    stamp: Literal["end", "start"] = "end"
    interval: LongerThanNothing | None = None
    interval_column: str = ""
    interval_unit: Literal["", "h", "m", "s", "ms"] = ""
    mark_price: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.interval is not None and self.interval_column:
            msg = "interval and interval_column exclude each other; write the one that is true"
            raise ValueError(msg)
        if bool(self.interval_column) != bool(self.interval_unit):
            msg = (
                "interval_column and interval_unit go together: write the column, and h, m, s or "
                "ms for what its numbers are"
            )
            raise ValueError(msg)
        if self.stamp == "start" and self.interval is None and not self.interval_column:
            msg = "stamp = 'start' needs interval or interval_column, after which is settled"
            raise ValueError(msg)

    def columns(self) -> list[str]:
        """Return the columns to read besides the stamp."""
        return [c for c in (self.rate, self.interval_column, self.mark_price) if c]
