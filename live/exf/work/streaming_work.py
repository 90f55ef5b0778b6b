"""Streams and polls wired together, from the settings of a service."""

from __future__ import annotations

import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters.exf.publishing.merging.merged_state import MergedState
from adapters.exf.publishing.merging.merging_publisher import MergingPublisher
from adapters.exf.publishing.merging.streaming_service import StreamingService
from adapters.exf.publishing.vector_fan_out import VectorFanOut
from adapters.streams.hosting.stream_host import StreamHost
from adapters.streams.hosting.venue_link import links_of
from adapters.streams.joining.log_lines import LogLines
from dolphin_strategies.computed.factor_set import ComputedFactors
from live.exf.work.polling_work import polling_service

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from adapters.computing.recording.market_tap import MarketTap
    from adapters.exf.polling.http_client import Fetcher
    from adapters.exf.publishing.publishers import VectorPublisher
    from adapters.exf.registry.factor_registry import FactorRegistry
    from adapters.streams.hosting.venue_link import VenueLink
    from live.exf.exf_settings import ExfSettings

log: Final = logging.getLogger("exf")


def merged_state(registry: FactorRegistry) -> MergedState:
    """Return the state of a registry's streamed and polled factors, before any value."""
    return MergedState(registry.factors, [found.spec.name for found in registry.computed])


def stream_links(
    settings: ExfSettings, registry: FactorRegistry, factors: ComputedFactors
) -> tuple[VenueLink, ...]:
    """Return the venues that stream the inputs of a registry's factors.

    Raises
    ------
    ConfigError
        If no data client streams a venue.

    """
    venue_names = {
        instrument: venue
        for found in registry.computed
        for instrument, venue in zip(found.spec.instruments, found.venues, strict=True)
    }
    base_url = settings.exf.base_url
    urls = dict.fromkeys(venue_names.values(), base_url) if base_url else {}
    urls |= {name: own.base_url for name, own in settings.venues.items() if own.base_url}
    return links_of(factors.inputs, venue_names, urls)


def make_streaming_work(  # noqa: PLR0913, PLR0917 - what it needs, one by one
    settings: ExfSettings,
    registry: FactorRegistry,
    fetcher: Fetcher,
    publishers: Sequence[VectorPublisher],
    log_folder: Path,
    tap: MarketTap | None = None,
) -> StreamingService:
    """Return a service that polls and streams; nothing connects yet.

    Nautilus's log passes through a private folder in /dev/shm. A tap keeps the market data of the
    streams.
    """
    state = merged_state(registry)
    fan_out = VectorFanOut(publishers)
    publisher = MergingPublisher(state, fan_out)
    factors = ComputedFactors(found.spec for found in registry.computed)
    links = stream_links(settings, registry, factors)
    log.info(
        "%d factors, %d of them streamed from %s, and %d polled sources into %s, pid %d",
        len(state.names), len(factors.schema), ", ".join(link.name for link in links) or "nowhere",
        len(registry.sources), settings.exf.region, os.getpid(),
    )  # fmt: skip
    min_interval_s = settings.exf.min_interval_s
    host = StreamHost(
        links, factors, publisher.take_record,
        min_interval_s=min_interval_s, open_log=partial(LogLines, log_folder), tap=tap,
    )  # fmt: skip
    polling = polling_service(settings, registry, fetcher, [publisher])
    return StreamingService(polling, host, state, publisher, fan_out)
