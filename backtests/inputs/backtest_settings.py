"""BacktestSettings: the configuration of a backtest, read from TOML and checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

from adapters.command import settings_file
from adapters.command.field_rules import CheckedFields, at_least
from adapters.command.instants import Instant
from adapters.command.instruments.instrument_spec import InstrumentSpec
from adapters.command.log_level import LogLevelName
from adapters.command.market_settings import MarketSettings
from adapters.command.settings_file import from_table, read_tables
from adapters.command.user_code.strategy_class import StrategySettings
from adapters.session.envelope.envelope_settings import EnvelopeSettings
from backtests.engine.backtest_venue import BacktestVenue
from backtests.engine.funding_choice import FundingChoice

LIVE_TABLES: Final = ("node", "sandbox", "demo", "replay", "synthetic_quotes", "sweep")
"""Tables of a live node's or a sweep's file, which may stand beside these: one file serves all."""


@dataclass(frozen=True, kw_only=True)
class RunSettings(CheckedFields):
    """The ``[backtest]`` table.

    Attributes
    ----------
    start, end : Instant, optional
        The window, half-open; by default the whole catalog.
    recordings : list of str, optional
        Which recordings of factors; all by default.
    compute : Path, optional
        A file of factors to compute on the way from the market data, instead of recordings.
    instruments : list of str, optional
        The instruments whose market data is replayed; by default those that the strategy's config
        names, and if it names none, all of the catalog.
    show : list of str, optional
        Factors drawn in the report; the required ones by default.
    funding : FundingChoice
        Where the funding rates of perpetuals are from: ``auto`` (the catalog), ``none``, a file,
        or ``factor:NAME``.
    chunk_rows : int
        The number of records in memory at once, which bounds the memory used.
    days_per_year : int, optional
        The trading days of a year, for ratios of a year; by default 365 if an instrument never
        closes, else 252.
    log_level : str
        NautilusTrader's log level on the terminal.

    Raises
    ------
    ValueError
        If ``chunk_rows`` is below 1, the window ends before it starts, or both ``compute`` and
        ``recordings`` are given.

    """

    start: Instant | None = None
    end: Instant | None = None
    recordings: list[str] | None = None
    compute: Path | None = None
    instruments: list[str] | None = None
    show: list[str] | None = None
    funding: FundingChoice = field(default_factory=FundingChoice)
    days_per_year: Annotated[int, at_least(1)] | None = None
    chunk_rows: Annotated[int, at_least(1)] = 10_000
    log_level: LogLevelName = "ERROR"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start is not None and self.end is not None and self.start >= self.end:
            msg = f"expected start before end, found start {self.start} and end {self.end}"
            raise ValueError(msg)
        if self.compute is not None and self.recordings is not None:
            msg = "expected either compute or recordings, found both: factors have one origin"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class BacktestSettings:
    """The configuration of a backtest, a field for each table.

    Attributes
    ----------
    backtest : RunSettings
        The part of the catalog to replay, and options of the run.
    venue : BacktestVenue
        The account, and how orders are filled.
    market : MarketSettings
        How old a price may be for an order; a node's file has the same table.
    instrument : InstrumentSpec, optional
        An instrument that the catalog does not define; as in an import's spec.
    strategy : StrategySettings
        The strategy and its configuration.
    envelope : EnvelopeSettings
        The envelope that the run is compared with; a node's file has the same table.

    """

    backtest: RunSettings = field(default_factory=RunSettings)
    venue: BacktestVenue = field(default_factory=BacktestVenue)
    market: MarketSettings = field(default_factory=MarketSettings)
    instrument: InstrumentSpec | None = None
    strategy: StrategySettings = field(default_factory=StrategySettings)
    envelope: EnvelopeSettings = field(default_factory=EnvelopeSettings)


def load(path: Path | None) -> BacktestSettings:
    """Read a TOML file; without one, the defaults.

    Raises
    ------
    ConfigError
        If the file cannot be read, or has an unknown key or a value of the wrong kind.

    """
    if path is None:
        return BacktestSettings()
    tables = {n: table for n, table in read_tables(path).items() if n not in LIVE_TABLES}
    return from_table(BacktestSettings, tables, str(path))


def override(settings: BacktestSettings, **given: Any) -> BacktestSettings:
    """Return the settings with values of the command line.

    Parameters
    ----------
    settings : BacktestSettings
        The settings of the file.
    **given
        ``strategy`` (its path), fields of MarketSettings and fields of RunSettings; None leaves
        one as it is.

    Raises
    ------
    ConfigError
        If the values contradict each other.

    """
    path = given.pop("strategy", None)
    market = {name: given.pop(name, None) for name in ("max_price_age", "stale_price")}
    return dataclasses.replace(
        settings,
        backtest=settings_file.override(settings.backtest, **given),
        market=settings_file.override(settings.market, **market),
        strategy=settings_file.override(settings.strategy, path=path),
    )
