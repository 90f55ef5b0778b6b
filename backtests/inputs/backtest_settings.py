"""BacktestSettings: what a backtest is configured with, read from TOML and checked."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from adapters.command import settings_file
from adapters.command.field_rules import CheckedFields, Fee, Rule, at_least
from adapters.command.log_level import LogLevelName
from adapters.command.settings_file import from_table, read_tables
from adapters.command.strategy_class import StrategySettings
from backtests.importing.spec.import_spec import InstrumentSpec

if TYPE_CHECKING:
    from pathlib import Path

NS_PER_S: Final = 1_000_000_000
SOME_BALANCE: Final = Rule('at least one such as "100000 USDT"', bool)
LIVE_TABLES: Final = ("node", "sandbox", "demo", "replay", "synthetic_quotes")
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
class RunSettings(CheckedFields):
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
    chunk_rows: Annotated[int, at_least(1)] = 50_000
    log_level: LogLevelName = "ERROR"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start is not None and self.end is not None and self.start >= self.end:
            msg = f"expected start before end, found start {self.start} and end {self.end}"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class VenueSettings(CheckedFields):
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
    balances: Annotated[list[str], SOME_BALANCE] = field(default_factory=lambda: ["100000 USDT"])
    leverage: Annotated[Decimal, at_least(1)] = Decimal(10)
    maker_fee: Fee = Decimal("0.0002")
    taker_fee: Fee = Decimal("0.0005")
    latency_ms: Annotated[float, at_least(0)] = 0.0
    fill_on: Literal["auto", "quotes", "trades", "bars"] = "auto"


@dataclass(frozen=True, kw_only=True)
class BacktestSettings:
    """Everything a backtest is configured with; ``[instrument]`` is as in an import's spec."""

    backtest: RunSettings = field(default_factory=RunSettings)
    venue: VenueSettings = field(default_factory=VenueSettings)
    instrument: InstrumentSpec | None = None
    strategy: StrategySettings = field(default_factory=StrategySettings)


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
    """Return the settings with values of the command line; None leaves one as it is.

    Raises
    ------
    ConfigError
        If the values contradict each other.

    """
    path = given.pop("strategy", None)
    return dataclasses.replace(
        settings,
        backtest=settings_file.override(settings.backtest, **given),
        strategy=settings_file.override(settings.strategy, path=path),
    )
