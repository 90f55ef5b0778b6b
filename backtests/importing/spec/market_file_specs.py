"""Specs of files with market data: bars, quotes and trades of one instrument."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from adapters.command.durations import NO_TIME, Duration
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
