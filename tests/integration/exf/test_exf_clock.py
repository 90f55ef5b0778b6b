"""The clock as a venue: polled like an exchange, without a network."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from adapters.exchanges import known_venues
from adapters.exchanges.rest_venue import BadBodyError
from adapters.exchanges.venues.clock import CLOCK_URL, calendar
from adapters.exf.polling.http_client import Answer, FetchError
from adapters.exf.reading.calendar_source import calendar_definitions
from adapters.exf.registry.registry_file import load
from adapters.exf.service import ExfService
from dolphin_strategies import calendar_values
from dolphin_strategies.calendar_factors.calendar_table import CALENDAR_FACTORS
from tests.support.eventually import eventually_async
from tests.support.exchange.exf import MemoryPublisher


class NoNetwork:
    """A fetcher without one."""

    deadline_s = 0.4

    async def fetch(self, *_: Any) -> Answer:
        """Refuse."""
        raise FetchError("refused", "no network")


def test_the_service_publishes_the_calendar_without_a_network() -> None:
    """Every factor that is known now, with the value of an instant between request and record."""
    registry = load(known_venues(), (), calendar_definitions()).only_venues(["clock"])
    publisher = MemoryPublisher()
    fetcher: Any = NoNetwork()
    hosts = {"clock": (CLOCK_URL, None)}
    service = ExfService(registry, fetcher, [publisher], hosts=hosts)
    started_ns = time.time_ns()

    async def run() -> None:
        task = asyncio.create_task(service.run())
        await eventually_async(lambda: service.report()["factors"]["alive"] > 0, "a value")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    published, now = publisher.latest, calendar_values(time.time_ns())
    known = {name for name, value in now.items() if value == value}  # noqa: PLR0124 - NaN
    assert {name for name, value in published.items() if value == value} == known  # noqa: PLR0124
    past, then = calendar_values(started_ns), published["minutes_to_quarterly_expiry"]
    assert past["minutes_to_quarterly_expiry"] >= then >= now["minutes_to_quarterly_expiry"]
    assert service.ever_answered


def test_packaged_factors_and_the_calendar_have_no_name_in_common() -> None:
    """With both, each has its own; without, the packaged ones are as they were."""
    alone = set(load(known_venues()).schema.names)
    both = set(load(known_venues(), (), calendar_definitions()).schema.names)
    assert both - alone == set(CALENDAR_FACTORS)


@pytest.mark.parametrize("body", [{}, {"now_ns": "1"}, [], {"now_ns": None}])
def test_what_is_no_instant_is_refused(body: Any) -> None:
    """As a wrong answer of an exchange is."""
    with pytest.raises(BadBodyError):
        calendar(body, "")
