"""``run_exf.py run --streams``: a venue's trouble ends its own factors, and no others."""

from __future__ import annotations

import math
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.eventually import eventually
from tests.support.exchange.exf import run_exf, status_of
from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.streamed_factors import streamed_factors, streaming_process

if TYPE_CHECKING:
    from pathlib import Path


def test_pushed_values_are_published_with_the_exchanges_stamp(
    region_path: Path, tmp_path: Path
) -> None:
    """Each quote becomes a record of its own, which has the quote's values and time."""
    text = streamed_factors("bybit", assets=("BTC", "ETH"))
    with (
        local_exchange() as exchange,
        streaming_process(region_path, tmp_path, exchange, text, "--venues", "bybit") as service,
    ):
        bybit = exchange.streams["bybit"]
        bybit.wait_for_topics("orderbook.1.BTCUSDT", "orderbook.1.ETHUSDT")
        for step in range(20):
            bid = 60_000.0 + step
            bybit.quote("BTCUSDT", bid, bid + 1.0, 3.0, 1.0)
            service.until("mid_btc_bybit", bid + 0.5)
        assert service.value("touch_btc_bybit") == 0.5
        latest = service.reader.latest()
        assert latest is not None
        assert latest.ts_init - latest.ts_event >= 0
        assert math.isnan(service.value("mid_eth_bybit"))
        eventually(lambda: service.venue("bybit")["messages"] >= 20, "the count")
        assert service.status()["streams"]["records"] >= 20
        service.until_from("mid_btc_bybit", "stream")


def test_a_venue_that_is_not_polled_is_streamed_alone(region_path: Path, tmp_path: Path) -> None:
    """Coinbase's futures, whose instruments no polled factor knows."""
    text = streamed_factors("coinbase_futures")
    words = ("--venues", "coinbase_futures")
    with (
        local_exchange() as exchange,
        streaming_process(region_path, tmp_path, exchange, text, *words) as service,
    ):
        coinbase = exchange.streams["coinbase_futures"]
        coinbase.wait_for_topics("ticker:BIP-20DEC30-CDE")
        coinbase.rate("BIP-20DEC30-CDE", "quote", 20)
        service.until_from("mid_btc_coinbase_futures", "stream")
        assert service.status()["sources"] == []


def test_the_poll_takes_over_and_hands_back(region_path: Path, tmp_path: Path) -> None:
    """One name: the stream while it is alive, the polled value while it is not."""
    text = streamed_factors("binance_usdm", time_to_live_s=0.5)
    words = ("--venues", "binance_usdm,okx")
    with (
        local_exchange() as exchange,
        streaming_process(region_path, tmp_path, exchange, text, *words) as service,
    ):
        service.until("mid_btc_binance", 60_000.0)
        service.until_from("mid_btc_binance", "poll")
        usdm = exchange.streams["binance_usdm"]
        usdm.wait_for_topics("btcusdt@bookTicker")
        usdm.rate("BTCUSDT", "quote", 50)
        service.until_from("mid_btc_binance", "stream")
        usdm.stop_rates()
        usdm.refuse()
        service.until("mid_btc_binance", 60_000.0)
        service.until_from("mid_btc_binance", "poll")
        assert not service.venue("binance_usdm")["connected"]
        usdm.heal()
        service.until_streaming("binance_usdm")
        usdm.quote("BTCUSDT", 70_000.0, 70_001.0)
        eventually(lambda: service.value("mid_btc_binance") == 70_000.5, "the stream again")
        assert service.venue("binance_usdm")["reconnects"] >= 1


@pytest.mark.long
def test_a_venue_that_hangs_at_the_start_keeps_no_other_from_streaming(
    region_path: Path, tmp_path: Path
) -> None:
    """The others stream without it; once it answers it joins, and the node is built again."""
    text = streamed_factors("bybit", "okx")
    with local_exchange() as exchange:
        exchange.streams["okx"].hang()
        words = ("--venues", "bybit,okx")
        with streaming_process(region_path, tmp_path, exchange, text, *words) as service:
            service.until_streaming("bybit")
            exchange.streams["bybit"].rate("BTCUSDT", "quote", 20)
            service.until_from("touch_btc_bybit", "stream")
            eventually(lambda: "does not connect" in service.venue("okx")["problem"], "why")
            exchange.streams["okx"].heal()
            service.until_streaming("okx", "bybit")
            exchange.streams["okx"].rate("BTC-USDT-SWAP", "quote", 20)
            service.until_from("touch_btc_okx", "stream")
            assert service.status()["streams"]["nodes_built"] >= 2
            service.exf.process.send_signal(signal.SIGTERM)
            assert service.exf.process.wait(240) == 0


def test_with_no_network_status_names_the_hosts(region_path: Path, tmp_path: Path) -> None:
    """Exit code 5, each venue with its address and the reason; the service goes on."""
    text = streamed_factors("bybit", "okx")
    with local_exchange() as exchange:
        nowhere = exchange.url
    words = ("--venues", "bybit,okx")
    with streaming_process(region_path, tmp_path, nowhere, text, *words) as service:
        eventually(lambda: "refused" in service.venue("okx")["problem"].lower(), "the refusal")
        eventually(lambda: status_of(region_path)["status_code"] == 5, "exit code 5")
        shown = run_exf("status", "--region", region_path).stdout
        assert f"NO STREAM from bybit ({nowhere}" in shown
        with local_exchange(int(nowhere.rpartition(":")[2])) as back:
            back.streams["okx"].rate("BTC-USDT-SWAP", "quote", 20)
            service.until_from("touch_btc_okx", "stream")
        # Gone for good: its factors end, the service does not.
        service.until_none("touch_btc_okx")
        service.exf.process.send_signal(signal.SIGINT)
        assert service.exf.process.wait(240) == 0


def test_unknown_instruments_and_unusable_data_are_named(
    region_path: Path, tmp_path: Path
) -> None:
    """An instrument that is not listed, a crossed book, a stamp that went back, silence."""
    text = streamed_factors("bybit", assets=("BTC", "NOPE", "SOL"), time_to_live_s=30.0)
    with (
        local_exchange() as exchange,
        streaming_process(region_path, tmp_path, exchange, text, "--venues", "bybit") as service,
    ):
        bybit = exchange.streams["bybit"]
        bybit.wait_for_topics("orderbook.1.BTCUSDT")
        bybit.quote("BTCUSDT", 60_000.0, 60_001.0, 3.0, 1.0)
        service.until("touch_btc_bybit", 0.5)
        bybit.quote("BTCUSDT", 60_005.0, 60_001.0)
        service.until_none("touch_btc_bybit")
        bybit.quote("BTCUSDT", 60_002.0, 60_003.0, 1.0, 1.0)
        service.until("touch_btc_bybit", 0.0)
        bybit.quote("BTCUSDT", 50_000.0, 50_001.0, ts_ms=int(time.time() * 1000) - 60_000)
        eventually(lambda: service.venue("bybit")["messages"] >= 4, "all of them")
        found = service.venue("bybit")
        assert found["missing"] == ["NOPEUSDT-LINEAR.BYBIT"]
        eventually(
            lambda: "SOLUSDT-LINEAR.BYBIT" in service.venue("bybit")["silent"], "the silence"
        )
        problems = " ".join(service.venue("bybit")["problems"])
        assert "crossed" in problems
        assert "backward" in problems


def test_messages_that_cannot_be_read_end_no_stream(region_path: Path, tmp_path: Path) -> None:
    """The node of all venues goes on, of this one too: its next good quote is a value."""
    text = streamed_factors("bybit", "okx")
    with (
        local_exchange() as exchange,
        streaming_process(
            region_path, tmp_path, exchange, text, "--venues", "bybit,okx"
        ) as service,
    ):
        bybit, okx = exchange.streams["bybit"], exchange.streams["okx"]
        bybit.wait_for_topics("orderbook.1.BTCUSDT")
        okx.wait_for_topics("bbo-tbt")
        for step in range(20):
            bybit.text('{"topic":"orderbook.1.BTCUSDT","type":"snap')
            okx.text("<html>")
            bid = 60_000.0 + step
            bybit.quote("BTCUSDT", bid, bid + 1.0, 3.0, 1.0)
            okx.quote("BTC-USDT-SWAP", bid, bid + 1.0, 1.0, 3.0)
            service.until("mid_btc_bybit", bid + 0.5)
            service.until("mid_btc_okx", bid + 0.5)
        before = service.status()["updated_unix_s"]
        eventually(lambda: service.status()["updated_unix_s"] > before, "a newer status")
        streams = service.status()["streams"]
        assert (streams["nodes_built"], streams["node_failures"]) == (1, 0)
        assert [venue["connected"] for venue in streams["venues"]] == [True, True]


def test_a_closed_instrument_has_no_values_though_quotes_go_on(
    region_path: Path, tmp_path: Path
) -> None:
    """Its factors end with their time to live, and status names it."""
    text = streamed_factors("okx", time_to_live_s=0.5)
    with (
        local_exchange() as exchange,
        streaming_process(region_path, tmp_path, exchange, text, "--venues", "okx") as service,
    ):
        okx = exchange.streams["okx"]
        okx.wait_for_topics("bbo-tbt")
        okx.rate("BTC-USDT-SWAP", "quote", 20)
        service.until_from("touch_btc_okx", "stream")
        okx.close_asset("BTC")
        service.until_none("touch_btc_okx")
        eventually(lambda: service.venue("okx")["closed"] == ["BTC-USDT-SWAP.OKX"], "its name")
        assert service.venue("okx")["messages_per_s"] > 0


def test_a_burst_is_counted_to_the_last_message(region_path: Path, tmp_path: Path) -> None:
    """10,000 messages a second for two seconds: each delivered, records fewer than messages."""
    text = streamed_factors("bybit")
    with (
        local_exchange() as exchange,
        streaming_process(region_path, tmp_path, exchange, text, "--venues", "bybit") as service,
    ):
        bybit = exchange.streams["bybit"]
        bybit.wait_for_topics("orderbook.1.BTCUSDT")
        bybit.rate("BTCUSDT", "quote", 10_000, n=20_000)
        eventually(lambda: bybit.state()["running_rates"] == 0, "the burst")
        sent = bybit.state()["sent_events"]
        eventually(lambda: service.venue("bybit")["messages"] >= sent, f"all {sent} messages")
        assert service.venue("bybit")["messages"] == sent
        assert service.status()["streams"]["records"] <= sent


def test_a_killed_service_goes_on_in_the_same_region(region_path: Path, tmp_path: Path) -> None:
    """After kill -9 the readers stay attached, as without streams."""
    text = streamed_factors("bybit")
    with local_exchange() as exchange:
        exchange.streams["bybit"].rate("BTCUSDT", "quote", 50)
        words = (region_path, tmp_path, exchange, text, "--venues", "bybit")
        with streaming_process(*words) as first:
            first.until_from("touch_btc_bybit", "stream")
            first.exf.process.kill()
            first.exf.process.wait(240)
            with streaming_process(*words) as second:
                sequence = first.reader.latest().sequence  # type: ignore[union-attr]
                eventually(
                    lambda: first.reader.latest().sequence > sequence,  # type: ignore[union-attr]
                    "the next record, for the first reader",
                )
                second.until_from("touch_btc_bybit", "stream")


@pytest.mark.long
def test_it_works_in_the_background(region_path: Path, tmp_path: Path) -> None:
    """Start, status, restart and stop, as without streams."""
    file = tmp_path / "streamed.toml"
    file.write_text(streamed_factors("bybit"))
    with local_exchange() as exchange:
        exchange.streams["bybit"].rate("BTCUSDT", "quote", 50)
        words = ("--region", region_path, "--log", tmp_path / "log", "--base-url", exchange.url)
        streams = ("--streams", "--factors", file, "--venues", "bybit")

        def is_streaming() -> bool:
            found = status_of(region_path)
            return bool(found["factors"]["from"]["touch_btc_bybit"] == "stream")

        started = run_exf("start", *words, *streams)
        try:
            assert started.returncode == 0, started.stderr
            eventually(is_streaming, "streams")
            assert run_exf("restart", *words, *streams).returncode == 0
            eventually(is_streaming, "streams after a restart")
        finally:
            stopped = run_exf("stop", "--region", region_path)
        assert stopped.stdout.startswith("stopped")
