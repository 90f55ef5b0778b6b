"""BacktestSettings: what a backtest is configured with, read from TOML and checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from adapters.command.instants import Instant
from adapters.command.settings_file import from_table, read_tables
from backtests.engine.backtest_venue import BacktestVenue
from backtests.importing.spec.instrument_spec import InstrumentSpec
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

LIVE_TABLES: Final = ("node", "sandbox", "demo", "replay")
"""Tables of a live node's file, which may stand beside these: one file serves both."""


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """The ``[backtest]`` table.

    Attributes
    ----------
    start, end : Instant, optional
        The window, half-open; by default everything that the catalog has.
    recordings : list of str, optional
        Which recordings of factors; all by default.
    instruments : list of str, optional
        Whose market data is replayed; by default those that the strategy's config names, and
        if it names none, all of the catalog.
    show : list of str, optional
        Factors drawn in the report; the required ones by default.
    chunk_rows : int
        How many records are in memory at once; streaming bounds memory by it.
    log_level : str
        NautilusTrader's log level on the terminal.

    Raises
    ------
    ValueError
        If ``chunk_rows`` is below 1, or the window ends before it starts.

    """

    start: Instant | None = None
    end: Instant | None = None
    recordings: list[str] | None = None
    instruments: list[str] | None = None
    show: list[str] | None = None
    chunk_rows: int = 50_000
    log_level: str = "ERROR"

    def __post_init__(self) -> None:
        if self.chunk_rows < 1:
            msg = f"chunk_rows: expected at least 1, found {self.chunk_rows}"
            raise ValueError(msg)
        if self.start is not None and self.end is not None and self.start >= self.end:
            msg = f"expected start before end, found start {self.start} and end {self.end}"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class StrategySettings:
    """The ``[strategy]`` table, as live.

    Attributes
    ----------
    path : str
        ``class``, as ``module:Class``.
    config : dict
        All other keys: the fields of the strategy's config, as TOML values.

    """

    path: str = ""
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BacktestSettings:
    """Everything a backtest is configured with, a field for each table.

    Attributes
    ----------
    backtest : RunSettings
        Which part of the catalog, and how it is run.
    venue : BacktestVenue
        The account, and how orders are filled.
    instrument : InstrumentSpec, optional
        One that the catalog does not define; as in an import's spec.
    strategy : StrategySettings
        What trades.

    """

    backtest: RunSettings = field(default_factory=RunSettings)
    venue: BacktestVenue = field(default_factory=BacktestVenue)
    instrument: InstrumentSpec | None = None
    strategy: StrategySettings = field(default_factory=StrategySettings)


_TABLES: Final[dict[str, type[Any]]] = {
    "backtest": RunSettings,
    "venue": BacktestVenue,
    "instrument": InstrumentSpec,
    "strategy": StrategySettings,
}


def load(path: Path | None) -> BacktestSettings:
    """Read a TOML file; without one, the defaults.

    Raises
    ------
    ConfigError
        If the file cannot be read, or has an unknown key or a value of the wrong kind.

    """
    if path is None:
        return BacktestSettings()
    parts: dict[str, Any] = {}
    for name, table in read_tables(path).items():
        if name in LIVE_TABLES:
            continue
        if name not in _TABLES:
            msg = f"{path}: unknown table [{name}]{did_you_mean(name, _TABLES)}"
            raise ConfigError(msg)
        if not isinstance(table, dict):
            msg = f"{path}: expected a table [{name}], found {table!r}"
            raise ConfigError(msg)
        values = _strategy_table(table) if name == "strategy" else _with_texts(table)
        parts[name] = from_table(_TABLES[name], values, f"{path}: [{name}]")
    return BacktestSettings(**parts)


def override(settings: BacktestSettings, **given: Any) -> BacktestSettings:
    """Return the settings with values of the command line.

    Parameters
    ----------
    settings : BacktestSettings
        Those of the file.
    **given
        ``strategy`` (its path) and fields of RunSettings; None leaves one as it is.

    Raises
    ------
    ConfigError
        If the values contradict each other.

    """
    path = given.pop("strategy", None)
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        run = dataclasses.replace(settings.backtest, **chosen)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    strategy = settings.strategy
    if path is not None:
        strategy = dataclasses.replace(strategy, path=path)
    return dataclasses.replace(settings, backtest=run, strategy=strategy)


def _strategy_table(table: dict[str, Any]) -> dict[str, Any]:
    """Split ``class`` from the rest, which is the strategy's own configuration."""
    config = dict(table)
    path = {"path": config.pop("class")} if "class" in config else {}
    return {**path, "config": config}


def _with_texts(table: dict[str, Any]) -> dict[str, Any]:
    """Return the table with TOML's dates as the texts that an Instant is read from."""
    return {
        key: value.isoformat() if isinstance(value, date) else value
        for key, value in table.items()
    }
