"""The symbol of an asset comes from the definitions that a venue gives, whatever it looks like."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from adapters.exchanges import known_venues
from adapters.exf.registry.registry_file import load
from tests.integration.exf.one_source import asked
from tests.support.eventually import eventually_async
from tests.support.exchange.exf import running_service
from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.registries import factor_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from adapters.exf.registry.factor_registry import FactorRegistry
    from tests.support.exchange.exf import RunningService
    from tests.support.exchange.local_exchange import LocalExchange

PERIOD_S = 0.3
"""Of the definitions, so that a test sees several."""
PEPE = {"price": 0.01, "tick": "0.0000001", "lot": "1"}
MARK = 60_000 * 1.0003
"""What the local exchange answers about any symbol of Bybit."""


@pytest.fixture
def own_exchange() -> Iterator[LocalExchange]:
    """Give each test an exchange whose instruments no other test changes."""
    with local_exchange() as running:
        yield running


def registry_about(
    folder: Path, venue: str, endpoint: str, asset: str, **fields: str
) -> FactorRegistry:
    """Return a registry of one asset's fields, in the file's one table."""
    entries = "\n".join(
        f'{name} = {{ field = "{field}", unit = "x", range = [0, 1e12], about = "x" }}'
        for name, field in fields.items()
    )
    text = (
        f'[[source]]\nvenue = "{venue}"\nendpoint = "{endpoint}"\nassets = ["{asset}"]\n'
        f"period_s = 0.3\ntime_to_live_s = 3.0\n[source.factors]\n{entries}\n"
    )
    registry = load(known_venues(), [factor_file(folder, text)])
    factors = tuple(f for f in registry.factors if f.name in fields)
    keys = {f.source for f in factors}
    sources = tuple(s for s in registry.sources if s.key in keys)
    return replace(registry, factors=factors, sources=sources)


def symbol_of(running: RunningService, asset: str) -> str:
    """Return what ``status`` says that an asset is called."""
    found: dict[str, Any] = running.service.report()["definitions"][0]["assets"][asset]
    return str(found["symbol"])


def reason(running: RunningService, asset: str) -> str:
    """Return what ``status`` says against an asset."""
    unusable: dict[str, str] = running.service.report()["definitions"][0]["unusable"]
    return unusable.get(asset, "")


def test_an_asset_that_is_traded_by_the_thousand_is_found_and_its_prices_are_of_one(
    own_exchange: LocalExchange, tmp_path: Path
) -> None:
    """PEPE is 1000PEPEUSDT: price by 1000, amounts of coins times 1000, money as it is."""
    own_exchange.streams["bybit"].list_asset(asset="1000PEPE", **PEPE)
    registry = registry_about(
        tmp_path, "bybit", "ticker", "PEPE",
        mark="mark_price", middle="mid", coins="open_interest_base", money="open_interest_quote",
        bps="basis_bps",
    )  # fmt: skip

    async def scenario() -> None:
        async with running_service(registry, own_exchange.url, is_patient=True) as running:
            await running.until_alive("mark", "coins", "money", "bps")
            assert symbol_of(running, "PEPE") == "1000PEPEUSDT"
            assert running.value("mark") == pytest.approx(MARK / 1000)
            assert running.value("middle") == pytest.approx(60)
            assert running.value("coins") == pytest.approx(60_000 * 1000)
            assert running.value("money") == pytest.approx(60_000 * MARK)
            assert running.value("bps") == pytest.approx(3)
            assert "symbol=1000PEPEUSDT" in running.source("bybit/ticker/PEPEUSDT")["url"]

    asyncio.run(scenario())


NAMED = [
    ("hyperliquid", "depth", "PEPE", "kPEPE"),
    ("kraken", "ticker", "BTC", "XBTUSD"),
    ("kraken", "ticker", "DOGE", "XDGUSD"),
    ("kraken_futures", "ticker", "BTC", "PF_XBTUSD"),
    ("deribit", "order_book", "BTC", "BTC-PERPETUAL"),
    ("deribit", "order_book", "SOL", "SOL_USDC-PERPETUAL"),
    ("okx", "ticker", "SOL", "SOL-USDT-SWAP"),
    ("binance_spot", "book_ticker", "XRP", "XRPUSDT"),
    ("coinbase", "depth", "BTC", "BTC-USD"),
]


@pytest.mark.parametrize("case", NAMED, ids=lambda case: f"{case[0]}-{case[2]}")
def test_each_venues_own_names_are_found_in_its_definitions(
    exchange: LocalExchange, tmp_path: Path, case: tuple[str, str, str, str]
) -> None:
    """By what the definition says is traded, not by a list of names."""
    venue, endpoint, asset, symbol = case
    registry = registry_about(tmp_path, venue, endpoint, asset, middle="mid")

    async def scenario() -> None:
        async with running_service(registry, exchange.url, is_patient=True) as running:
            await eventually_async(lambda: symbol_of(running, asset) == symbol, "the symbol")
            assert not running.service.report()["definitions"][0]["assumed"]

    asyncio.run(scenario())


def test_the_preferred_currency_that_is_open_is_taken_and_followed(
    own_exchange: LocalExchange, tmp_path: Path
) -> None:
    """USDT before USDC; if USDT is closed USDC, at once and without the values of before."""
    bybit = own_exchange.streams["bybit"]
    bybit.list_asset(asset="SOL", price=150.0, tick="0.01", lot="0.1", quote="USDC")
    registry = registry_about(tmp_path, "bybit", "ticker", "SOL", mark="mark_price")

    async def scenario() -> None:
        async with running_service(
            registry, own_exchange.url, definition_period_s=PERIOD_S
        ) as running:
            await running.until_alive("mark")
            assert symbol_of(running, "SOL") == "SOLUSDT"
            bybit.close_asset("SOL")
            await eventually_async(lambda: symbol_of(running, "SOL") == "SOLPERP", "the other")
            await running.until_alive("mark")
            assert "symbol=SOLPERP" in running.source("bybit/ticker/SOLUSDT")["url"]

    asyncio.run(scenario())


def test_an_asset_that_is_not_listed_is_told_with_the_nearest_and_found_once_it_is(
    own_exchange: LocalExchange, tmp_path: Path
) -> None:
    """It is not asked about until then, and NaN again when the venue lists it no more."""
    registry = registry_about(tmp_path, "bybit", "ticker", "DOGS", mark="mark_price")
    bybit = own_exchange.streams["bybit"]

    async def scenario() -> None:
        async with running_service(
            registry, own_exchange.url, definition_period_s=PERIOD_S
        ) as running:
            await eventually_async(lambda: "is listed" in reason(running, "DOGS"), "the reason")
            assert "did you mean 'DOGE'" in reason(running, "DOGS")
            await eventually_async(
                lambda: len(asked(own_exchange, 0, "instruments-info")) > 3, "several lists"
            )
            assert not asked(own_exchange, 0, "/v5/market/tickers")
            bybit.list_asset(asset="DOGS", **PEPE)
            await running.until_alive("mark")
            bybit.unlist_asset("DOGS")
            await running.until_missing("mark")
            await eventually_async(lambda: reason(running, "DOGS") != "", "the reason again")

    asyncio.run(scenario())


def test_without_definitions_the_usual_symbol_is_used_and_said(
    own_exchange: LocalExchange, tmp_path: Path
) -> None:
    """Until they can be had; then the one that is listed."""
    path = "/v5/market/instruments-info"
    own_exchange.control(faults={path: {"mode": "status", "value": 503}})
    bybit = own_exchange.streams["bybit"]
    bybit.list_asset(asset="1000PEPE", **PEPE)
    registry = registry_about(tmp_path, "bybit", "ticker", "PEPE", mark="mark_price")

    async def scenario() -> None:
        async with running_service(
            registry, own_exchange.url, definition_period_s=PERIOD_S
        ) as running:
            await running.until_alive("mark")
            assert running.value("mark") == pytest.approx(MARK)
            assert symbol_of(running, "PEPE") == "PEPEUSDT"
            assert running.service.report()["definitions"][0]["assumed"]
            own_exchange.control(faults={})
            await eventually_async(
                lambda: running.value("mark") == pytest.approx(MARK / 1000), "the listed one"
            )
            assert not running.service.report()["definitions"][0]["assumed"]

    asyncio.run(scenario())


def test_values_wait_for_definitions_that_take_long(
    own_exchange: LocalExchange, tmp_path: Path
) -> None:
    """No symbol is asked about before, and the factor is NaN with the reason."""
    path = "/v5/market/instruments-info"
    own_exchange.control(faults={path: {"mode": "late", "value": 1.5}})
    registry = registry_about(tmp_path, "bybit", "ticker", "SOL", mark="mark_price")

    async def scenario() -> None:
        async with running_service(registry, own_exchange.url, definition_period_s=60) as running:
            await eventually_async(lambda: asked(own_exchange, 0, path), "the question")
            assert "not known yet" in reason(running, "SOL")
            await running.until_alive("mark")
            assert asked(own_exchange, 0, "tickers")[0] > asked(own_exchange, 0, path)[0] + 1

    asyncio.run(scenario())
