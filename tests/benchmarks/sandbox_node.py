"""A sandbox LiveNode with nothing in it, as every benchmark of the node and the bus uses it."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

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


def build() -> LiveNode:
    """Return a node that logs warnings only and stops without delay."""
    config = LiveNodeConfig(
        environment=Environment.SANDBOX,
        trader_id=TraderId("BENCHMARK-001"),
        delay_post_stop_secs=0.1,
        logging=LoggerConfig(stdout_level=LogLevel.WARNING),
        exec_engine=LiveExecutionEngineConfig(reconciliation=False),
    )
    return LiveNodeBuilder.from_config("BENCHMARK", config).build()


class GatedStrategy(FactorStrategy[FactorStrategyConfig]):
    """Two required factors and a maximum age; counts what reaches ``on_factors``."""

    required_factors: ClassVar = REQUIRED
    max_age: ClassVar = timedelta(seconds=1.5)

    def __init__(self) -> None:
        super().__init__(FactorStrategyConfig())
        self.received = 0

    def on_factors(self, f: ExternalFactors) -> None:
        self.received += 1
