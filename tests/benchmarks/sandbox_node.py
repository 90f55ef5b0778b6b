"""A sandbox LiveNode with nothing in it, as every benchmark of the node and the bus uses it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import (
    LiveExecutionEngineConfig,
    LiveNode,
    LiveNodeBuilder,
    LiveNodeConfig,
)
from nautilus_trader.model import TraderId

from dolphin_strategies import ExternalFactors, FactorStrategy, FactorStrategyConfig
from tests.benchmarks.workload import REQUIRED


def build(*data_clients: tuple[str, Any, Any], log_level: LogLevel = LogLevel.WARNING) -> LiveNode:
    """Return a node that stops without delay.

    Parameters
    ----------
    *data_clients : tuple of name, factory and config
        Its market data clients.
    log_level : LogLevel
        What it logs to stdout.

    """
    config = LiveNodeConfig(
        environment=Environment.SANDBOX,
        trader_id=TraderId("BENCHMARK-001"),
        delay_post_stop_secs=0.1,
        logging=LoggerConfig(stdout_level=log_level),
        exec_engine=LiveExecutionEngineConfig(reconciliation=False),
    )
    builder = LiveNodeBuilder.from_config("BENCHMARK", config)
    for client in data_clients:
        builder = builder.add_data_client(*client)
    return builder.build()


class GatedStrategy(FactorStrategy[FactorStrategyConfig]):
    """Two required factors and a maximum age; counts what reaches ``on_factors``."""

    required_factors: ClassVar = REQUIRED
    max_age: ClassVar = timedelta(seconds=1.5)

    def __init__(self) -> None:
        super().__init__(FactorStrategyConfig())
        self.received = 0

    def on_factors(self, f: ExternalFactors) -> None:
        self.received += 1
