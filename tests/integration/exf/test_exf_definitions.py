"""Instruments that are not traded, and contract sizes: what their definitions make of values."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from adapters.exchanges import known_venues
from adapters.exf.registry.registry_file import load
from tests.integration.exf.one_source import asked
from tests.support.eventually import eventually_async
from tests.support.exchange.exf import running_service
from tests.support.exchange.registries import factor_file, lasting, packaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.exchange.exf import RunningService
    from tests.support.exchange.local_exchange import LocalExchange

PERIOD_S = 0.3
"""Of the definitions, so that a test sees several."""


@pytest.fixture(autouse=True)
def _healthy(exchange: LocalExchange) -> Iterator[None]:
    exchange.control(faults={})
    yield
    exchange.control(faults={})


def with_members(**members: Any) -> dict[str, Any]:
    """Return a fault that gives members of the answers other values."""
    return {"mode": "with", "value": members}


def unusable(running: RunningService, key: str) -> dict[str, str]:
    """Return what ``status`` says of the instruments of a definition."""
    found = running.service.report()["definitions"]
    one: dict[str, str] = next(d["unusable"] for d in found if d["definition"] == key)
    return one


CLOSED = [
    ("bybit", "/v5/market/instruments-info", {"status": "Closed"}, "bybit/linear",
     ("mark_btc_bybit", "imbal_5_btc_bybit", "long_short_btc_bybit")),
    ("okx", "/api/v5/public/instruments", {"state": "suspend"}, "okx/swap",
     ("mark_btc_okx", "mid_btc_okx", "funding_btc_okx_8h", "long_short_btc_okx")),
    ("binance_usdm", "/fapi/v1/exchangeInfo", {"status": "SETTLING"}, "binance_usdm/instruments",
     ("mark_btc_binance", "mid_btc_binance", "funding_btc_binance_8h", "mid_eth_binance")),
    ("coinbase", "/api/v3/brokerage/market/products", {"trading_disabled": True},
     "coinbase/product", ("mid_btc_coinbase", "change_24h_btc_coinbase_pct")),
    ("kraken", "/0/public/AssetPairs", {"status": "cancel_only"}, "kraken/pair",
     ("mid_btc_kraken",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CLOSED, ids=lambda case: case[0])
def test_an_instrument_that_its_exchange_closes_is_nan_with_the_reason(
    exchange: LocalExchange, case: tuple[str, str, dict[str, Any], str, tuple[str, ...]]
) -> None:
    """At the next definition, not when the next poll of a slow source is due; and back again."""
    venue, path, members, key, names = case
    registry = packaged().only_venues([venue])

    async def scenario() -> None:
        async with running_service(
            registry, exchange.url, definition_period_s=PERIOD_S
        ) as running:
            await running.until_alive(*names)
            assert unusable(running, key) == {}
            exchange.control(faults={path: with_members(**members)})
            await running.until_missing(*names)
            reason = next(iter(unusable(running, key).values()))
            assert "is not traded" in reason
            assert str(next(iter(members.values()))) in reason or next(iter(members)) in reason
            exchange.control(faults={})
            await running.until_alive(*names)

    asyncio.run(scenario())


ANSWERED = [
    ("kraken_futures", "/derivatives/api/v3/tickers/PF_XBTUSD", with_members(suspended=True),
     "kraken_futures/ticker/PF_XBTUSD", ("mark_btc_kraken", "funding_btc_kraken_8h")),
    ("deribit", "/api/v2/public/get_order_book", with_members(state="closed", bids=[], asks=[]),
     "deribit/order_book/BTC-PERPETUAL", ("mark_btc_deribit", "mid_btc_deribit")),
    ("hyperliquid", "metaAndAssetCtxs",
     with_members(universe=[{"name": n, "isDelisted": n == "BTC"} for n in
                            ("BTC", "ETH", *(f"COIN{i}" for i in range(180)))]),
     "hyperliquid/contexts/BTC", ("mark_btc_hyperliquid", "open_interest_btc_hyperliquid_usd")),
]  # fmt: skip


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: case[0])
def test_an_answer_that_says_it_itself_is_nan_with_the_reason(
    exchange: LocalExchange, case: tuple[str, str, dict[str, Any], str, tuple[str, ...]]
) -> None:
    """At once, for that instrument alone; it is no failure of the source."""
    venue, path, fault, key, names = case
    registry = packaged().only_venues([venue])
    other = {"kraken_futures": "basis_bps_eth_kraken", "hyperliquid": "basis_bps_eth_hyperliquid"}

    async def scenario() -> None:
        async with running_service(registry, exchange.url, is_patient=True) as running:
            await running.until_alive(*names)
            exchange.control(faults={path: fault})
            await running.until_missing(*names)
            source = running.source(key)
            assert "is not traded" in source["last_refused"]
            assert not source["errors"]
            if venue in other:
                await running.until_alive(other[venue])

    asyncio.run(scenario())


def test_without_definitions_only_what_needs_a_contract_is_missing(
    exchange: LocalExchange,
) -> None:
    """An exchange that answers about prices has not closed its markets; the reason is told."""
    registry = packaged().only_venues(["okx"])
    exchange.control(faults={"/api/v5/public/instruments": {"mode": "status", "value": 500}})

    async def scenario() -> None:
        async with running_service(registry, exchange.url, definition_period_s=0.5) as running:
            await running.until_alive("mid_btc_okx", "imbal_5_btc_okx", "long_short_btc_okx")
            source = running.source("okx/depth/BTC-USDT-SWAP")
            assert source["answers"]

    asyncio.run(scenario())


DEPTH = """
[[source]]
venue = "okx"
endpoint = "depth"
symbol = "BTC-USDT-SWAP"
period_s = 0.2
time_to_live_s = 3.0
[source.factors]
depth_okx = { field = "bid_depth_5bps", unit = "USDT", range = [0, 1e12], about = "x" }
"""


def test_a_contract_size_comes_from_the_definition(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """NaN with the reason until it is known; then in its units; a new size applies at once."""
    registry = load(known_venues(), [factor_file(tmp_path, DEPTH)]).only_venues(["okx"])
    path = "/api/v5/public/instruments"
    exchange.control(faults={path: {"mode": "status", "value": 503}})

    async def scenario() -> None:
        async with running_service(
            registry, exchange.url, definition_period_s=PERIOD_S
        ) as running:
            await eventually_async(
                lambda: (
                    "contract size of BTC-USDT-SWAP is not known"
                    in running.source("okx/depth/BTC-USDT-SWAP")["last_refused"]
                ),
                "the reason",
            )
            await running.until_missing("depth_okx")
            exchange.control(faults={})
            await running.until_alive("depth_okx")
            # All levels within 30 USD, 0.5 apart: 60 of 1 contract and a little more or less.
            once = running.value("depth_okx")
            assert 0.01 * 60_000 * 40 < once < 0.01 * 60_000 * 80
            exchange.control(faults={path: with_members(ctVal="0.02")})
            await eventually_async(
                lambda: running.value("depth_okx") == pytest.approx(2 * once), "the new size"
            )

    asyncio.run(scenario())


UNKNOWN = """
[[source]]
venue = "hyperliquid"
endpoint = "contexts"
assets = ["BTC", "NOPE"]
period_s = 0.3
time_to_live_s = 3.0
[source.factors]
"mark_{asset_lc}_own" = { field = "mark_price", unit = "USD", range = [1, 1e6], about = "x" }
"""


def test_an_unknown_asset_fails_alone(exchange: LocalExchange, tmp_path: Path) -> None:
    """The others that are read from the same answers keep their values, and count no failure."""
    path = factor_file(tmp_path, UNKNOWN)
    registry = load(known_venues(), [path]).without_streams().only_venues(["hyperliquid"])

    async def scenario() -> None:
        async with running_service(registry, exchange.url, is_patient=True) as running:
            await running.until_alive("mark_btc_own", "mark_btc_hyperliquid")
            await eventually_async(
                lambda: (
                    running.source("hyperliquid/contexts/NOPE")["errors"].get("not_listed", 0) > 5
                ),
                "some failures",
            )
            btc = "hyperliquid/contexts/BTC"
            await eventually_async(
                lambda: running.answers(btc) == running.source(btc)["polls"], "an answer each"
            )
            assert not running.source(btc)["errors"]
            await running.until_missing("mark_nope_own")

    asyncio.run(scenario())


def test_definitions_are_asked_for_seldom_and_once_for_all(exchange: LocalExchange) -> None:
    """A list of all instruments is one request, whatever the number of symbols."""
    registry = packaged().only_venues(["binance_usdm"])

    async def scenario() -> list[float]:
        begun_s = asyncio.get_running_loop().time()
        async with running_service(registry, exchange.url) as running:
            await running.until_alive("mid_btc_binance", "mid_eth_binance")
            await eventually_async(
                lambda: running.source("binance_usdm/book_ticker/ETHUSDT")["answers"] >= 4,
                "some polls",
            )
        return asked(exchange, begun_s, "exchangeInfo")

    assert len(asyncio.run(scenario())) == 1


def test_one_answer_about_all_symbols_is_one_request(exchange: LocalExchange) -> None:
    """Hyperliquid's contexts of two coins; either has a state of its own."""
    registry = lasting(packaged().only_venues(["hyperliquid"]))

    async def scenario() -> list[float]:
        begun_s = asyncio.get_running_loop().time()
        async with running_service(registry, exchange.url, is_patient=True) as running:
            await running.until_alive("mark_btc_hyperliquid", "basis_bps_eth_hyperliquid")
            for coin in ("BTC", "ETH"):
                assert running.source(f"hyperliquid/contexts/{coin}")["answers"] == 1
        return asked(exchange, begun_s, "metaAndAssetCtxs")

    assert len(asyncio.run(scenario())) == 1
