"""The wiring of a live node: market data client, execution client, feed, strategy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nautilus_trader.adapters.sandbox import SandboxExecutionClientFactory
from nautilus_trader.live import LiveNodeBuilder

from adapters.aeron_stream.channel import SCHEME as AERON
from adapters.aeron_stream.channel import AeronChannel
from adapters.computing.computed_source import ComputedSource
from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.feed.synthetic_quote_maker import QuoteMaker
from adapters.market.btcusdt_instruments import btcusdt_synthetic
from adapters.market.synthetic_data_client import (
    SyntheticMarketClientConfig,
    SyntheticMarketClientFactory,
    SyntheticQuoter,
)
from adapters.shm.source import ShmSource
from live.node.building.left_out_imports import left_out
from live.node.settings.computed_settings import TRADING_VENUE
from live.node.settings.nautilus_configs import execution_client, node_config, sandbox_config
from live.node.settings.node_settings import VENUE
from live.node.settings.tail_option import read_tail

if TYPE_CHECKING:
    from pathlib import Path

    from nautilus_trader.live import DataClientConfig, LiveNode
    from nautilus_trader.live.clients import DataClientFactory

    from adapters.command.user_code.strategy_class import AnyFactorStrategy
    from adapters.streams.joining.node_venues import NodeVenues
    from dolphin_strategies import FactorSource
    from dolphin_strategies.history.history_windows import StoredSpan
    from live.node.building.gates import Gates
    from live.node.settings.computed_settings import RunFactors
    from live.node.settings.node_settings import NodeSettings, NodeTable


def build_node(  # noqa: PLR0913, PLR0917 - the parts of a node
    settings: NodeSettings,
    market: tuple[DataClientFactory, DataClientConfig] | None,
    feed: FactorFeed,
    strategy: AnyFactorStrategy,
    venues: NodeVenues,
    gates: Gates,
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
    gates : Gates
        What is between the strategy and its orders, and what watches it.

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
    config = node_config(settings.node, log=venues.log, risk=settings.risk)
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
    with left_out("pandas"):
        node = builder.build()
    if factory.client is not None:
        maker = QuoteMaker(instrument)
        node.add_actor(SyntheticQuoter(maker, synthetic.price_from, factory.client.quote))
    node.add_actor(feed)
    if isinstance(feed.source, ComputedSource):
        node.add_actor(venues.actor(feed.source.take))
    node.add_exec_algorithm(gates.risk.gate.algorithm)
    node.add_actor(gates.risk.watch)
    if gates.prices is not None:
        node.add_actor(gates.prices.watch)
    if gates.envelope is not None:
        node.add_actor(gates.envelope)
    node.add_strategy(strategy)
    if is_live:
        # What the account holds of them at the start is the strategy's, so that it is closed too.
        strategy.set_external_order_instrument_ids(settings.risk.instruments)
    return node


def build_feed(node: NodeTable, computed: RunFactors, region: Path) -> FactorFeed:
    """Return the feed of a run's factors: computed here, streamed, or from a region."""
    # A tail is there for each record of the recording.
    delivery = "every" if node.tail else node.delivery
    config = FactorFeedConfig(wait=node.wait, delivery=delivery)
    source: FactorSource
    if node.compute is not None:
        source = ComputedSource(computed.schema)
    elif node.source.startswith(f"{AERON}:"):
        from adapters.aeron_stream.source import AeronSource  # noqa: PLC0415 - the extra

        source = AeronSource(AeronChannel.from_text(node.source))
    elif node.source:
        from adapters.hazelcast_map import HazelcastSettings, HazelcastSource  # noqa: PLC0415 - the client

        source = HazelcastSource(HazelcastSettings.from_url(node.source))
    elif node.tail:
        source = _tail(node.tail, region)
    else:
        source = ShmSource(region)
    return FactorFeed(source, config)


def _tail(text: str, region: Path) -> FactorSource:
    from adapters.catalog.tailing.tail_source import TailSource  # noqa: PLC0415 - it needs pyarrow

    start = read_tail(text)
    live = ShmSource(region, from_oldest=not start.is_newest)
    return TailSource(start, live, str(region.absolute()))


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
