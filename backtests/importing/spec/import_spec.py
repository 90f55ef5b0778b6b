"""ImportSpec: the files of an import, and when each value could be known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from adapters.command.durations import NEVER_NS
from adapters.command.field_rules import Key
from adapters.command.instants import OffsetInstant
from adapters.command.instruments.instrument_spec import InstrumentSpec
from backtests.importing.spec.factor_file_spec import FactorFileSpec
from backtests.importing.spec.market_file_specs import (
    BarsFileSpec,
    FundingFileSpec,
    MarketFileSpec,
    QuotesFileSpec,
    TradesFileSpec,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """``[import]``: the recording's name and its window.

    Attributes
    ----------
    name : str
        The recording's name; by default the spec's file name.
    start, end : OffsetInstant, optional
        The window, half-open, UNIX nanoseconds, by the instants at which values are known.

    Raises
    ------
    ValueError
        If the window ends before it starts.

    """

    name: str = ""
    start: OffsetInstant | None = None
    end: OffsetInstant | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start >= self.end:
            msg = "end: expected later than start"
            raise ValueError(msg)

    def holds(self, instants: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which instants are in the window.

        Parameters
        ----------
        instants : int64 array of shape (instants,)
            UNIX nanoseconds.

        Returns
        -------
        bool array of shape (instants,)

        """
        first = 0 if self.start is None else self.start
        end = NEVER_NS if self.end is None else self.end
        inside: NDArray[np.bool_] = (instants >= first) & (instants < end)
        return inside


@dataclass(frozen=True, kw_only=True)
class ImportSpec:
    """A whole spec.

    Attributes
    ----------
    settings : ImportSettings
        ``[import]``.
    files, bars, quotes, trades, funding : tuples
        The files of each kind, at least one in all.
    instruments : tuple of InstrumentSpec
        The instruments of the market data.

    """

    settings: Annotated[ImportSettings, Key("import")] = field(default_factory=ImportSettings)
    files: tuple[FactorFileSpec, ...] = ()
    bars: tuple[BarsFileSpec, ...] = ()
    quotes: tuple[QuotesFileSpec, ...] = ()
    trades: tuple[TradesFileSpec, ...] = ()
    funding: tuple[FundingFileSpec, ...] = ()
    instruments: tuple[InstrumentSpec, ...] = ()

    @property
    def market(self) -> tuple[MarketFileSpec, ...]:
        """All files of market data."""
        return (*self.bars, *self.quotes, *self.trades)
