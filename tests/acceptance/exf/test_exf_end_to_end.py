"""Exchange, service, region, node, strategy: the whole way, with a source that dies."""

from __future__ import annotations

import re
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from adapters.shm import FactorReader
from tests.support.eventually import eventually
from tests.support.exchange.exf import exf_process
from tests.support.exchange.local_exchange import local_exchange
from tests.support.nodes.node_process import NodeProcess, node
from tests.support.transports.regions import values_now

if TYPE_CHECKING:
    from pathlib import Path

STRATEGY = "tests.support.strategies.price_watcher:WatchesPrice"


def seen_at(process: NodeProcess, price: float) -> list[int]:
    """Return when the strategy saw a price, monotonic nanoseconds."""
    return [int(at) for at in re.findall(rf"PRICE {price:.1f} (\d+)", process.output)]


def test_a_strategy_follows_the_exchanges_through_the_death_of_one(
    region_path: Path, tmp_path: Path
) -> None:
    """Each new price reaches on_factors; when one exchange is killed the strategy is told, the
    others' factors flow on, and when it is back trading resumes.
    """
    with local_exchange() as others, local_exchange() as binance:
        config = tmp_path / "exf.toml"
        # A busy machine is no fault of the exchange: 2 s.
        config.write_text(
            f'[exf]\ndeadline_s = 2\nbase_url = "{others.url}"\n'
            f'[venues.binance_usdm]\nbase_url = "{binance.url}"\n'
        )
        arguments = ("--producer", "outside", "--region", region_path, "--strategy", STRATEGY)
        with exf_process(region_path, "--config", config) as exf:
            exf.until_alive(100)
            with node(*arguments) as trader:
                trader.wait_for("PRICE 60000.0")
                for price in (60_100.0, 60_200.0, 60_300.0):
                    changed_ns = others.control(price=price)
                    eventually(partial(seen_at, trader, price), f"the price {price}")
                    assert seen_at(trader, price)[0] > changed_ns
                    time.sleep(0.2)

                binance.process.kill()
                trader.wait_for("STALE")
                with FactorReader(region_path) as reader:
                    others.control(price=61_000.0)
                    eventually(
                        lambda: values_now(reader)["mid_btc_okx"] == 61_000.0,
                        "the others' factors",
                    )
                    latest = values_now(reader)
                    assert latest["mid_btc_binance"] != latest["mid_btc_binance"]
                    assert latest["mid_btc_perp_venues"] == 4
                assert not seen_at(trader, 61_000.0)

                with local_exchange(binance.port):
                    trader.wait_for("RECOVERED")
                    eventually(lambda: seen_at(trader, 61_000.0), "trading again")
                    trader.signal(signal.SIGTERM)
                    assert trader.exit_code() == 0, trader.output
            exf.process.send_signal(signal.SIGTERM)
            assert exf.process.wait(240) == 0


@pytest.mark.long
def test_the_example_trades_on_gathered_factors(region_path: Path) -> None:
    """The demo's market and sandbox with an outside producer's region, flat at the end."""
    with local_exchange() as exchange, exf_process(region_path, "--base-url", exchange.url) as exf:
        exf.until_alive(100)
        arguments = ("--producer", "outside", "--region", region_path)
        with node(*arguments) as trader:
            trader.wait_for_factors(8)
            trader.signal(signal.SIGINT)
            assert trader.exit_code() == 0, trader.output
            delivered = re.search(r"([\d,]+) delivered", trader.output)
            assert delivered
            assert int(delivered.group(1).replace(",", "")) >= 8
            assert "left open nothing" in trader.output
        assert exf.process.poll() is None
