"""The one place that builds a BacktestEngine: its venues, instruments and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel, StaticLatencyModel
from nautilus_trader.model import AccountType, Money, OmsType, TraderId
from nautilus_trader.persistence import DataCatalogConfig

from adapters.command.terminal import takes_colour
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from backtests.engine.backtest_venue import BacktestVenue

_NS_PER_MS: Final = 1_000_000


def build_engine(  # noqa: PLR0913 - the parts of a backtest by name
    *,
    venue: BacktestVenue,
    instruments: Sequence[Any],
    fill_on: str,
    catalog: Path | None = None,
    log_level: str | None = "ERROR",
    stops_on_error: bool = True,
) -> BacktestEngine:
    """Build an engine; it has no strategy and no data yet.

    Parameters
    ----------
    venue : BacktestVenue
        The account of every venue, and how orders are filled.
    instruments : sequence of Nautilus's instruments
        The tradable instruments.
    fill_on : "quotes", "trades" or "bars"
        The kind of data that moves the market against which orders are matched.
    catalog : Path, optional
        The catalog that answers the strategy's requests for history.
    log_level : str, optional
        Nautilus's log level on the terminal; None: nothing is logged.
    stops_on_error : bool
        Whether the engine stops at an error that Nautilus logs.

    Raises
    ------
    ConfigError
        If a balance cannot be read.

    """
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("DOLPHIN-001"),
            shutdown_on_error=stops_on_error,
            logging=LoggerConfig(bypass_logging=True)
            if log_level is None
            else LoggerConfig(
                stdout_level=LogLevel.from_str(log_level.upper()), is_colored=takes_colour()
            ),
            catalogs=[] if catalog is None else [DataCatalogConfig(str(catalog), read_only=True)],
        )
    )
    for name in dict.fromkeys(i.id.venue for i in instruments):
        engine.add_venue(
            name,
            OmsType.NETTING if venue.oms == "netting" else OmsType.HEDGING,
            AccountType.MARGIN if venue.account == "margin" else AccountType.CASH,
            [_money(balance) for balance in venue.balances],
            default_leverage=venue.leverage if venue.account == "margin" else None,
            fee_model=MakerTakerFeeModel(venue.maker_fee, venue.taker_fee),
            latency_model=_latency(venue.latency_ms),
            bar_execution=fill_on == "bars",
            trade_execution=fill_on == "trades",
        )
    for instrument in instruments:
        engine.add_instrument(instrument)
    return engine


def _latency(latency_ms: float) -> StaticLatencyModel | None:
    if not latency_ms:
        return None
    return StaticLatencyModel(base_latency_nanos=round(latency_ms * _NS_PER_MS))


def _money(text: str) -> Money:
    try:
        return Money.from_str(text)
    except ValueError as error:
        msg = f'balances: expected an amount such as "100000 USDT", found {text!r}: {error}'
        raise ConfigError(msg) from None
