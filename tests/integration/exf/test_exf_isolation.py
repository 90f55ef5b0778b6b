"""What fails alone: a host, a venue's parser, a task or a publisher; the rest goes on."""

from __future__ import annotations

import asyncio
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from adapters.exf.polling.poller import RequestPoller
from adapters.exf.publishing.fan_out import HEARTBEAT_S
from adapters.exf.service import PERIOD_S
from tests.integration.exf.one_source import BYSTANDER, BYSTANDERS_SOURCE, TOUCH, VICTIM
from tests.support.eventually import eventually_async
from tests.support.exchange.exf import running_service
from tests.support.exchange.registries import packaged
from tests.support.transports.faulty_line import FaultyLine, make_certificate

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from adapters.exf.registry.factor_registry import FactorRegistry
    from tests.support.exchange.local_exchange import LocalExchange

POLLS_MEANWHILE: Final = 8


def test_two_hanging_hosts_delay_nobody(exchange: LocalExchange) -> None:
    """Fault G02: while their requests hang, the other venues are polled, and answer."""
    registry = packaged()
    hanging = (f"{exchange.url}/fapi", f"{exchange.url}/v5/")
    others = ("okx/ticker/BTC-USDT-SWAP", "coinbase/ticker/BTC-USD")

    async def scenario() -> None:
        exchange.control(faults={"/fapi": {"mode": "hang"}, "/v5/": {"mode": "hang"}})
        async with running_service(registry, exchange.url, is_patient=True) as running:
            for key in others:
                await running.until_answered(key, POLLS_MEANWHILE)
                assert not running.source(key)["errors"]
            sources = running.service.report()["sources"]
            hung = [s for s in sources if s["url"].startswith(hanging)]
            assert {s["source"].split("/")[0] for s in hung} == {"binance_usdm", "bybit"}
            assert not any(s["answers"] for s in hung)
            await running.until_alive("mid_btc_okx", "mid_btc_coinbase", BYSTANDER)
            await eventually_async(
                lambda: running.value("mid_btc_perp_venues") == 3, "the three other venues"
            )
        exchange.control(faults={})

    asyncio.run(scenario())


def test_a_name_that_cannot_be_looked_up_delays_nobody(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """Fault G05: a dead name server: that venue's sources fail, the others' polls go on."""

    async def scenario() -> None:
        exchange.control(faults={})
        urls = {"binance_usdm": "http://exchange.invalid"}
        async with running_service(registry, exchange.url, urls=urls, is_patient=True) as running:
            await running.until_alive(BYSTANDER)
            await eventually_async(lambda: running.source(TOUCH)["failures_in_a_row"], "a failure")
            assert set(running.source(TOUCH)["errors"]) <= {"dns", "timeout"}
            await running.until_answered(BYSTANDERS_SOURCE, 4)
            assert not running.source(BYSTANDERS_SOURCE)["errors"]

    asyncio.run(scenario())


def test_a_certificate_that_nobody_signed_gives_no_value(
    exchange: LocalExchange, registry: FactorRegistry, tmp_path: Path
) -> None:
    """Fault G05: it is refused and counted as that; the other host's polls go on."""
    context, _ = make_certificate(tmp_path)

    async def scenario(url: str) -> None:
        exchange.control(faults={})
        urls = {"binance_usdm": url}
        async with running_service(registry, exchange.url, urls=urls, is_patient=True) as running:
            await running.until_alive(BYSTANDER)
            await eventually_async(lambda: running.source(TOUCH)["errors"].get("tls"), "a refusal")
            assert all(math.isnan(running.value(name)) for name in VICTIM)
            assert not running.source(TOUCH)["answers"]
            await running.until_answered(BYSTANDERS_SOURCE, 2)

    with FaultyLine(exchange.port, context) as encrypted:
        asyncio.run(scenario(f"https://{encrypted.address.replace('127.0.0.1', 'localhost')}"))


def test_a_mistake_in_a_venue_file_ends_nothing(
    exchange: LocalExchange, registry: FactorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parser that raises what it should not is counted like any other failure."""

    def broken(body: Any, symbol: str) -> Any:
        raise KeyError(symbol)

    endpoint = registry.venues["binance_usdm"].endpoints["book_ticker"]

    async def scenario() -> None:
        object.__setattr__(endpoint, "parse", broken)
        async with running_service(registry, exchange.url) as running:
            await running.until_alive(BYSTANDER)
            await eventually_async(
                lambda: running.source(TOUCH)["errors"].get("parser", 0) >= 2, "two counts"
            )

    exchange.control(faults={})
    good = endpoint.parse
    try:
        asyncio.run(scenario())
    finally:
        object.__setattr__(endpoint, "parse", good)


def test_a_task_that_ends_by_an_error_begins_again(
    exchange: LocalExchange, registry: FactorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault G07: whatever it was: it is counted, and the source's values come back."""
    poll = RequestPoller.poll
    crashes: list[int] = []

    async def crash_once(self: RequestPoller) -> bool:
        if self.name == TOUCH and not crashes:
            crashes.append(1)
            msg = "planted"
            raise RuntimeError(msg)
        return await poll(self)

    monkeypatch.setattr(RequestPoller, "poll", crash_once)

    async def scenario() -> None:
        exchange.control(faults={})
        async with running_service(registry, exchange.url) as running:
            await running.until_alive(*VICTIM, BYSTANDER)
            assert running.source(TOUCH)["restarts"] == 1

    asyncio.run(scenario())


def test_a_publisher_that_fails_does_not_keep_the_others_from_publishing(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """It is counted and tried again."""

    class Broken:
        name = "broken"

        def publish(self, *arguments: Any) -> None:
            raise OSError(28, "No space left on device")

        def heartbeat(self) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            return

    async def scenario() -> None:
        exchange.control(faults={})
        async with running_service(registry, exchange.url, before=[Broken()]) as running:
            await running.until_alive(*VICTIM)
            errors = running.service.publish_errors
            await eventually_async(lambda: errors["broken"] >= 2, "two counts")
            await eventually_async(lambda: errors["broken heartbeat"] >= 2, "two counts")

    asyncio.run(scenario())


def test_a_change_is_published_at_once_and_nothing_at_least_once_a_period(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """A new price comes within a poll; with no news there is a record each period."""

    async def scenario() -> None:
        exchange.control(faults={}, price=60_000.0)
        async with running_service(registry, exchange.url) as running:
            await running.until_alive(*VICTIM)
            memory, least = running.memory, len(running.memory.records) + 4
            await eventually_async(lambda: len(memory.records) >= least, "four more records")
            beats = [b - a for a, b in pairwise(memory.beats_before[-4:])]
            assert max(beats) <= PERIOD_S / HEARTBEAT_S + 1
            exchange.control(price=61_000.0)
            await eventually_async(
                lambda: running.value("mid_btc_binance") == 61_000.0, "the new price"
            )
            exchange.control(price=60_000.0)
            await eventually_async(lambda: memory.beats > 10, "heartbeats")

    asyncio.run(scenario())
