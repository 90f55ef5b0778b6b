"""Market data that a service recorded: computed and traded again; killed, out of space."""

from __future__ import annotations

import json
import os
import resource
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from adapters.catalog import FactorCatalog
from adapters.catalog.files.recording_lock import is_written
from tests.integration.computing.commands import BACKTEST, ENVIRONMENT, TIMEOUT_S, compute
from tests.support.eventually import eventually
from tests.support.exchange.exf import run_exf
from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.streamed_factors import streaming_process
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.node_process import node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange
    from tests.support.exchange.streamed_factors import StreamingProcess

pytestmark = pytest.mark.timeout(400)

STRATEGY: Final = "tests.support.strategies.stream_trader:TradesTheStream"
FACTORS: Final = (
    ("touch_btc_bybit", "TouchImbalance", "BTCUSDT-LINEAR.BYBIT", ""),
    ("touch_btc_okx", "TouchImbalance", "BTC-USDT-SWAP.OKX", ""),
    ("flow_btc_binance", "OrderFlowImbalance", "BTCUSDT-PERP.BINANCE",
     'venue = "binance_usdm"\nevents = 3'),
    ("forced_btc_bybit", "LiquidatedNotional", "BTCUSDT-LINEAR.BYBIT",
     'window_s = 1\nside = "both"\nalive = "quotes"'),
    ("oi_btc_hyperliquid", "OpenInterestUsd", "BTC-USD-PERP.HYPERLIQUID", 'price = "quotes"'),
)  # fmt: skip
NAMES: Final = tuple(name for name, *_ in FACTORS)
VENUES: Final = ("bybit", "okx", "binance_usdm", "hyperliquid")
LONG, SHORT, FLAT = (9.0, 1.0), (1.0, 9.0), (3.0, 2.0)


def factor_tables() -> str:
    """Return the factors as TOML."""
    return "".join(
        f'[[computed]]\nclass = "{class_name}"\ninstrument = "{instrument}"\nname = "{name}"\n'
        f'unit = "-"\nabout = "of a test"\nrange = [-1e12, 1e12]\ntime_to_live_s = 60\n{more}\n'
        for name, class_name, instrument, more in FACTORS
    )


@contextmanager
def recording(
    region: Path, folder: Path, *words: object
) -> Iterator[tuple[LocalExchange, StreamingProcess]]:
    """Run an exchange and a service that records its market data into ``folder/market``."""
    config = folder / "exf.toml"
    config.write_text(f"[exf]\nvenues = {json.dumps(VENUES)}\n", encoding="utf-8")
    arguments = ("--config", config, "--record-market", folder / "market", *words)
    with (
        local_exchange() as exchange,
        streaming_process(region, folder, exchange, factor_tables(), *arguments) as service,
    ):
        service.until_streaming(*VENUES)
        for venue in ("bybit", "okx", "hyperliquid"):
            exchange.streams[venue].wait_for_subscription("quote")
        exchange.streams["bybit"].wait_for_subscription("liquidation")
        exchange.streams["hyperliquid"].wait_for_subscription("open_interest")
        exchange.streams["binance_usdm"].wait_for_subscription("quote")
        yield exchange, service


def push(exchange: LocalExchange, step: int, sizes: tuple[float, float]) -> None:
    """Have every venue send something."""
    bid = 60_000.0 + step
    for venue, symbol in (("binance_usdm", "BTCUSDT"), ("okx", "BTC-USDT-SWAP")):
        exchange.streams[venue].quote(symbol, bid, bid + 1, 1.0 + step, 2.0)
    hyperliquid, bybit = exchange.streams["hyperliquid"], exchange.streams["bybit"]
    hyperliquid.quote("BTC", bid, bid + 1, 1.0, 1.0)
    hyperliquid.open_interest("BTC", 1_000.0 + step)
    bybit.liquidation("BTCUSDT", bid, 0.25 + step)
    bybit.quote("BTCUSDT", bid, bid + 1, *sizes)


def market_of(service: StreamingProcess) -> dict[str, Any]:
    """Return what the service last wrote of its recording."""
    found: dict[str, Any] = service.status()["market_recording"]
    return found


def distinct(catalog: Path, name: str) -> list[bytes]:
    """Return the values of the factors in records that have any, without mere repetitions."""
    found: list[bytes] = []
    for batch in FactorCatalog(catalog).batches(recordings=[name]):
        places = [batch.schema.names.index(name) for name in NAMES]
        for row in np.ascontiguousarray(batch.values[:, places]):
            if not np.isnan(row).all() and (not found or found[-1] != row.tobytes()):
                found.append(row.tobytes())
    return found


def computed(folder: Path) -> tuple[list[bytes], str]:
    """Compute the factors from the market data; return them and what was printed."""
    market = folder / "market"
    done = compute("--catalog", market, "--factors", folder / "streamed.toml")
    assert done.returncode == 0, done.stderr
    assert FactorCatalog(market).verify() == []
    return distinct(market, "computed"), done.stderr


def traded(folder: Path, name: str) -> list[str]:
    """Run the strategy over the market data and recorded factors; return its decisions."""
    words = ("--catalog", folder / "market", "--recording", name, "--strategy", STRATEGY)
    done = run_forked(
        BACKTEST, *words, "--out", folder / name, cwd=folder, env=ENVIRONMENT, timeout_s=TIMEOUT_S
    )
    assert done.returncode == 0, done.stderr
    return decisions(done.stdout)


def decisions(text: str) -> list[str]:
    """Return what a strategy decided, and its fills."""
    return [line for line in text.splitlines() if line in {"LONG", "SHORT", "FILLED"}]


@pytest.mark.long
def test_a_streamed_session_is_computed_and_traded_again(
    region_path: Path, tmp_path: Path
) -> None:
    """Every published record has the bits of a computed one, in order; a strategy decides in a
    backtest as it did live; Ctrl-C leaves nothing unwritten.
    """
    market = tmp_path / "market"
    with recording(region_path, tmp_path, "--record", market) as (exchange, service):
        push(exchange, 0, FLAT)
        service.until("touch_btc_bybit", 0.2)
        words = ("--producer", "outside", "--region", region_path, "--strategy", STRATEGY)
        with node(*words) as trader:
            trader.wait_for("on the simulated market")
            for step, (sizes, value) in enumerate([(LONG, 0.8), (SHORT, -0.8), (LONG, 0.8)], 1):
                push(exchange, step, sizes)
                service.until("touch_btc_bybit", value)
                eventually(lambda n=step: trader.lines.count("FILLED") == n, "a fill")  # type: ignore[misc]
            # The end of the run closes the position.
            lived = decisions("\n".join(trader.lines))
            trader.signal(signal.SIGTERM)
            assert trader.exit_code() == 0, trader.output
        for step in range(4, 60):
            push(exchange, step, FLAT)
        service.exf.process.send_signal(signal.SIGINT)
        assert service.exf.process.wait(60) == 0
    counts = market_of(service)
    assert counts["problem"] == ""
    assert counts["dropped"] == {}
    assert counts["unwritten"] == counts["lost"] == counts["waiting"] == 0
    assert counts["recorded"] == counts["rows"] > 300
    assert counts["instruments"] > len(VENUES)

    again, said = computed(tmp_path)
    assert "left out" not in said
    assert "incomplete" not in said
    name = service.status()["recording"]["name"]
    published, left = distinct(market, name), iter(again)
    assert len(published) > 50
    assert [row for row in published if row not in left] == []
    newest = np.frombuffer(published[-1])
    assert not np.isnan(newest).any()
    assert lived == ["LONG", "FILLED", "SHORT", "FILLED", "LONG", "FILLED"]
    assert traded(tmp_path, "computed")[: len(lived)] == lived
    # The factors as they were published, polled ones too, with the market beside them.
    assert traded(tmp_path, name)[: len(lived)] == lived


@pytest.mark.long
def test_a_killed_service_leaves_what_came_until_then(region_path: Path, tmp_path: Path) -> None:
    """The writer ends by itself, with every row that was handed over in a file."""
    with recording(region_path, tmp_path) as (exchange, service):
        for step in range(30):
            push(exchange, step, LONG)
        eventually(lambda: market_of(service)["recorded"] >= 6 * 30, "rows")
        service.exf.process.kill()
        service.exf.process.wait(60)
        home = tmp_path / "market" / "recordings" / "market"
        eventually(lambda: not is_written(home), "the writer's end")
    values, said = computed(tmp_path)
    assert len(values) >= 30
    assert "incomplete" not in said


@pytest.mark.long
def test_a_killed_writer_is_started_again_and_what_it_had_is_counted(
    region_path: Path, tmp_path: Path
) -> None:
    """The factors go on, what comes then is recorded, and the loss is in the journal."""
    with recording(region_path, tmp_path) as (exchange, service):
        for step in range(30):
            push(exchange, step, LONG)
        eventually(lambda: market_of(service)["recorded"] >= 6 * 30, "rows")
        writer = market_of(service)["writer_pid"]
        os.kill(writer, signal.SIGKILL)
        for step in range(30, 60):
            push(exchange, step, SHORT)
        service.until("touch_btc_bybit", -0.8)
        eventually(lambda: market_of(service)["restarts"] == 1, "another writer")
        assert market_of(service)["writer_pid"] != writer
        again = market_of(service)["recorded"]
        for step in range(60, 90):
            push(exchange, step, LONG)
        eventually(lambda: market_of(service)["recorded"] >= again + 6 * 30, "rows again")
        eventually(lambda: market_of(service)["problem"] == "", "no problem any more")
        report = run_exf("status", "--region", region_path).stdout
        assert "writer started again 1 times" in report
        service.exf.process.send_signal(signal.SIGTERM)
        assert service.exf.process.wait(60) == 0
    counts = market_of(service)
    assert counts["dropped"] == {}
    assert counts["rows"] == counts["recorded"] + counts["lost"] + counts["unwritten"]
    values, said = computed(tmp_path)
    assert len(values) >= 60
    assert not counts["lost"] or "rows that were with a market writer that ended" in said


@pytest.mark.long
def test_a_writer_that_cannot_be_started_again_is_reported_and_its_rows_are_kept(
    region_path: Path, tmp_path: Path
) -> None:
    """The factors go on, what is lost is counted, and the next reader finishes the files."""
    with recording(region_path, tmp_path) as (exchange, service):
        for step in range(30):
            push(exchange, step, LONG)
        eventually(lambda: market_of(service)["recorded"] >= 6 * 30, "rows")
        recorded = market_of(service)["recorded"]
        home = tmp_path / "market" / "recordings" / "market"
        home.rename(tmp_path / "market" / "recordings" / "elsewhere")
        home.symlink_to("/dev/null")
        os.kill(market_of(service)["writer_pid"], signal.SIGKILL)
        eventually(lambda: "no more market data" in market_of(service)["problem"], "the problem")
        home.unlink()
        (tmp_path / "market" / "recordings" / "elsewhere").rename(home)
        push(exchange, 31, SHORT)
        service.until("touch_btc_bybit", -0.8)
        eventually(lambda: market_of(service)["dropped"].get("quotes", 0) >= 4, "dropped quotes")
        report = run_exf("status", "--region", region_path).stdout
        assert "quotes" in next(line for line in report.splitlines() if "market data" in line)
        service.exf.process.send_signal(signal.SIGTERM)
        assert service.exf.process.wait(60) == 0
    counts = market_of(service)
    assert counts["rows"] == counts["recorded"] + counts["lost"] + sum(counts["dropped"].values())
    values, said = computed(tmp_path)
    assert len(values) >= 30
    assert "killed" in said
    assert recorded >= 180


@pytest.mark.long
def test_rows_for_which_there_is_no_space_are_counted(region_path: Path, tmp_path: Path) -> None:
    """No file may grow: the rows are unwritten, with the reason; later ones are recorded."""
    with recording(region_path, tmp_path) as (exchange, service):
        push(exchange, 0, LONG)
        eventually(lambda: market_of(service)["recorded"] > 0, "rows")
        writer = market_of(service)["writer_pid"]
        before = resource.prlimit(writer, resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
        for step in range(1, 20):
            push(exchange, step, LONG)
        eventually(lambda: market_of(service)["unwritten"] > 0, "unwritten rows")
        assert "large" in market_of(service)["problem"]
        resource.prlimit(writer, resource.RLIMIT_FSIZE, before)
        recorded = market_of(service)["recorded"]

        def is_recorded_again() -> bool:
            push(exchange, 21, SHORT)
            counts = market_of(service)
            return counts["recorded"] > recorded and not counts["problem"]

        eventually(is_recorded_again, "rows again")
        service.exf.process.send_signal(signal.SIGTERM)
        assert service.exf.process.wait(60) == 0
    counts = market_of(service)
    assert counts["rows"] == counts["recorded"] + counts["unwritten"]
    assert counts["unwritten"] > 0
    _, said = computed(tmp_path)
    assert f"{counts['unwritten']:,} rows of market data were not recorded" in said
