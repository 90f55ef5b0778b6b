"""The polls of a service, from its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.exf.service import ExfService
from live.exf.exf_settings import hosts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.exf.polling.http_client import Fetcher
    from adapters.exf.publishing.publishers import Publisher
    from adapters.exf.registry.factor_registry import FactorRegistry
    from live.exf.exf_settings import ExfSettings


def polling_service(
    settings: ExfSettings,
    registry: FactorRegistry,
    fetcher: Fetcher,
    publishers: Sequence[Publisher],
) -> ExfService:
    """Return the polls of a registry."""
    used = {source.venue for source in registry.sources}
    return ExfService(
        registry,
        fetcher,
        publishers,
        hosts={n: host for n, host in hosts_of(settings).items() if n in used},
        period_s=settings.exf.period_s,
        trusts_exchange_time=settings.exf.age_from == "exchange",
        definition_period_s=settings.exf.definition_period_s,
        publishes_all=settings.exf.streams,
    )
