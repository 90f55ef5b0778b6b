"""The spec of an import: which files hold what, and when each value could be known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from adapters.command.field_rules import KEY_OF_TABLE, CheckedFields, Key, Rule
from backtests.importing.spec.times import NEVER_NS, NO_SPAN, Instant, Span, ValidFor, zone_of
from dolphin_strategies.factors.schema import is_factor_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOOK_AHEAD: Final = (
    "says neither `instant = true` nor `covers = ...`, so nobody knows when its values could be "
    "known: most series are stamped at the START of what they cover, and using such a value at "
    "its stamp looks into the future. Write `instant = true` if a value was known at its stamp, "
    'or the span that it covers, such as `covers = "15m"`, if it was known only at the span\'s end'
)
SOME_COLUMNS: Final = Rule("[files.columns] with lines such as oi = { instant = true }", bool)
A_RULE: Final = Rule("its rule, such as { instant = true }", lambda column: True)
type LongerThanNothing = Annotated[Span, Rule("more than 0", lambda span: span.ns > 0)]


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """``[import]``: the recording's name and its window, ``start`` included, ``end`` not."""

    name: str = ""
    start: Instant | None = None
    end: Instant | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.start.ns >= self.end.ns:
            msg = "end: expected later than start"
            raise ValueError(msg)

    def holds(self, instants: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which instants, UNIX nanoseconds, are in the window."""
        first = self.start.ns if self.start else 0
        end = self.end.ns if self.end else NEVER_NS
        inside: NDArray[np.bool_] = (instants >= first) & (instants < end)
        return inside


@dataclass(frozen=True, kw_only=True)
class TableSpec(CheckedFields):
    """A file, and how its rows are stamped.

    Attributes
    ----------
    path : Path
        Relative to the data folder.
    kind : str
        ``csv``, ``parquet``, ``jsonl`` or ``json``; by default what the file's name ends with.
    rows : str
        JSON only: where the array of rows is, such as ``series.dvol``.
    header : list of str
        The columns' names, for a CSV file without a header or JSON rows that are arrays.
    delimiter : str
        Of a CSV file.
    where : dict
        Values that a row must have, by column; other rows are left out.
    stamp_column, unit, stamp_format, timezone
        The stamp: for numbers ``unit`` (s, ms, us, ns); for text ISO 8601 or ``stamp_format``;
        ``timezone`` for stamps without an offset, and for the length of calendar days.
    ambiguous : str
        What to do with local times that a clock showed twice.
    duplicates : str
        What to do with a stamp that appears twice.
    start, end : Instant, optional
        Take only rows with stamps from ``start`` and before ``end``.

    """

    path: Path
    stamp_column: str
    kind: Literal["", "csv", "parquet", "jsonl", "json"] = ""
    rows: str = ""
    header: list[str] = field(default_factory=list)
    delimiter: str = ","
    where: dict[str, Any] = field(default_factory=dict)
    unit: Literal["", "s", "ms", "us", "ns"] = ""
    stamp_format: str = ""
    timezone: str = ""
    ambiguous: Literal["refuse", "later"] = "refuse"
    duplicates: Literal["refuse", "first", "last"] = "refuse"
    start: Instant | None = None
    end: Instant | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unit and self.stamp_format:
            msg = "unit is for numbers and stamp_format for text; write one of them"
            raise ValueError(msg)
        if self.timezone:
            zone_of(self.timezone)


@dataclass(frozen=True, kw_only=True)
class ColumnSpec(CheckedFields):
    """A column that becomes a factor, and its publication rule.

    Attributes
    ----------
    factor : str
        The factor's name; by default the column's.
    instant : bool
        A value is known at its stamp (plus ``delay``).
    covers : Span, optional
        The span that a value covers: it is known at the span's end (plus ``delay``).
    stamp : str
        With ``covers``: which end of the span the stamp is.
    every : Span, optional
        With ``instant``: how far apart the stamps are, so that holes are seen.
    delay : Span
        From the moment when the value is final to the moment when one could have it.
    valid_for : ValidFor, optional
        How long a value stands if no newer one comes; by default until the next one is due.
    scale : float
        What the value is multiplied by.

    """

    factor: Annotated[str, KEY_OF_TABLE]
    instant: bool = False
    covers: LongerThanNothing | None = None
    stamp: Literal["start", "end"] = "start"
    every: LongerThanNothing | None = None
    delay: Span = NO_SPAN
    valid_for: ValidFor | None = None
    scale: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_factor_name(self.factor):
            msg = (
                f'{self.factor!r:.80} is not a factor name; write factor = "..." with a letter '
                "and then letters, digits, '_', '.' or '-', 63 at most"
            )
            raise ValueError(msg)
        if self.instant and self.covers is not None:
            msg = "instant and covers exclude each other; write the one that is true"
            raise ValueError(msg)
        if not self.instant and self.covers is None:
            raise ValueError(LOOK_AHEAD)
        if self.instant and self.stamp != "start":
            msg = "stamp goes with covers: an instant has no end"
            raise ValueError(msg)
        if self.covers is not None and self.every is not None:
            msg = "every goes with instant; with covers the next value is due one span later"
            raise ValueError(msg)

    @property
    def rule(self) -> str:
        """How much later than its stamp a value is known, in words."""
        late = f" + {self.delay}" if self.delay.ns else ""
        if self.covers is None:
            return f"stamp{late}"
        return f"{'stamp' if self.stamp == 'end' else f'stamp + {self.covers}'}{late}"


@dataclass(frozen=True, kw_only=True)
class FactorFile(TableSpec):
    """``[[files]]``: a file whose columns become factors."""

    columns: Annotated[dict[str, Annotated[ColumnSpec, A_RULE]], SOME_COLUMNS]


@dataclass(frozen=True, kw_only=True)
class MarketFile(TableSpec, ABC):
    """A file of market data of one instrument, known ``delay`` after its stamp or its bar."""

    instrument: str = ""
    delay: Span = NO_SPAN

    @abstractmethod
    def sources(self) -> dict[str, str]:
        """Return the file's column of each of Nautilus's."""

    def further_columns(self) -> list[str]:
        """Return what else is read."""
        return []


@dataclass(frozen=True, kw_only=True)
class BarsFile(MarketFile):
    """``[[bars]]``: OHLCV; a bar gets the stamp of its end."""

    covers: Span
    stamp: Literal["start", "end"] = "start"
    open: str = "open"
    high: str = "high"
    low: str = "low"
    close: str = "close"
    volume: str = "volume"

    def sources(self) -> dict[str, str]:
        return {n: getattr(self, n) for n in ("open", "high", "low", "close", "volume")}


@dataclass(frozen=True, kw_only=True)
class QuotesFile(MarketFile):
    """``[[quotes]]``: best bid and ask."""

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
class TradesFile(MarketFile):
    """``[[trades]]``; the taker's side is ``side`` (buy, sell), or from ``buyer_is_maker``."""

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


@dataclass(frozen=True, kw_only=True)
class InstrumentSpec:
    """``[[instruments]]``: what is traded; precisions are the increments' decimals."""

    id: str
    kind: Literal["perpetual", "spot"]
    base: str
    quote: str
    settlement: str = ""
    price_increment: str
    size_increment: str
    margin_init: str = "0"
    margin_maint: str = "0"


@dataclass(frozen=True, kw_only=True)
class ImportSpec:
    """A whole spec; at least one file."""

    settings: Annotated[ImportSettings, Key("import")] = field(default_factory=ImportSettings)
    files: tuple[FactorFile, ...] = ()
    bars: tuple[BarsFile, ...] = ()
    quotes: tuple[QuotesFile, ...] = ()
    trades: tuple[TradesFile, ...] = ()
    instruments: tuple[InstrumentSpec, ...] = ()

    @property
    def market(self) -> tuple[MarketFile, ...]:
        """All files of market data."""
        return (*self.bars, *self.quotes, *self.trades)
