"""The wiring of a live node: market data client, execution client, feed, strategy."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from nautilus_trader.adapters.sandbox import (
    SandboxExecutionClientConfig,
    SandboxExecutionClientFactory,
)
from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.live import LiveExecutionEngineConfig, LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import AccountType, Money, OmsType, TraderId, Venue
from nautilus_trader.persistence import DataCatalogConfig

from adapters.command.terminal import say
from adapters.computing.computed_source import ComputedSource
from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.feed.synthetic_quote_maker import QuoteMaker
from adapters.hazelcast_map import HazelcastSettings, HazelcastSource
from adapters.market.btcusdt_instruments import USDT, btcusdt_synthetic
from adapters.market.synthetic_data_client import (
    SyntheticMarketClientConfig,
    SyntheticMarketClientFactory,
    SyntheticQuoter,
)
from adapters.process.safe_files import open_file, open_or_make
from adapters.session.envelope.watch_of_settings import watch_of
from adapters.shm.source import ShmSource
from dolphin_strategies.order_gates.price_gate import PriceGate
from dolphin_strategies.order_gates.price_rules import PriceRules
from live.node.settings.computed_settings import TRADING_VENUE
from live.node.settings.node_settings import VENUE
from live.node.settings.real_account import execution_client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nautilus_trader.live import DataClientConfig, LiveNode
    from nautilus_trader.live.clients import DataClientFactory

    from adapters.command.strategy_class import AnyFactorStrategy
    from adapters.session.envelope.envelope_watch import EnvelopeWatch
    from adapters.streams.joining.log_lines import LogLines
    from adapters.streams.joining.node_venues import NodeVenues
    from dolphin_strategies import FactorSource
    from dolphin_strategies.history.history_windows import StoredSpan
    from live.node.settings.computed_settings import RunFactors
    from live.node.settings.node_settings import NodeSettings, NodeTable, SandboxSettings

TRADER: Final = "DOLPHIN-001"
CONNECTION_TIMEOUT_S: Final = 10.0
POST_STOP_S: Final = 0.5
OPEN_CHECK_S: Final = 5.0
POSITION_CHECK_S: Final = 10.0
"""How often the exchange is asked for the open orders and positions of a real account: what its
stream of events has lost is noticed so."""


def build_node(  # noqa: PLR0913, PLR0917 - the parts of a node
    settings: NodeSettings,
    market: tuple[DataClientFactory, DataClientConfig] | None,
    feed: FactorFeed,
    strategy: AnyFactorStrategy,
    venues: NodeVenues,
    gate: PriceGate | None,
    watch: EnvelopeWatch | None,
) -> LiveNode:
    """Build the node of a run; nothing connects yet.

    Parameters
    ----------
    settings : NodeSettings
        Checked settings.
    market : tuple of factory and config, optional
        The market data client; None for Nautilus's own Binance client.
    feed : FactorFeed
        The feed of the factors.
    strategy : FactorStrategy
        The strategy that trades on them.
    venues : NodeVenues
        What the node computes itself, and the venues that get a data client for it.
    gate : PriceGate, optional
        The gate of the strategy's orders.
    watch : EnvelopeWatch, optional
        The watch over the strategy's results.

    Returns
    -------
    LiveNode

    Raises
    ------
    ConfigError
        If real orders are requested and a key is not in the environment, or the catalog is
        invalid.

    """
    if strategy.factor_history is not None:
        strategy.stored_history = history_of(settings.node.catalog)
    venues.name_clients(strategy, TRADING_VENUE)
    is_live = settings.node.orders == "live"
    config = node_config(settings.node, is_live=is_live, log=venues.log)
    builder = LiveNodeBuilder.from_config("Dolphin", config)
    for link in venues.links:
        if link.venue is not TRADING_VENUE:
            builder = builder.add_data_client(*link.data_client())
    if market is None:
        url = settings.node.base_url or None
        builder = builder.add_data_client(*TRADING_VENUE.data_client(url))
    else:
        builder = builder.add_data_client(VENUE, *market)
    if is_live:
        builder = builder.add_exec_client(
            VENUE, *execution_client(os.environ, settings.node.base_url)
        )
    else:
        builder = builder.add_simulated_exec_client(
            VENUE, SandboxExecutionClientFactory(), sandbox_config(settings.sandbox)
        )
    synthetic = settings.synthetic_quotes
    instrument = btcusdt_synthetic(synthetic.instrument)
    factory = SyntheticMarketClientFactory(instrument)
    if synthetic.enabled:
        venue = str(instrument.id.venue)
        builder = builder.add_data_client(venue, factory, SyntheticMarketClientConfig())
        builder = builder.add_simulated_exec_client(
            venue, SandboxExecutionClientFactory(), sandbox_config(settings.sandbox, venue)
        )
    node = builder.build()
    if factory.client is not None:
        maker = QuoteMaker(instrument)
        node.add_actor(SyntheticQuoter(maker, synthetic.price_from, factory.client.quote))
    node.add_actor(feed)
    if isinstance(feed.source, ComputedSource):
        node.add_actor(venues.actor(feed.source.take))
    if gate is not None:
        node.add_exec_algorithm(gate.algorithm)
        node.add_actor(gate.watch)
    if watch is not None:
        node.add_actor(watch)
    node.add_strategy(strategy)
    return node


def build_feed(node: NodeTable, computed: RunFactors, region: Path) -> FactorFeed:
    """Return the feed of a run's factors: computed here, from Hazelcast, or from a region."""
    config = FactorFeedConfig(wait=node.wait, delivery=node.delivery)
    source: FactorSource
    if node.compute is not None:
        source = ComputedSource(computed.schema)
    elif node.source:
        source = HazelcastSource(HazelcastSettings.from_url(node.source))
    else:
        source = ShmSource(region)
    return FactorFeed(source, config)


def price_gate(settings: NodeSettings, strategy: AnyFactorStrategy) -> PriceGate | None:
    """Return the gate of a strategy's orders; None if a price may be of any age.

    The paper account fills on quotes. The exchange has prices of its own: there an order needs
    none here, but if there is one, it must be young enough.
    """
    is_live = settings.node.orders == "live"
    rules = PriceRules(
        kinds=("quotes", "trades", "bars") if is_live else ("quotes",),
        clients={VENUE: TRADING_VENUE.client_id},
        needs_price=not is_live,
    )
    found = settings.market.rules(rules)
    return None if found is None else PriceGate(strategy, found)


def gates_of(
    settings: NodeSettings, strategy: AnyFactorStrategy, stop: Callable[[str], object]
) -> tuple[PriceGate | None, EnvelopeWatch | None]:
    """Return the gate of a strategy's orders, and the watch over its results.

    Raises
    ------
    DolphinError
        If the envelope cannot be used, or another process keeps its memory.

    """
    watch = watch_of(
        settings.envelope,
        settings.strategy,
        strategy,
        tell=say,
        stop=stop,
        open_envelope=open_file,
        open_memory=open_or_make,
    )
    return price_gate(settings, strategy), watch


def history_of(catalog: Path | None) -> list[StoredSpan]:
    """Return the spans of a catalog's factors, after recovering killed recordings.

    Raises
    ------
    ConfigError
        If the folder is not a catalog.

    """
    if catalog is None:
        return []
    from adapters.catalog.reading.factor_catalog import FactorCatalog  # noqa: PLC0415 - it needs pyarrow
    from adapters.catalog.reading.stored_spans import stored_spans  # noqa: PLC0415

    found = FactorCatalog(catalog)
    found.recover()
    return stored_spans(found)


def traded_venues(settings: NodeSettings) -> list[str]:
    """Return the venues with an account in a run."""
    synthetic = settings.synthetic_quotes
    return [VENUE, str(synthetic.instrument.venue)] if synthetic.enabled else [VENUE]


def node_config(node: NodeTable, *, is_live: bool, log: LogLines | None) -> LiveNodeConfig:
    """Return Nautilus's node config: an exception anywhere stops the node.

    If its log is read, whoever reads it stops the node; Nautilus would at any component's error.
    """
    stdout_level = LogLevel.from_str(node.log_level.upper())
    is_colored = sys.stdout is not None and sys.stdout.isatty()
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
            position_check_interval_secs=POSITION_CHECK_S if is_live else None,
        ),
        catalogs=None if node.catalog is None else [DataCatalogConfig(str(node.catalog))],
    )


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
