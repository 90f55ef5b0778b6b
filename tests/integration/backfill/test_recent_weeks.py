"""From the newest archive to the present: what endpoints tell, asked of a real server."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest

from adapters.exchanges.venues.histories import known_histories
from tests.integration.backfill.backfilled import changes, market, run
from tests.support.catalogs.venue_archives import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    bybit_funding_answer,
    dvol_answer,
    dvol_rows,
    write_json,
)
from tests.support.eventually import eventually
from tests.support.exchange.bodies.histories import FUNDING_MS, PERIOD_MS, value_at
from tests.support.lengths import long
from tests.support.nodes.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange

LINEAR: Final = "BTCUSDT-LINEAR.BYBIT"
PAGE_ROWS: Final = known_histories()["deribit"].histories["volatility_index"].page_rows
STATISTICS_PERIOD_MS: Final = 30_000
SERVED_MS: Final = 60_000


def now_ms() -> int:
    """Return the present, UNIX milliseconds."""
    return time.time_ns() // 1_000_000


@pytest.fixture(autouse=True)
def _no_faults(exchange: LocalExchange) -> None:
    exchange.control(faults={})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder without archives."""
    made = tmp_path / "in"
    made.mkdir()
    return made


def paths(exchange: LocalExchange, since_s: float) -> list[str]:
    """Return the paths that were asked for since an instant, monotonic seconds."""
    return [path for at_s, path in exchange.requests() if at_s >= since_s]


def test_a_factor_goes_on_where_its_archives_end(
    exchange: LocalExchange, folder: Path, tmp_path: Path
) -> None:
    """The index of two days from a file, and from then on what the endpoint has, without a gap."""
    first = now_ms() // HOUR_MS * HOUR_MS - 2 * DAY_MS
    write_json(folder / "dvol_BTC.json", dvol_answer(dvol_rows(first, 24)))
    catalog = tmp_path / "catalog"
    options = ("--rest", "--rest-days", "5", "--base-url", exchange.url)
    assert run(folder, catalog, *options) == 0
    seen = changes(catalog, "dvol_btc")
    assert not any(k.value != k.value for k in seen[:-1])
    minutes = {k.at_ms: k.value for k in seen}
    period_ms = 10_000
    at = first + 30 * HOUR_MS
    assert minutes[at + MINUTE_MS + period_ms] == float(value_at(at, 40))
    assert seen[-1].at_ms >= now_ms() - 4 * MINUTE_MS


def test_an_asset_without_archives(exchange: LocalExchange, folder: Path, tmp_path: Path) -> None:
    """Every live factor of the venue that has a past, with its delay, and settled funding."""
    catalog = tmp_path / "catalog"
    options = ("--rest-days", "2", "--base-url", exchange.url, "--rest", "bybit/BTC")
    assert run(folder, catalog, *options) == 0
    at = (now_ms() - DAY_MS) // PERIOD_MS * PERIOD_MS
    ratio = changes(catalog, "long_short_btc_bybit")
    assert ratio[0].value == pytest.approx(1.5)
    mark = {k.at_ms: k.value for k in changes(catalog, "mark_btc_bybit")}
    tick_ms = 500
    assert mark[at + MINUTE_MS + tick_ms] == float(value_at(at, 60_000))
    interest = {k.at_ms: k.value for k in changes(catalog, "open_interest_btc_bybit_usd")}
    one_side = float(value_at(at, 50_000)) / 2
    known = at + PERIOD_MS
    price = float(value_at(known - MINUTE_MS, 60_000))
    assert interest[known + tick_ms] == pytest.approx(one_side * price)
    # Mark and index of the local exchange are in proportion.
    basis = changes(catalog, "basis_bps_btc_bybit")
    assert basis[0].value == pytest.approx((60 / 59 - 1) * 1e4, abs=0.01)
    updates = market(catalog, "funding_rates", LINEAR)
    assert len(updates) in {5, 6, 7}
    assert {u.interval for u in updates} == {480}
    due = updates[-1].ts_event // 1_000_000
    assert due % FUNDING_MS == 0
    assert str(updates[-1].rate) == value_at(due, 0.0001)


def test_statistics_are_seen_after_they_are_served(
    exchange: LocalExchange, folder: Path, tmp_path: Path
) -> None:
    """A ratio of five minutes: their end, a minute until it is served, and the live period."""
    catalog = tmp_path / "catalog"
    options = ("--rest-days", "1", "--base-url", exchange.url, "--rest", "binance_usdm/BTC")
    assert run(folder, catalog, *options) == 0
    at = (now_ms() - 6 * HOUR_MS) // PERIOD_MS * PERIOD_MS
    for name in ("taker_buy_sell_btc_binance", "long_short_btc_binance"):
        values = {k.at_ms: k.value for k in changes(catalog, name)}
        known = at + PERIOD_MS + SERVED_MS + STATISTICS_PERIOD_MS
        assert values[known] == float(value_at(at))
    premium = changes(catalog, "premium_index_btc_binance_bps")
    assert 1.0 <= premium[0].value <= 2.0
    funding = changes(catalog, "funding_btc_binance_8h")
    assert 0.0001 <= funding[0].value <= 0.0002


def test_a_second_time_only_the_rest_is_asked(
    exchange: LocalExchange, folder: Path, tmp_path: Path
) -> None:
    """Each history goes on after what is there; nothing is written twice."""
    catalog = tmp_path / "catalog"
    options = ("--rest-days", "3", "--base-url", exchange.url, "--rest", "bybit/BTC")
    assert run(folder, catalog, *options) == 0
    began_s = time.monotonic()
    before = changes(catalog, "mark_btc_bybit")
    funding = market(catalog, "funding_rates", LINEAR)
    assert run(folder, catalog, *options) == 0
    asked = paths(exchange, began_s)
    assert 0 < len(asked) <= 10
    after = changes(catalog, "mark_btc_bybit")
    assert after[: len(before) - 1] == before[:-1]
    assert market(catalog, "funding_rates", LINEAR) == funding


def test_what_failed_is_asked_again_and_the_rest_is_there(
    exchange: LocalExchange, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One endpoint that refuses costs its own factor alone; the next run has it."""
    catalog = tmp_path / "catalog"
    options = ("--rest-days", "1", "--base-url", exchange.url, "--rest", "bybit/BTC")
    exchange.control(faults={"/v5/market/account-ratio": {"mode": "status", "value": 403}})
    assert run(folder, catalog, *options) == 1
    assert "account-ratio" in capsys.readouterr().err
    assert changes(catalog, "mark_btc_bybit")
    exchange.control(faults={})
    assert run(folder, catalog, *options) == 0
    assert changes(catalog, "long_short_btc_bybit")


def test_what_came_before_a_failure_is_written(
    exchange: LocalExchange, folder: Path, tmp_path: Path
) -> None:
    """A history that broke off in the middle goes on after the rows that it had."""
    catalog = tmp_path / "catalog"
    options = ("--rest-days", "5", "--base-url", exchange.url, "--rest", "deribit/BTC")
    path = "/api/v2/public/get_volatility_index_data"
    exchange.control(faults={path: {"mode": "status", "value": 403, "after": 3}})
    assert run(folder, catalog, *options) == 1
    assert len(changes(catalog, "dvol_btc")) == 3 * PAGE_ROWS + 1
    began_s = time.monotonic()
    exchange.control(faults={})
    assert run(folder, catalog, *options) == 0
    assert paths(exchange, began_s).count(path) == 5
    values = changes(catalog, "dvol_btc")
    assert len(values) > 5 * 1_000
    assert not (catalog / ".recent").exists()


def test_every_factor_of_okx_that_has_a_past(
    exchange: LocalExchange, folder: Path, tmp_path: Path
) -> None:
    """Statistics, prices and funding, the index under its own symbol, all under live names."""
    catalog = tmp_path / "catalog"
    options = ("--rest-days", "1", "--base-url", exchange.url, "--rest", "okx/BTC")
    assert run(folder, catalog, *options) == 0
    for name in (
        *("mark_btc_okx", "index_btc_okx", "basis_bps_btc_okx", "open_interest_btc_okx_usd"),
        *("long_short_btc_okx", "long_short_top_positions_btc_okx", "taker_buy_sell_btc_okx"),
        *("funding_btc_okx_8h", "funding_interval_btc_okx_h"),
    ):
        assert changes(catalog, name), name


def interrupted(arguments: list[str], number: signal.Signals, reached: Callable[[], bool]) -> int:
    """Run the command until a state is reached, send a signal, and return the exit code."""
    command = [sys.executable, "backtests/backfill.py", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        eventually(reached, "the rows", 60)
        process.send_signal(number)
        return process.wait(240)
    finally:
        process.kill()
        process.wait(240)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), long(signal.SIGTERM, 130), long(signal.SIGKILL, -9)]
)
def test_an_interrupted_reading_goes_on_after_its_rows(
    exchange: LocalExchange, folder: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """Ctrl-C or kill -9 in the middle: what had come is kept, 0600, and not asked again."""
    catalog = tmp_path / "catalog"
    path = "/api/v2/public/get_volatility_index_data"
    exchange.control(faults={path: {"mode": "hang", "after": 3}})
    options = ["--rest-days", "5", "--base-url", exchange.url, "--rest", "deribit/BTC"]

    def kept() -> list[Path]:
        found = (catalog / ".recent").glob("*~volatility_index~*")
        return [file for file in found if file.read_bytes().count(b"\n") == 3 * PAGE_ROWS + 1]

    arguments = [str(folder), "--catalog", str(catalog), *options]
    assert interrupted(arguments, number, lambda: bool(kept())) == code
    (file,) = kept()
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open("ab") as half:
        half.write(b"17900")
    exchange.control(faults={})
    began_s = time.monotonic()
    assert run(folder, catalog, *options) == 0
    assert paths(exchange, began_s).count(path) == 5
    values = changes(catalog, "dvol_btc")
    assert len({k.at_ms for k in values}) > 7_000
    assert not (catalog / ".recent").exists()


def test_a_dry_run_asks_nothing(
    exchange: LocalExchange, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It states what would be asked, and from when on."""
    began_s = time.monotonic()
    options = ("--base-url", exchange.url, "--dry-run", "--rest", "okx/BTC", "deribit/ETH")
    assert run(folder, tmp_path / "catalog", *options) == 0
    told = capsys.readouterr().out
    assert "volatility_index" in told
    assert "BTC-USDT-SWAP" in told
    assert not paths(exchange, began_s)


def test_an_older_gap_than_is_asked_for_is_named(
    exchange: LocalExchange, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Archives that end long ago: the days between are said to be missing."""
    first = now_ms() // FUNDING_MS * FUNDING_MS - 40 * DAY_MS
    rates = [(first + i * FUNDING_MS, "0.0001") for i in range(6)]
    write_json(folder / "funding.json", bybit_funding_answer(rates, "BTCUSDT"))
    catalog = tmp_path / "catalog"
    options = ("--rest", "--rest-days", "2", "--base-url", exchange.url)
    assert run(folder, catalog, *options) == 0
    assert "archives may have it" in capsys.readouterr().err
    seen = changes(catalog, "funding_btc_bybit_8h")
    assert any(k.value != k.value for k in seen)


@pytest.mark.parametrize("text", ["moon/BTC", "bybit", "bybit/", "kraken/BTC"])
def test_what_has_no_past_is_refused(folder: Path, tmp_path: Path, text: str) -> None:
    """A venue without histories, or no asset."""
    assert run(folder, tmp_path / "catalog", "--rest", text) == 2
