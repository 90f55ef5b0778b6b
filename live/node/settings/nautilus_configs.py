"""Nautilus's own configurations: of a node, and of the account that it trades at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from nautilus_trader.adapters.binance import (
    BinanceExecutionClientConfig,
    BinanceExecutionClientFactory,
    BinanceProductType,
)
from nautilus_trader.adapters.sandbox import SandboxExecutionClientConfig
from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.live import (
    LiveExecutionEngineConfig,
    LiveNodeConfig,
    LiveRiskEngineConfig,
)
from nautilus_trader.model import AccountId, AccountType, Money, OmsType, TraderId, Venue
from nautilus_trader.persistence import DataCatalogConfig

from adapters.command.terminal import takes_colour
from adapters.market.btcusdt_instruments import USDT
from live.node.settings.computed_settings import TRADING_VENUE
from live.node.settings.node_settings import VENUE
from live.node.settings.settings_check import binance_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.streams.joining.log_lines import LogLines
    from live.node.settings.node_settings import NodeTable, SandboxSettings
    from live.node.settings.risk_settings import RiskSettings

TRADER: Final = "DOLPHIN-001"
CONNECTION_TIMEOUT_S: Final = 10.0
POST_STOP_S: Final = 0.5
OPEN_CHECK_S: Final = 10.0
POSITION_CHECK_S: Final = 10.0
"""How often the exchange is asked for the open orders and positions of a real account: what its
stream of events has lost is noticed so."""
ENGINE_RATE: Final = 100
"""Orders a second that Nautilus's risk engine lets through by default."""


def node_config(node: NodeTable, *, log: LogLines | None, risk: RiskSettings) -> LiveNodeConfig:
    """Return Nautilus's node config: an exception anywhere stops the node.

    Of a real account only what is of the node's instruments is read back. If its log is read,
    whoever reads it stops the node; Nautilus would at any component's error.
    """
    is_live = node.orders == "live"
    stdout_level = LogLevel.from_str(node.log_level.upper())
    is_colored = takes_colour()
    return LiveNodeConfig(
        environment=Environment.LIVE if is_live else Environment.SANDBOX,
        trader_id=TraderId(TRADER),
        shutdown_on_error=log is None,
        timeout_connection_secs=CONNECTION_TIMEOUT_S,
        delay_post_stop_secs=POST_STOP_S,
        logging=LoggerConfig(stdout_level=stdout_level, is_colored=is_colored)
        if log is None
        else log.config(stdout_level, is_colored=is_colored),
        exec_engine=LiveExecutionEngineConfig(
            reconciliation=is_live,
            open_check_interval_secs=OPEN_CHECK_S if is_live else None,
            open_check_missing_retries=1 if is_live else None,
            position_check_interval_secs=POSITION_CHECK_S if is_live else None,
            reconciliation_instrument_ids=[*map(str, risk.instruments)] if is_live else None,
        ),
        risk_engine=LiveRiskEngineConfig(max_order_submit_rate=engine_rate(risk.max_orders_per_s)),
        catalogs=None if node.catalog is None else [DataCatalogConfig(str(node.catalog))],
    )


def engine_rate(max_orders_per_s: int | None) -> str:
    """Return the rate of Nautilus's risk engine, which denies exits too: twice that of entries."""
    return f"{max(ENGINE_RATE, 2 * (max_orders_per_s or 0))}/00:00:01"


def sandbox_config(sandbox: SandboxSettings, venue: str = VENUE) -> SandboxExecutionClientConfig:
    """Return the paper account: margin, netting, filled by the book and not by trades."""
    return SandboxExecutionClientConfig(
        venue=Venue(venue),
        starting_balances=[Money(float(sandbox.balance_usdt), USDT)],
        account_type=AccountType.MARGIN,
        oms_type=OmsType.NETTING,
        default_leverage=sandbox.leverage,
        fee_model=MakerTakerFeeModel(sandbox.maker_fee, sandbox.taker_fee),
        bar_execution=False,
        trade_execution=False,
    )


class ExecutionClient(NamedTuple):
    """What a node needs to send orders."""

    factory: BinanceExecutionClientFactory
    config: BinanceExecutionClientConfig


def execution_client(environment: Mapping[str, str], base_url: str = "") -> ExecutionClient:
    """Return the client of the real account; its keys come from the environment only.

    Parameters
    ----------
    environment : mapping of str to str
        Has the keys.
    base_url : str
        ``http://HOST:PORT`` of a server in the exchange's place, which gets the orders too; empty:
        the exchange itself.

    Raises
    ------
    ConfigError
        If a key is missing.

    """
    key, secret = binance_keys(environment)
    http_url = base_url.rstrip("/") or None
    ws_url = None if http_url is None else f"ws{http_url.removeprefix('http')}"
    config = BinanceExecutionClientConfig(
        account_id=AccountId(f"{VENUE}-001"),
        product_type=BinanceProductType.USD_M,
        api_key=key,
        api_secret=secret,
        base_url_http=http_url,
        base_url_ws=ws_url and f"{ws_url}/ws/{TRADING_VENUE.name}",
        base_url_ws_trading=ws_url and f"{ws_url}/ws-fapi/v1",
    )
    return ExecutionClient(BinanceExecutionClientFactory(), config)
