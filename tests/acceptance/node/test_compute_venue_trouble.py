"""run_node.py --compute: a factor venue's trouble ends no node, the strategy's still does."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.eventually import eventually
from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.streamed_factors import streamed_factors
from tests.support.lengths import long
from tests.support.nodes.node_process import node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange

RAISING: Final = "tests.support.strategies.raising_strategies"
TRADER: Final = "tests.support.strategies.stream_trader"
UNREADABLE: Final = ('{"topic":"orderbook.1.BTCUSDT","type":"snap', "<html>")
OWN_FACTOR: Final = """
[[computed]]
name = "imbal_btc"
class = "TouchImbalance"
venue = "binance_usdm"
instrument = "BTCUSDT-PERP.BINANCE"
range = [-1, 1]
time_to_live_s = 2.0
unit = "-1 to 1"
about = "of the simulated market"
"""


@pytest.fixture
def exchange() -> Iterator[LocalExchange]:
    """Give a local exchange of all venues."""
    with local_exchange() as found:
        yield found


def words(
    folder: Path, exchange: LocalExchange, strategy: str, *venues: str
) -> tuple[object, ...]:
    """Return the options of a node that computes one own factor and those of the venues."""
    file = folder / "factors.toml"
    file.write_text(OWN_FACTOR + streamed_factors(*venues, time_to_live_s=1.0), encoding="utf-8")
    said = ("--compute", file, "--compute-venues", ",".join(venues), "--strategy", strategy)
    return (*said, "--base-url", exchange.url)


def test_what_cannot_be_read_ends_no_trading(tmp_path: Path, exchange: LocalExchange) -> None:
    """The factors of both venues stay alive, and the summary counts the messages."""
    arguments = words(tmp_path, exchange, f"{TRADER}:TradesTheStream", "bybit", "okx")
    bybit, okx = exchange.streams["bybit"], exchange.streams["okx"]
    with node(*arguments) as trader:
        okx.wait_for_topics("bbo-tbt")
        bybit.wait_for_topics("orderbook.1.BTCUSDT")
        okx.rate("BTC-USDT-SWAP", "quote", 20)
        for step in range(6):
            for text in UNREADABLE:
                bybit.text(text)
                okx.text(text)
            bid_size, ask_size = (9.0, 1.0) if step % 2 == 0 else (1.0, 9.0)
            before = trader.output.count("FILLED")

            def is_filled(bid: float = bid_size, ask: float = ask_size, n: int = before) -> bool:
                bybit.quote("BTCUSDT", 60_000.0, 60_001.0, bid, ask)
                return trader.output.count("FILLED") > n

            eventually(is_filled, f"order {step}")
        trader.signal(signal.SIGTERM)
        assert trader.exit_code() == 0, trader.output
        assert "left open nothing" in trader.output
        for venue in ("bybit", "okx"):
            counted = re.search(rf"{venue} [\d,]+ messages, (\d+) unreadable", trader.output)
            assert counted, trader.output[-3_000:]
            assert int(counted.group(1)) >= 6 * len(UNREADABLE)


@pytest.mark.parametrize(
    "strategy",
    [
        "RaisesInOnFilled",
        long("RaisesInOnFactors"),
        long("RaisesInTimer"),
        long("RaisesInOnQuote"),
        long("RaisesInLoopCallback"),
        long("RaisesInOnStart"),
        long("LogsAnError"),
    ],
)
def test_an_exception_of_the_strategy_still_stops_the_node_flat(
    tmp_path: Path, exchange: LocalExchange, strategy: str
) -> None:
    """Whatever callback it is in, while a venue sends what cannot be read: exit code 1, flat."""
    arguments = words(tmp_path, exchange, f"{RAISING}:{strategy}", "okx")
    with node(*arguments, "--seconds", 50) as process:
        okx = exchange.streams["okx"]
        if strategy != "RaisesInOnStart":
            okx.wait_for_topics("bbo-tbt")
            okx.text("<html>")
        assert process.exit_code() == 1, process.output
        assert "planted" in process.output
        assert "50 s are over" not in process.output
        assert "left open nothing" in process.output
