"""Every answer with which an exchange can fail, against a real server that gives it."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.exf.one_source import (
    BYSTANDER,
    BYSTANDERS_SOURCE,
    PATH,
    TOUCH,
    VICTIM,
)
from tests.support.eventually import eventually_async
from tests.support.exchange.exf import running_service
from tests.support.exchange.registries import lasting, packaged
from tests.support.lengths import long

if TYPE_CHECKING:
    from adapters.exf.registry.factor_registry import FactorRegistry
    from tests.support.exchange.local_exchange import LocalExchange


FAULTS: list[Any] = [
    ("status", 500, "http_5xx"),
    long("status", 502, "http_5xx"),
    long("status", 503, "http_5xx"),
    ("status", 403, "http_4xx"),
    ("hang", None, "timeout"),
    long("slow_body", 2.0, "timeout"),
    ("slow_headers", 2.0, "timeout"),
    ("late", 0.6, "timeout"),
    ("reset", None, "broken"),
    long("html", None, "not_json"),
    ("truncated", None, "not_json"),
    long("bare_nan", None, "not_json"),
    ("deep", None, "not_json"),
    long("invalid_utf8", None, "not_json"),
    long("empty", None, "not_json"),
    ("huge", None, "too_large"),
    long("announced_huge", None, "too_large"),
    ("gzip_bomb", None, "too_large"),
    ("redirect", "http://127.0.0.1:9/elsewhere", "redirect"),
    long("redirect", PATH, "redirect"),
    long("nan_strings", None, "bad_body"),
    long("empty_strings", None, "bad_body"),
    ("nulls", None, "bad_body"),
    long("zeros", None, "bad_body"),
    ("wrong_types", None, "bad_body"),
    ("without", "bidPrice", "bad_body"),
    long("without", "symbol", "bad_body"),
    long("with", {"bidPrice": "-60000"}, "bad_body"),
    ("with", {"bidPrice": "99999", "askPrice": "60000"}, "bad_body"),
    long("with", {"symbol": "ETHUSDT"}, "bad_body"),
    ("body", {"code": -1000, "msg": "An unknown error"}, "bad_body"),
    long("body", [], "bad_body"),
    long("body", None, "bad_body"),
    ("future", 30.0, "bad_body"),
]


@pytest.mark.parametrize(("mode", "value", "kind"), FAULTS, ids=lambda x: str(x)[:24])
def test_a_fault_shows_as_nan_and_a_count_and_ends_with_its_cause(
    exchange: LocalExchange, registry: FactorRegistry, mode: str, value: Any, kind: str
) -> None:
    """Faults B07, G02, G03, G04: the source's factors go, all others stay; they come back."""

    async def scenario() -> None:
        exchange.control(faults={})
        is_patient = kind != "timeout"
        async with running_service(registry, exchange.url, is_patient=is_patient) as running:
            await running.until_alive(*VICTIM, BYSTANDER)
            exchange.control(faults={PATH: {"mode": mode, "value": value}})
            await eventually_async(
                lambda: running.source(TOUCH)["errors"].get(kind, 0) >= 1, f"a count of {kind}"
            )
            await running.until_missing(*VICTIM)
            await running.until_answered(BYSTANDERS_SOURCE, 1)
            await running.until_alive(BYSTANDER)
            source = running.source(TOUCH)
            assert set(source["errors"]) == {kind}, source["last_error"]
            assert (source["factors_alive"], source["factors"]) == (0, 6)
            if kind in {"bad_body", "not_json", "http_5xx", "too_large"} and mode != "empty":
                await eventually_async(
                    lambda: running.source(TOUCH)["last_bad_body"]
                    or mode == "announced_huge", "the last bad body",
                )  # fmt: skip
            exchange.control(faults={})
            await running.until_alive(*VICTIM)
            assert running.source(TOUCH)["restarts"] == 0

    asyncio.run(scenario())


def test_old_stamps_are_stale_however_fresh_the_answer(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """Faults B08 and G03: age counts by the exchange's time: an answer that is an hour old has no
    value.
    """

    async def scenario() -> None:
        exchange.control(faults={PATH: {"mode": "old", "value": 3600}})
        async with running_service(registry, exchange.url) as running:
            await running.until_alive(BYSTANDER)
            await eventually_async(
                lambda: running.source(TOUCH)["refused_values"].get("spread", 0) >= 2, "refusals"
            )
            assert all(math.isnan(running.value(name)) for name in VICTIM)
            assert "s old by the exchange's time" in running.source(TOUCH)["last_refused"]
            exchange.control(faults={})
            await running.until_alive(*VICTIM)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "source", "factor"),
    [
        ("/v5/market/tickers", "bybit/ticker/BTCUSDT", "mark_btc_bybit"),
        ("/api/v2/public/get_order_book", "deribit/order_book/BTC-PERPETUAL", "mark_btc_deribit"),
    ],
)
def test_an_old_answer_with_a_time_of_its_own_is_old(
    exchange: LocalExchange, path: str, source: str, factor: str
) -> None:
    """Fault G03: out of a cache, server time and all: stale, and the clock is not learned anew."""
    venue = source.split("/", maxsplit=1)[0]

    async def scenario() -> None:
        exchange.control(faults={path: {"mode": "old", "value": 3600}})
        registry = packaged().only_venues([venue])
        async with running_service(registry, exchange.url, is_patient=True) as running:
            await eventually_async(
                lambda: running.source(source)["refused_values"].get(factor, 0) >= 8, "refusals"
            )
            assert math.isnan(running.value(factor))
            assert abs(running.host(venue)["skew_ms"]) < 1000
            exchange.control(faults={})
            await running.until_alive(factor)

    asyncio.run(scenario())


def test_age_can_be_counted_from_receipt_instead(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """For recorded answers, whose stamps are of another day."""

    async def scenario() -> None:
        exchange.control(faults={PATH: {"mode": "old", "value": 3600}})
        async with running_service(registry, exchange.url, trusts_exchange_time=False) as running:
            await running.until_alive(*VICTIM)
        exchange.control(faults={})

    asyncio.run(scenario())


@pytest.mark.parametrize("offset_s", [-10, 10])
def test_a_skewed_clock_is_measured_and_does_no_harm(
    exchange: LocalExchange, registry: FactorRegistry, offset_s: int
) -> None:
    """Fault G06: the exchange's clock is 10 s off: its stamps are fresh, and status tells."""

    async def scenario() -> None:
        exchange.control(faults={}, clock_offset_ms=offset_s * 1000)
        async with running_service(registry, exchange.url) as running:
            await running.until_alive(*VICTIM)
            await eventually_async(
                lambda: abs(running.host("binance_usdm")["skew_ms"] - offset_s * 1000) < 700,
                "the skew",
            )
        exchange.control(clock_offset_ms=0)

    asyncio.run(scenario())


def test_reordered_and_added_members_change_nothing(exchange: LocalExchange) -> None:
    """Fault G04: JSON objects have no order, and exchanges add members without a word."""

    async def scenario() -> None:
        exchange.control(faults={"/": {"mode": "shuffled"}})
        registry = lasting(packaged())
        async with running_service(registry, exchange.url, is_patient=True) as running:
            await running.until_alive(*registry.schema.names)
            assert not any(s["errors"] for s in running.service.report()["sources"])
        exchange.control(faults={})

    asyncio.run(scenario())


def test_one_bad_field_takes_one_factor(exchange: LocalExchange, registry: FactorRegistry) -> None:
    """Faults B09 and G04: out of its range: NaN, a count and the body; its neighbours
    in it stay.
    """

    async def scenario() -> None:
        path = "/fapi/v1/premiumIndex"
        fault = {"mode": "with", "value": {"lastFundingRate": "0.9", "indexPrice": ""}}
        exchange.control(faults={path: fault})
        async with running_service(lasting(registry), exchange.url, is_patient=True) as running:
            await running.until_alive("mark_btc_binance")
            values = running.memory.latest
            for name in ("funding_btc_binance_8h", "index_btc_binance", "basis_bps_btc_binance"):
                assert math.isnan(values[name]), name
            source = running.source("binance_usdm/premium_index/BTCUSDT")
            assert source["refused_values"].keys() == {
                "index_btc_binance", "basis_bps_btc_binance", "_funding_rate_btc_binance",
            }  # fmt: skip
            assert "lastFundingRate" in source["last_bad_body"]
            assert not source["errors"]
        exchange.control(faults={})

    asyncio.run(scenario())
