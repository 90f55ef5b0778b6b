"""The work of a service, from its settings: a replay, polls, or polls and streams."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final, Protocol

from adapters.catalog import FactorCatalog
from adapters.exf.polling.http_client import Fetcher
from adapters.exf.replay_service import ReplayService
from adapters.process.run_folder import RunFolder
from dolphin_strategies.factors.schema import FactorSchema
from live.exf.exf_settings import registry_of
from live.exf.work.polling_work import polling_service

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AsyncExitStack

    from adapters.computing.recording.market_tap import MarketTap
    from adapters.exf.publishing.publishers import VectorPublisher
    from live.exf.exf_settings import ExfSettings

log: Final = logging.getLogger("exf")


class Work(Protocol):
    """The content of the region: polled, streamed or replayed."""

    @property
    def ever_answered(self) -> bool:
        """Whether there was anything to publish."""

    async def run(self) -> None:
        """Publish until cancelled, or to the end."""

    def report(self) -> dict[str, Any]:
        """Return the counters for ``status``."""


def schema_of(settings: ExfSettings) -> FactorSchema:
    """Return the names of the region that a service with these settings writes.

    Raises
    ------
    ConfigError
        If a factor file or the catalog is wrong.

    """
    if settings.exf.replay is not None:
        return FactorCatalog(settings.exf.replay).schema()
    registry = registry_of(settings)
    if not settings.exf.streams:
        return registry.without_streams().schema
    from live.exf.work.streaming_work import merged_state  # noqa: PLC0415 - loads Nautilus

    return FactorSchema(merged_state(registry).names)


async def make_work(
    settings: ExfSettings,
    stack: AsyncExitStack,
    publishers: Sequence[VectorPublisher],
    tap: MarketTap | None = None,
) -> Work:
    """Return the work, not yet begun.

    Parameters
    ----------
    settings : ExfSettings
        Checked settings.
    stack : AsyncExitStack
        Closes what the work needs.
    publishers : sequence of VectorPublisher
        The publishers; the caller closes them.
    tap : MarketTap, optional
        Keeps the market data of the streams.

    """
    exf = settings.exf
    if exf.replay is not None:
        catalog = FactorCatalog(exf.replay)
        log.info("replaying %s into %s, pid %d", exf.replay, exf.region, os.getpid())
        return ReplayService(catalog.batches(), catalog.schema(), publishers, exf.speed)
    registry = registry_of(settings)
    fetcher = await stack.enter_async_context(
        Fetcher(deadline_s=exf.deadline_s, largest_body=exf.largest_body)
    )
    if exf.streams:
        from live.exf.work.streaming_work import make_streaming_work  # noqa: PLC0415 - loads Nautilus

        folder = stack.enter_context(RunFolder()).path
        return make_streaming_work(settings, registry, fetcher, publishers, folder, tap)
    registry = registry.without_streams()
    log.info(
        "%d factors from %d sources into %s, pid %d",
        len(registry.schema), len(registry.sources), exf.region, os.getpid(),
    )  # fmt: skip
    return polling_service(settings, registry, fetcher, publishers)
