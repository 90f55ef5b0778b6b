"""Rate limits and bans of an exchange, against a real server that has them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import pytest

from tests.integration.exf.one_source import BYSTANDER, PATH, VICTIM, asked
from tests.support.eventually import eventually_async
from tests.support.exchange.exf import running_service

if TYPE_CHECKING:
    from adapters.exf.registry.factor_registry import FactorRegistry
    from tests.support.exchange.exf import RunningService
    from tests.support.exchange.local_exchange import LocalExchange

PAUSE_S: Final = 3


def under_way(running: RunningService) -> int:
    """Return how many requests to the host have no outcome yet."""
    sources = running.service.report()["sources"]
    return sum(
        s["polls"] - s["answers"] - sum(s["errors"].values())
        for s in sources
        if s["source"].startswith("binance_usdm/")
    )


def skipped(running: RunningService) -> int:
    """Return how many polls the rate limit has prevented."""
    sources = running.service.report()["sources"]
    return sum(s["skipped"].get("rate_limit", 0) for s in sources)


@pytest.mark.parametrize("mode", ["429", "418"])
def test_retry_after_is_honoured_by_every_source_of_the_host(
    exchange: LocalExchange, registry: FactorRegistry, mode: str
) -> None:
    """Fault G01: one refusal pauses the whole host for as long as it asks; other hosts go on."""

    async def scenario() -> None:
        exchange.control(faults={})
        async with running_service(registry, exchange.url) as running:
            await running.until_alive(*VICTIM, BYSTANDER)
            exchange.control(faults={PATH: {"mode": mode, "value": PAUSE_S}})
            await eventually_async(
                lambda: running.host("binance_usdm")["rate_limited"], "a refusal"
            )
            exchange.control(faults={})
            await eventually_async(lambda: not under_way(running), "what was under way")
            paused_s = time.monotonic()
            assert running.host("binance_usdm")["pause_left_s"] <= PAUSE_S
            await eventually_async(lambda: asked(exchange, paused_s), "the end of the pause")
            again_s = min(asked(exchange, paused_s))
            # The refusals are the last that was asked for before.
            refused_s = max(at_s for at_s in asked(exchange, 0, PATH) if at_s < again_s)
            assert again_s - refused_s >= PAUSE_S
            others = asked(exchange, paused_s, "/api/v3")
            assert sum(at_s < again_s for at_s in others) >= 2
            await running.until_alive(*VICTIM)

    asyncio.run(scenario())


def test_without_retry_after_the_pauses_grow(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """Fault G01: a host that goes on refusing is asked less and less."""

    async def scenario() -> None:
        exchange.control(faults={"/fapi": {"mode": "429"}})
        begun_s = time.monotonic()
        async with running_service(registry, exchange.url) as running:
            await asyncio.sleep(4.5)
            at_s = asked(exchange, begun_s)
            await eventually_async(
                lambda: running.host("binance_usdm")["pause_left_s"] > 0, "the next pause"
            )
        sources = sum(s.venue == "binance_usdm" for s in registry.sources)
        # A first round, then one after about 1, 2 and 4 s more.
        assert len(at_s) <= 4 * sources
        exchange.control(faults={})

    asyncio.run(scenario())


def test_a_ban_that_does_not_say_how_long_is_two_minutes(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """Fault G01: 418 without Retry-After."""

    async def scenario() -> None:
        exchange.control(faults={PATH: {"mode": "418"}})
        async with running_service(registry, exchange.url) as running:
            await eventually_async(
                lambda: running.host("binance_usdm")["rate_limited"], "a refusal"
            )
            assert 100 < running.host("binance_usdm")["pause_left_s"] <= 120
        exchange.control(faults={})

    asyncio.run(scenario())


def test_the_rate_limit_is_never_exceeded(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """Fault G01: a host with a tenth of the limit that polls need gets a tenth of them."""

    async def scenario() -> None:
        exchange.control(faults={})
        fast = registry.only_venues(["binance_spot"]).with_period(0.1)
        begun_s = time.monotonic()
        async with running_service(fast, exchange.url, limits={"binance_spot": 300.0}) as running:
            await eventually_async(lambda: skipped(running) > 50, "skipped polls")
        took_s = time.monotonic() - begun_s
        weights = {"/ticker/bookTicker": 2, "/depth": 5, "/ticker/24hr": 2}
        used = sum(w * len(asked(exchange, begun_s, f"/api/v3{p}")) for p, w in weights.items())
        # 80 % of 5 a second, and a burst of 10 s.
        assert used <= 4 * (took_s + 10) + 5

    asyncio.run(scenario())
