"""A node that trades at an account on this machine, through Nautilus's own Binance client."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from nautilus_trader.live import LiveNodeBuilder
from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig
from live.node.settings.computed_settings import TRADING_VENUE
from live.node.settings.nautilus_configs import execution_client, node_config
from live.node.settings.node_settings import VENUE, NodeTable
from live.node.settings.risk_settings import RiskSettings
from tests.support.orders.real_orders import KEYS

if TYPE_CHECKING:
    from dolphin_strategies import ExternalFactors

PERP = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


def tell(text: str) -> None:
    """Print a line in one piece: Nautilus's log has a thread of its own."""
    os.write(1, f"\n{text}\n".encode())


class RestsAnOrder(FactorStrategy[FactorStrategyConfig]):
    """Print what is open when it starts, and then rest an order far away."""

    def on_start(self) -> None:
        super().on_start()
        positions = [f"{p.side.name} {p.quantity}" for p in self.cache.positions_open()]
        orders = [str(o.client_order_id) for o in self.cache.orders_open()]
        tell(f"STARTS WITH {positions} {orders}")
        instrument = self.cache.instrument(PERP)
        assert instrument is not None
        size, price = instrument.make_qty(0.01), instrument.make_price(30_000.0)
        order = self.order_factory.limit(PERP, OrderSide.BUY, size, price)
        self.submit_order(order)

    def on_factors(self, f: ExternalFactors) -> None:
        """Do nothing."""

    def on_order_accepted(self, event: object) -> None:
        """Tell the order's name."""
        tell(f"RESTING {event.client_order_id}")  # type: ignore[attr-defined]


def run(url: str) -> None:
    """Run with the settings of ``run_node.py`` for real orders, until killed."""

    async def main() -> None:
        config = node_config(
            NodeTable(venue="binance", orders="live"),
            log=None,
            risk=RiskSettings(instruments=[PERP]),
        )
        assert config.exec_engine.reconciliation
        builder = LiveNodeBuilder.from_config("Account", config)
        builder = builder.add_data_client(*TRADING_VENUE.data_client(url))
        node = builder.add_exec_client(VENUE, *execution_client(KEYS, url)).build()
        node.add_strategy(RestsAnOrder(FactorStrategyConfig()))
        try:
            await node.run_async()
        except RuntimeError as error:
            tell(f"ENDED {error}")

    asyncio.run(main())
