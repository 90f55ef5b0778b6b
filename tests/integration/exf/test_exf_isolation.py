"""What fails alone: a host, a venue's parser, a task or a publisher; the rest goes on."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from adapters.exf.polling.poller import RequestPoller
from tests.integration.exf.one_source import BYSTANDER, TOUCH, VICTIM, asked
from tests.support.eventually import eventually_async
from tests.support.exchange.exf import running_service
from tests.support.exchange.registries import packaged

if TYPE_CHECKING:
    from adapters.exf.registry.factor_registry import FactorRegistry
    from tests.support.exchange.local_exchange import LocalExchange


def test_two_hanging_hosts_delay_nobody(exchange: LocalExchange) -> None:
    """The other venues' polls stay on their grid and their factors alive."""
    registry = packaged()

    async def scenario() -> None:
        exchange.control(faults={"/fapi": {"mode": "hang"}, "/v5/": {"mode": "hang"}})
        begun_s = time.monotonic()
        async with running_service(registry, exchange.url) as running:
            await running.until_alive("mid_btc_okx", "mid_btc_coinbase", BYSTANDER)
            await asyncio.sleep(4)
            for key in ("okx/ticker/BTC-USDT-SWAP", "coinbase/ticker/BTC-USD"):
                source = running.source(key)
                assert not source["errors"]
                assert not source["skipped"]
            assert running.value("mid_btc_perp_venues") == 3
        polls = asked(exchange, begun_s, "/api/v5/market/ticker")
        gaps = [b - a for a, b in pairwise(polls)]
        assert len(gaps) >= 6
        # In the median; the benchmark measures the rest.
        assert sorted(gaps)[len(gaps) // 2] == pytest.approx(0.5, abs=0.02)
        exchange.control(faults={})

    asyncio.run(scenario())


def test_a_name_that_cannot_be_looked_up_delays_nobody(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """A dead name server: that venue's sources fail, the others' polls go on."""

    async def scenario() -> None:
        exchange.control(faults={})
        urls = {"binance_usdm": "http://exchange.invalid"}
        async with running_service(registry, exchange.url, urls=urls) as running:
            await running.until_alive(BYSTANDER)
            await eventually_async(lambda: running.source(TOUCH)["failures_in_a_row"], "a failure")
            assert set(running.source(TOUCH)["errors"]) <= {"dns", "timeout"}
            await asyncio.sleep(2)
            assert not running.source("binance_spot/book_ticker/BTCUSDT")["errors"]

    asyncio.run(scenario())


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
    """Whatever it was: it is counted, and the source's values come back."""
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
            await asyncio.sleep(2.2)
            at_ns = [at for at, _ in running.memory.records][-4:]
            assert all(b - a < 0.6e9 for a, b in pairwise(at_ns))
            exchange.control(price=61_000.0)
            await eventually_async(
                lambda: running.value("mid_btc_binance") == 61_000.0, "the new price"
            )
            exchange.control(price=60_000.0)
            assert running.memory.beats > 10

    asyncio.run(scenario())
