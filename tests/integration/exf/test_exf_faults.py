"""Every way in which an exchange can fail, against a real server that does."""

from __future__ import annotations

import asyncio
import math
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from adapters.exf.polling.poller import SourcePoller
from tests.support.eventually import eventually_async
from tests.support.exchange.exf import running_service
from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.registries import packaged
from tests.support.lengths import long

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.exf.registry.factor_registry import FactorRegistry
    from tests.support.exchange.local_exchange import LocalExchange

TOUCH = "binance_usdm/book_ticker/BTCUSDT"
PATH = "/fapi/v1/ticker/bookTicker"
VICTIM = ("spread", "imbal_btc", "mid_btc_binance")
BYSTANDER = "spread_bps_btc_spot_binance"


@pytest.fixture(scope="module")
def exchange() -> Iterator[LocalExchange]:
    """Give a local exchange to the tests of this module, one after another."""
    with local_exchange() as running:
        yield running


@pytest.fixture
def registry() -> FactorRegistry:
    """Give the factors of two venues."""
    return packaged().only_venues(["binance_usdm", "binance_spot"])


FAULTS: list[Any] = [
    ("status", 500, "http_5xx"),
    long("status", 502, "http_5xx"),
    long("status", 503, "http_5xx"),
    ("status", 403, "http_4xx"),
    ("hang", None, "timeout"),
    long("slow_body", 2.0, "timeout"),
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
    """The source's factors go, everybody else's stay, and all comes back when it is over."""

    async def scenario() -> None:
        exchange.control(faults={})
        async with running_service(registry, exchange.url) as running:
            await running.until_alive(*VICTIM, BYSTANDER)
            exchange.control(faults={PATH: {"mode": mode, "value": value}})
            await running.until_missing(*VICTIM)
            await eventually_async(
                lambda: running.source(TOUCH)["errors"].get(kind, 0) >= 1, f"a count of {kind}"
            )
            assert not math.isnan(running.value(BYSTANDER))
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
    """Age counts from the exchange's own time: an answer that is an hour old has no value."""

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
    """The exchange's clock is 10 s off: its stamps are fresh all the same, and status tells."""

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
    """JSON objects have no order, and exchanges add members without a word."""

    async def scenario() -> None:
        exchange.control(faults={"/": {"mode": "shuffled"}})
        async with running_service(packaged(), exchange.url) as running:
            await running.until_alive(*packaged().schema.names)
            assert not any(s["errors"] for s in running.service.report()["sources"])
        exchange.control(faults={})

    asyncio.run(scenario())


def test_one_bad_field_takes_one_factor(exchange: LocalExchange, registry: FactorRegistry) -> None:
    """Out of its range: NaN, a count and the body; its neighbours in the same body stay."""

    async def scenario() -> None:
        path = "/fapi/v1/premiumIndex"
        fault = {"mode": "with", "value": {"lastFundingRate": "0.9", "indexPrice": ""}}
        exchange.control(faults={path: fault})
        async with running_service(registry, exchange.url) as running:
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


def asked(exchange: LocalExchange, since_s: float, part: str = "/fapi") -> list[float]:
    """Return when the exchange was asked, after an instant."""
    return [at_s for at_s, path in exchange.requests() if at_s > since_s and part in path]


@pytest.mark.parametrize("mode", ["429", "418"])
def test_retry_after_is_honoured_by_every_source_of_the_host(
    exchange: LocalExchange, registry: FactorRegistry, mode: str
) -> None:
    """One refusal pauses the whole host for as long as it asks; other hosts go on."""

    async def scenario() -> None:
        exchange.control(faults={})
        async with running_service(registry, exchange.url) as running:
            await running.until_alive(*VICTIM, BYSTANDER)
            exchange.control(faults={PATH: {"mode": mode, "value": 3}})
            await eventually_async(
                lambda: running.host("binance_usdm")["rate_limited"], "a refusal"
            )
            exchange.control(faults={})
            await asyncio.sleep(0.5)  # what was under way has arrived
            paused_s = time.monotonic()
            left_s = running.host("binance_usdm")["pause_left_s"]
            assert 1 < left_s <= 3
            await asyncio.sleep(left_s - 0.2)
            assert asked(exchange, paused_s) == []
            assert len(asked(exchange, paused_s, "/api/v3")) >= 2
            await running.until_alive(*VICTIM)

    asyncio.run(scenario())


def test_without_retry_after_the_pauses_grow(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """A host that goes on refusing is asked less and less."""

    async def scenario() -> None:
        exchange.control(faults={"/fapi": {"mode": "429"}})
        begun_s = time.monotonic()
        async with running_service(registry, exchange.url) as running:
            await asyncio.sleep(4.5)
            assert running.host("binance_usdm")["pause_left_s"] > 0
        at_s = asked(exchange, begun_s)
        sources = sum(s.venue == "binance_usdm" for s in registry.sources)
        # A first round, then one after about 1, 2 and 4 s more.
        assert len(at_s) <= 4 * sources
        exchange.control(faults={})

    asyncio.run(scenario())


def test_the_rate_limit_is_never_exceeded(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """A host with a tenth of the limit that the polls need gets a tenth of the polls."""

    async def scenario() -> None:
        exchange.control(faults={})
        fast = registry.only_venues(["binance_spot"]).with_period(0.1)
        begun_s = time.monotonic()
        async with running_service(fast, exchange.url, limits={"binance_spot": 300.0}) as running:
            await asyncio.sleep(5)
            skipped = sum(
                s["skipped"].get("rate_limit", 0) for s in running.service.report()["sources"]
            )
        weights = {"/ticker/bookTicker": 2, "/depth": 5, "/ticker/24hr": 2}
        used = sum(w * len(asked(exchange, begun_s, f"/api/v3{p}")) for p, w in weights.items())
        # 80 % of 5 a second, and a burst of 10 s.
        assert used <= 4 * (5 + 10) + 5
        assert skipped > 50

    asyncio.run(scenario())


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


def test_a_ban_that_does_not_say_how_long_is_two_minutes(
    exchange: LocalExchange, registry: FactorRegistry
) -> None:
    """418 without Retry-After."""

    async def scenario() -> None:
        exchange.control(faults={PATH: {"mode": "418"}})
        async with running_service(registry, exchange.url) as running:
            await eventually_async(
                lambda: running.host("binance_usdm")["rate_limited"], "a refusal"
            )
            assert 100 < running.host("binance_usdm")["pause_left_s"] <= 120
        exchange.control(faults={})

    asyncio.run(scenario())


def test_a_task_that_ends_by_an_error_begins_again(
    exchange: LocalExchange, registry: FactorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it was: it is counted, and the source's values come back."""
    poll = SourcePoller.poll
    crashes: list[int] = []

    async def crash_once(self: SourcePoller) -> bool:
        if self.source.key == TOUCH and not crashes:
            crashes.append(1)
            msg = "planted"
            raise RuntimeError(msg)
        return await poll(self)

    monkeypatch.setattr(SourcePoller, "poll", crash_once)

    async def scenario() -> None:
        exchange.control(faults={})
        async with running_service(registry, exchange.url) as running:
            await running.until_alive(*VICTIM, BYSTANDER)
            assert running.source(TOUCH)["restarts"] == 1

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
