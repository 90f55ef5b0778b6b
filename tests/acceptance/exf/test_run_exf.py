"""What the operator sees who types ``python live/run_exf.py``."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from adapters.shm import FactorReader
from live.exf import background_service
from live.exf.service_files import ServiceFiles
from live.exf.status.status_report import status_code
from tests.support.eventually import eventually
from tests.support.exchange.exf import attached, exf_process, run_exf, status_of
from tests.support.exchange.local_exchange import local_exchange
from tests.support.transports.regions import values_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange


@pytest.fixture(scope="module")
def exchange() -> Iterator[LocalExchange]:
    """Give a local exchange to the tests of this module, one after another."""
    with local_exchange() as running:
        yield running


@pytest.fixture
def files(region_path: Path) -> ServiceFiles:
    """Give the pid file and status of this test's service."""
    return ServiceFiles(region_path)


@contextmanager
def started(region: Path, url: str, log: Path) -> Iterator[int]:
    """Run ``start`` and see to it that the service ends; give its pid."""
    try:
        result = run_exf("start", "--region", region, "--log", log, "--base-url", url)
        assert result.returncode == 0, result.stderr
        pid = ServiceFiles(region).running_pid()
        assert pid is not None
        yield pid
    finally:
        background_service.stop(region)


def code_now(files: ServiceFiles) -> int:
    """Return what ``status`` would exit with."""
    return status_code(files.read_status(), files.running_pid(), time.time())


def closed_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_runs_until_a_signal_and_the_region_says_that_it_is_closed(
    exchange: LocalExchange, region_path: Path
) -> None:
    """Fault G08: all factors have values; SIGTERM ends it with 0; what it held is let go."""
    with (
        exf_process(region_path, "--base-url", exchange.url) as exf,
        attached(region_path) as reader,
    ):
        total = len(reader.schema)
        exf.until_alive(total)
        assert reader.status().alive
        latest = values_now(reader)
        assert latest["spread"] == pytest.approx(0.1 / 60_000 * 1e4, rel=1e-3)
        assert latest["imbal_btc"] == 0.5
        assert latest["basis"] == pytest.approx(1.0, abs=0.01)
        assert latest["funding_btc_binance_8h"] == pytest.approx(0.00012345)
        assert latest["funding_eth_binance_8h"] == pytest.approx(0.0002469)
        assert latest["funding_btc_venues"] == 6
        report = run_exf("status", "--region", region_path)
        assert report.returncode in {0, 4}, report.stdout
        assert f"of {total} alive" in report.stdout
        exf.process.send_signal(signal.SIGTERM)
        assert exf.process.wait(240) == 0
        assert not reader.status().alive
    after = run_exf("status", "--region", region_path)
    assert after.returncode == 3
    assert "not running" in after.stdout


def test_status_as_json_has_what_a_monitor_needs(
    exchange: LocalExchange, region_path: Path
) -> None:
    """Per source: last success, latency, errors, factors alive; per host: the clock's skew."""
    with exf_process(region_path, "--base-url", exchange.url, "--venues", "bybit,okx") as exf:
        exf.until_alive(20)
        status = status_of(region_path)
        assert status["running"]
        assert status["pid"] == exf.process.pid
        assert {host["venue"] for host in status["hosts"]} == {"bybit", "okx"}
        assert all(abs(host["skew_ms"]) < 1500 for host in status["hosts"])
        source = next(s for s in status["sources"] if s["source"] == "bybit/ticker/BTCUSDT")
        assert source["last_success_unix_s"] == pytest.approx(time.time(), abs=30)
        assert source["latency_ms"]["n"] >= 1
        assert source["latency_ms"]["p50"] > 0
        assert source["errors"] == {}
        assert source["factors_alive"] == source["factors"] == 12


def test_start_stop_and_restart(
    exchange: LocalExchange, region_path: Path, files: ServiceFiles, tmp_path: Path
) -> None:
    """In the background, once; a reader stays attached over a restart and sees it recover."""
    log = tmp_path / "exf.log"
    with started(region_path, exchange.url, log) as pid:
        for command in ("start", "run"):
            again = run_exf(command, "--region", region_path, "--base-url", exchange.url)
            assert again.returncode == 1
            assert f"pid {pid}" in again.stderr

        with FactorReader(region_path) as reader:
            eventually(lambda: values_now(reader)["spread"] > 0, "values")
            before = values_now(reader).sequence
            restarted = run_exf(
                "restart", "--region", region_path, "--base-url", exchange.url, "--log", log
            )
            assert restarted.returncode == 0, restarted.stderr
            eventually(lambda: values_now(reader).sequence > before, "records of the new one")
            eventually(lambda: values_now(reader)["spread"] > 0, "values from the new one")
            assert files.running_pid() not in {pid, None}

        for word in ("stopped", "not running"):
            stopped = run_exf("stop", "--region", region_path)
            assert stopped.returncode == 0
            assert stopped.stdout.startswith(word)
        assert "stopped by SIGTERM" in run_exf("status", "--region", region_path).stdout


def test_a_killed_service_is_seen_and_can_be_started_again(
    exchange: LocalExchange, region_path: Path, files: ServiceFiles, tmp_path: Path
) -> None:
    """Fault G08: SIGKILL leaves a pid file, which nobody takes for a process."""
    log = tmp_path / "exf.log"
    with started(region_path, exchange.url, log) as pid:
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: code_now(files) == 3, "its death")
        with started(region_path, exchange.url, log) as new:
            assert new != pid


def test_a_service_that_hangs_is_told_from_one_that_runs_and_ended_by_force(
    exchange: LocalExchange, region_path: Path, files: ServiceFiles, tmp_path: Path
) -> None:
    """Fault G07: SIGSTOP: status says so with a code of its own; stop ends it all the same."""
    with started(region_path, exchange.url, tmp_path / "exf.log") as pid:
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: code_now(files) == 6, "silence")
        assert "NOT RESPONDING" in run_exf("status", "--region", region_path).stdout
        stopped = run_exf("stop", "--region", region_path)
        assert stopped.returncode == 1
        assert stopped.stdout.startswith("killed")


def test_without_a_network_it_says_which_hosts_refused(
    region_path: Path, files: ServiceFiles
) -> None:
    """Every factor is NaN, status names the hosts and has a code of its own, so has the run."""
    url = f"http://127.0.0.1:{closed_port()}"
    with exf_process(region_path, "--base-url", url) as exf:
        reader = attached(region_path)
        eventually(
            lambda: (
                run_exf("status", "--region", region_path).returncode == 5
                and "NO ANSWER from bybit" in run_exf("status", "--region", region_path).stdout
            ),
            "the hosts that refused",
        )
        text = run_exf("status", "--region", region_path).stdout
        for venue in ("binance_usdm", "okx", "deribit", "coinbase", "alternative_me"):
            assert f"NO ANSWER from {venue} ({url})" in text
        latest = values_now(reader)
        assert [n for n in latest if latest[n] == latest[n]] == []
        assert f"factors 0 of {len(latest.schema)} alive" in text
        reader.close()
        exf.process.send_signal(signal.SIGINT)
        assert exf.process.wait(240) == 5


def test_a_certificate_of_somebody_else_is_not_trusted(
    exchange: LocalExchange, region_path: Path
) -> None:
    """Fault G05: TLS fails closed: a server without a trusted certificate gives no value."""
    url = exchange.url.replace("http://", "https://")
    result = run_exf("run", "--region", region_path, "--base-url", url, "--seconds", 2)
    assert result.returncode == 5, result.stderr


def test_factors_of_ones_own_need_no_code(
    exchange: LocalExchange, region_path: Path, tmp_path: Path
) -> None:
    """A file with one more symbol: check takes it, and its value appears in the region."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[[source]]\nvenue = "bybit"\nendpoint = "ticker"\nsymbol = "SOLUSDT"\n'
        "period_s = 0.5\ntime_to_live_s = 1.5\n[source.factors]\n"
        'mark_sol = { field = "mark_price", unit = "USDT", range = [1, 1e6], about = "SOL" }\n'
    )
    config = tmp_path / "exf.toml"
    config.write_text(f'[exf]\nfactors = ["own.toml"]\nbase_url = "{exchange.url}"\n')
    check = run_exf("check", "--config", config)
    assert check.returncode == 0, check.stderr
    listed = run_exf("factors", "--factors", own)
    assert "mark_sol" in listed.stdout
    with exf_process(region_path, "--config", config) as exf:
        exf.until_alive(50)
        reader = attached(region_path)
        eventually(lambda: values_now(reader)["mark_sol"] > 0, "the factor")
        reader.close()


def test_the_region_is_protected_from_a_second_writer(
    exchange: LocalExchange, region_path: Path
) -> None:
    """A region that another program writes is left alone."""
    from adapters.shm import FactorWriter

    with FactorWriter(region_path, ["x"]) as writer:
        result = run_exf("run", "--region", region_path, "--base-url", exchange.url)
        assert result.returncode == 1
        assert str(os.getpid()) in result.stderr
        writer.close(unlink=True)


def test_the_status_file_is_json_whenever_it_is_read(
    exchange: LocalExchange, region_path: Path
) -> None:
    """It is replaced whole."""
    with exf_process(region_path, "--base-url", exchange.url) as exf:
        exf.until_alive(50)
        path = region_path.with_name(region_path.name + ".service.d") / "status.json"
        for _ in range(2000):
            json.loads(path.read_bytes())
