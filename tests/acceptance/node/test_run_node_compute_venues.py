"""run_node.py --compute with other venues' data clients: one process from push to order."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Final

import pytest

from adapters.catalog import FactorCatalog
from tests.support.catalogs.sessions import Compared
from tests.support.eventually import eventually
from tests.support.exchange.local_exchange import LocalExchange, local_exchange
from tests.support.exchange.streamed_factors import streamed_factors
from tests.support.lengths import long
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.node_process import SCRIPT, node

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.nodes.node_process import NodeProcess

STRATEGY: Final = "tests.support.strategies.stream_trader:TradesTheStream"
SPOT: Final = "tests.support.strategies.stream_trader:TradesSpotAndPerpetual"
ONE_VENUE: Final = "tests.support.strategies.stream_trader:TradesOneVenue"


def write_factors(folder: Path, *venues: str) -> Path:
    """Write the file of the factors of these venues."""
    file = folder / "streamed.toml"
    file.write_text(streamed_factors(*venues, time_to_live_s=1.0), encoding="utf-8")
    return file


class Pushes:
    """Quotes of the local exchange, and what the node said of them."""

    def __init__(self, exchange: LocalExchange, trader: NodeProcess) -> None:
        self._bybit: Final = exchange.streams["bybit"]
        self._binance: Final = exchange.streams["binance_usdm"]
        self._trader: Final = trader

    def until(self, bid_size: float, ask_size: float, word: str, count: int) -> None:
        """Push Bybit's quote until the node has printed a word so many times."""

        def pushed() -> bool:
            self._binance.quote("BTCUSDT", 60_000.0, 60_001.0, 9.0, 9.0)
            self._bybit.quote("BTCUSDT", 60_000.0, 60_001.0, bid_size, ask_size)
            return self._trader.lines.count(word) == count

        eventually(pushed, f"{count} {word}")


@pytest.mark.parametrize("market", [long("simulated"), "binance"])
def test_orders_follow_two_venues_and_one_of_them_dies(tmp_path: Path, market: str) -> None:
    """The factors become NaN with it, the node and the other venue go on, the session has parity
    and its factors are those of both.
    """
    session = tmp_path / "session"
    factors = write_factors(tmp_path, "bybit", "okx")
    words: tuple[object, ...]
    words = ("--compute", factors, "--record", session, "--strategy", STRATEGY, "--venue", market)
    if market == "simulated":
        words += ("--compute-venues", "bybit,okx")
    with (
        local_exchange() as exchange,
        node(*words, "--base-url", exchange.url) as trader,
    ):
        exchange.streams["okx"].wait_for_topics("BTC-USDT-SWAP")
        exchange.streams["bybit"].wait_for_topics("orderbook.1.BTCUSDT")
        exchange.streams["okx"].rate("BTC-USDT-SWAP", "quote", 20)
        trader.wait_for(f"on the {market} market")
        pushes = Pushes(exchange, trader)
        pushes.until(9.0, 1.0, "FILLED", 1)
        pushes.until(1.0, 9.0, "FILLED", 2)

        exchange.streams["okx"].refuse()
        trader.wait_for("LOST, connecting again: okx")
        pushes.until(1.0, 9.0, "STALE", trader.lines.count("STALE") or 1)
        exchange.streams["okx"].heal()
        exchange.streams["okx"].rate("BTC-USDT-SWAP", "quote", 20)
        pushes.until(9.0, 1.0, "FILLED", 3)
        assert trader.lines.count("RECOVERED") >= 1
        trader.signal(signal.SIGTERM)
        assert trader.exit_code() == 0, trader.output
    catalog = FactorCatalog(session)
    assert "touch_btc_okx" in catalog.recordings()[0].schemas[0]
    compared = Compared(session)
    assert compared.exit_code == 0, compared.output


@pytest.mark.parametrize("market", [long("simulated"), "binance"])
def test_binance_s_spot_market_is_had_beside_its_perpetual(tmp_path: Path, market: str) -> None:
    """Two clients of one venue: the strategy's own quotes are asked of the perpetual's."""
    factors = write_factors(tmp_path, "binance_usdm", "binance_spot")
    words: tuple[object, ...] = ("--compute", factors, "--strategy", SPOT, "--venue", market)
    if market == "simulated":
        words += ("--compute-venues", "binance_spot")
    with local_exchange() as exchange, node(*words, "--base-url", exchange.url) as trader:
        spot, usdm = exchange.streams["binance_spot"], exchange.streams["binance_usdm"]
        spot.wait_for_topics("btcusdt@bookTicker")

        def pushed() -> bool:
            usdm.quote("BTCUSDT", 60_000.0, 60_001.0, 9.0, 9.0)
            spot.quote("BTCUSDT", 59_990.0, 59_991.0, 9.0, 1.0)
            return "FILLED" in trader.output

        eventually(pushed, "an order")
        assert not any("perp" in topic for topic in spot.state()["topics"])
        trader.signal(signal.SIGTERM)
        assert trader.exit_code() == 0, trader.output


def test_a_venue_that_refuses_at_the_start_is_left_out(tmp_path: Path) -> None:
    """Fault D05: the node trades on the other venue's factors, and the reason is printed."""
    factors = write_factors(tmp_path, "bybit", "okx")
    with local_exchange() as exchange:
        exchange.streams["okx"].refuse()
        words = ("--compute", factors, "--compute-venues", "bybit,okx", "--strategy", ONE_VENUE)
        with node(*words, "--base-url", exchange.url) as trader:
            exchange.streams["bybit"].wait_for_topics("orderbook.1.BTCUSDT")
            assert "okx is left out until the next start, its factors are NaN" in trader.output
            Pushes(exchange, trader).until(9.0, 1.0, "FILLED", 1)
            assert "OKX IS NAN" in trader.lines
            trader.signal(signal.SIGTERM)
            assert trader.exit_code() == 0, trader.output
            assert "venues    okx left out: " in trader.output


def test_a_stop_while_the_venues_are_tried_ends_at_once(tmp_path: Path) -> None:
    """A host that accepts connections and never answers; no node was built, the code is 0."""
    factors = write_factors(tmp_path, "bybit")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        words = ("--compute", factors, "--compute-venues", "bybit", "--strategy", ONE_VENUE)
        with node(*words, "--base-url", url) as trader:
            eventually(lambda: len(trader.children()) >= 2, "the trial")
            trader.signal(signal.SIGTERM)
            assert trader.exit_code() == 0, trader.output
            assert "on the simulated market" not in trader.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--compute-venues", "bybit,okx"), "with data clients of bybit, okx"),
        (("--compute-venues", "bybit"), "not computed: mid_btc_okx"),
        (("--venue", "binance"), "with data clients of bybit, okx"),
        (("--venue", "binance", "--compute-venues", ""), "none of the factors"),
        (("--compute-venues", "bibit"), "found 'bibit'"),
        (("--compute-venues", "binance_usdm"), "stands for binance_usdm"),
        ((), "the simulated market has no quotes of BTCUSDT-LINEAR.BYBIT"),
        (("--base-url", "http://127.0.0.1:1"), "asks no exchange"),
    ],
)
def test_check_says_which_venues_are_needed(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Nothing is connected; what contradicts itself is refused with its remedy."""
    factors = write_factors(tmp_path, "bybit", "okx")
    command = (SCRIPT, "--check", "--compute", factors, "--strategy", ONE_VENUE, *words)
    done = run_forked(*command, is_merged=True)
    assert said in done.stdout
    assert done.returncode == (0 if done.stdout.startswith("OK") else 2), done.stdout


def test_real_orders_refuse_a_server_that_anybody_can_listen_to(tmp_path: Path) -> None:
    """It would get the account's key in plain text."""
    config = tmp_path / "node.toml"
    config.write_text(
        '[node]\nvenue = "binance"\norders = "live"\nbase_url = "http://192.0.2.1:1"\n'
    )
    done = run_forked(SCRIPT, "--check", "--live-orders", "--config", config, is_merged=True)
    assert done.returncode == 2
    assert "expected https://" in done.stdout
