"""BacktestSettings: what a backtest is configured with, read from TOML and checked."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from adapters.command.settings_file import from_table, read_tables
from backtests.importing.spec.import_spec import InstrumentSpec
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

NS_PER_S: Final = 1_000_000_000
LIVE_TABLES: Final = ("node", "sandbox", "demo", "replay")
"""Tables of a live node's file, which may stand beside these: one file serves both."""


class Instant(int):
    """UNIX nanoseconds, written as a date, a date with time (UTC unless it says) or a number."""

    __slots__ = ()

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Read an instant.

        Raises
        ------
        ValueError
            If the text is none.

        """
        if text.isdecimal():
            return cls(text)
        whole, point, fraction = text.partition(".")
        digits = fraction[: len(fraction) - len(fraction.lstrip("0123456789"))]
        moment = None
        with suppress(ValueError):
            moment = datetime.fromisoformat(whole + fraction[len(digits) :])
        if moment is None or (point and not 0 < len(digits) <= 9):
            msg = (
                f"expected an instant such as 2024-08-08T23:54:14.5Z, a date, or UNIX "
                f"nanoseconds; found {text!r}"
            )
            raise ValueError(msg)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return cls(int(moment.timestamp()) * NS_PER_S + int(digits.ljust(9, "0") or 0))


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
class VenueSettings:
    """The ``[venue]`` table: the account, and how orders are filled.

    Attributes
    ----------
    account : "margin" or "cash"
        Its type.
    oms : "netting" or "hedging"
        One position per instrument, or one per entry.
    balances : list of str
        Starting balances, such as ``"100000 USDT"``.
    leverage : Decimal
        Of a margin account.
    maker_fee, taker_fee : Decimal
        Fractions of the notional.
    latency_ms : float
        From the order's sending to its arrival at the venue.
    fill_on : "auto", "quotes", "trades" or "bars"
        What moves the market that orders are matched against. ``auto``: quotes where the catalog
        has them, else trades, else bars.

    """

    account: Literal["margin", "cash"] = "margin"
    oms: Literal["netting", "hedging"] = "netting"
    balances: list[str] = field(default_factory=lambda: ["100000 USDT"])
    leverage: Decimal = Decimal(10)
    maker_fee: Decimal = Decimal("0.0002")
    taker_fee: Decimal = Decimal("0.0005")
    latency_ms: float = 0.0
    fill_on: Literal["auto", "quotes", "trades", "bars"] = "auto"

    def __post_init__(self) -> None:
        if not (self.leverage.is_finite() and self.leverage >= 1):
            msg = f"leverage: expected at least 1, found {self.leverage}"
            raise ValueError(msg)
        for name in ("maker_fee", "taker_fee"):
            fee = getattr(self, name)
            if not (fee.is_finite() and abs(fee) < 1):
                msg = f"{name}: expected a fraction such as 0.0005, found {fee}"
                raise ValueError(msg)
        if not 0 <= self.latency_ms < float("inf"):
            msg = f"latency_ms: expected 0 or more, found {self.latency_ms}"
            raise ValueError(msg)
        if not self.balances:
            msg = 'balances: expected at least one such as "100000 USDT", found none'
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class StrategySettings:
    """The ``[strategy]`` table, as live: ``class`` and the fields of its config."""

    path: str = ""
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BacktestSettings:
    """Everything a backtest is configured with; ``[instrument]`` is as in an import's spec."""

    backtest: RunSettings = field(default_factory=RunSettings)
    venue: VenueSettings = field(default_factory=VenueSettings)
    instrument: InstrumentSpec | None = None
    strategy: StrategySettings = field(default_factory=StrategySettings)


_TABLES: Final[dict[str, type[Any]]] = {
    "backtest": RunSettings,
    "venue": VenueSettings,
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
    """Return the settings with values of the command line; None leaves one as it is.

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
