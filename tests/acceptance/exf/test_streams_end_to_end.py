"""Exchanges that push, streaming service, region, node, orders; a venue killed and revived."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.support.eventually import eventually
from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.streamed_factors import streamed_factors, streaming_process
from tests.support.nodes.node_process import node

if TYPE_CHECKING:
    from pathlib import Path

STRATEGY = "tests.support.strategies.stream_trader:TradesTheStream"


def test_orders_follow_what_the_exchanges_push(region_path: Path, tmp_path: Path) -> None:
    """Each push becomes an order; a venue that is killed makes the strategy stale, and when it
    is back the next push is traded.
    """
    config = tmp_path / "exf.toml"
    text = streamed_factors("bybit", "okx", time_to_live_s=1.0)
    with local_exchange() as bybit, local_exchange() as okx:
        config.write_text(
            f'[exf]\nvenues = ["bybit", "okx"]\n[venues.okx]\nbase_url = "{okx.url}"\n'
        )
        words = (region_path, tmp_path, bybit, text, "--config", config)
        with streaming_process(*words) as service:
            bybit.streams["bybit"].wait_for_topics("orderbook.1.BTCUSDT")
            okx.streams["okx"].wait_for_topics("BTC-USDT-SWAP")
            okx.streams["okx"].rate("BTC-USDT-SWAP", "quote", 20)
            arguments = ("--producer", "outside", "--region", region_path)
            with node(*arguments, "--strategy", STRATEGY) as trader:
                trader.wait_for("on the simulated market")

                def push(bid_size: float, ask_size: float) -> bool:
                    bybit.streams["bybit"].quote("BTCUSDT", 60_000.0, 60_001.0, bid_size, ask_size)
                    return True

                def said(word: str) -> int:
                    return trader.lines.count(word)

                eventually(lambda: push(9.0, 1.0) and said("FILLED") == 1, "the first fill")
                eventually(lambda: push(1.0, 9.0) and said("FILLED") == 2, "the second fill")
                assert (said("LONG"), said("SHORT")) == (1, 1)

                okx.process.kill()
                okx.process.wait()
                eventually(lambda: push(1.0, 9.0) and said("STALE") >= 1, "stale")
                service.until_none("touch_btc_okx")
                # Of the other venue's factors none is missing.
                push(9.0, 1.0)
                service.until("touch_btc_bybit", 0.8)
                assert said("FILLED") == 2
                with local_exchange(okx.port) as back:
                    back.streams["okx"].rate("BTC-USDT-SWAP", "quote", 20)
                    eventually(lambda: push(9.0, 1.0) and said("FILLED") == 3, "trading again")
                    assert said("RECOVERED") >= 1
                    trader.signal(signal.SIGTERM)
                    assert trader.exit_code() == 0, trader.output
            service.exf.process.send_signal(signal.SIGTERM)
            assert service.exf.process.wait(240) == 0
