"""What the trader sees who types ``python live/run_node.py``."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from adapters.process.stop_signals import COPY_S
from adapters.shm import FactorWriter
from tests.support.eventually import eventually
from tests.support.lengths import long
from tests.support.nodes.node_process import ROOT, SHM, NodeProcess, node

ODD = "tests.support.strategies.odd_strategies"
RAISING = "tests.support.strategies.raising_strategies"


def summary_number(process: NodeProcess, pattern: str) -> float:
    """Return the number that a pattern finds in the summary."""
    found = re.search(pattern, process.output)
    assert found, process.output
    return float(found.group(1).replace(",", ""))


def test_the_demo_runs_from_any_folder_and_sums_up(tmp_path: Path) -> None:
    """Without arguments but a duration: progress, orders, a complete summary, no leftovers."""
    with node("--seconds", 8, cwd=tmp_path) as demo:
        assert demo.exit_code() == 0, demo.output
        published = summary_number(demo, r"([\d,]+) published")
        delivered = summary_number(demo, r"([\d,]+) delivered")
        conflated = summary_number(demo, r"([\d,]+) conflated")
        lost = summary_number(demo, r"([\d,]+) lost")
        pending = summary_number(demo, r"([\d,]+) not read")
        assert published > 500
        assert published == delivered + conflated + lost + pending
        assert lost == 0
        assert "arrived while the node was busy: " in demo.output
        positions = re.findall(r"  position (\S+)  PnL", demo.output)
        assert positions
        for text in positions:
            assert re.fullmatch(r"[+-]\d+(\.\d{1,3})?", text), "the instrument has three decimals"
        for what in ("p50", "p99", "p99.9", "max", "orders", "fills", "fees", "PnL"):
            assert what in demo.output
        assert summary_number(demo, r"fees +([\d,.]+)") > 0
        assert sum("factors" in line and "latency" in line for line in demo.lines) >= 2
        assert "left open nothing" in demo.output
        assert demo.run_folders() == []


@pytest.mark.parametrize("wait", ["event", long("spin")])
def test_the_summary_tells_what_arrived_while_the_node_was_busy(wait: str) -> None:
    """A strategy works at each fourth quote until a record is written: some factors arrive then,
    some do not.
    """
    with node("--strategy", f"{ODD}:WorksInOnQuote", "--wait", wait) as process:
        process.wait_for("ENOUGH")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        came = summary_number(process, r"write to on_factors: .*\(n=([\d,]+)\)")
        came_in_work = summary_number(process, r"node was busy: .*\(n=([\d,]+)\)")
        assert came > 500
        assert came / 20 < came_in_work < came


@pytest.mark.parametrize(
    ("number", "wait"),
    [
        (signal.SIGINT, "event"),
        (signal.SIGTERM, "spin"),
        long(signal.SIGINT, "spin"),
        long(signal.SIGTERM, "event"),
    ],
)
def test_a_signal_ends_it_flat(number: signal.Signals, wait: str) -> None:
    """Fault D01: with an open position and a resting order, one signal leaves nothing open and
    exits 0.
    """
    with node("--strategy", f"{ODD}:HoldsPosition", "--wait", wait) as process:
        process.wait_for("HOLDING 0.01")
        process.signal(number)
        assert process.exit_code() == 0, process.output
        assert "left open nothing" in process.output
        assert summary_number(process, r"([\d,]+) buys") == 1
        assert summary_number(process, r"([\d,]+) sells") == 1
        assert process.run_folders() == []


def test_orders_sent_while_it_stops_do_not_leave_a_position() -> None:
    """Fault D01: a timer goes on after on_stop; what it sends is dropped and counted."""
    with node("--strategy", f"{ODD}:KeepsBuying") as process:
        process.wait_for("ENOUGH")
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
        assert summary_number(process, r"([\d,]+) buys") > 5
        assert "orders sent after the request to stop" in process.output
        assert "left open nothing" in process.output


def test_a_signal_before_the_node_runs_ends_it() -> None:
    """SIGTERM while the producer starts ends the process without a node."""
    with node() as process:
        eventually(process.run_folders, "the run's folder")
        process.signal(signal.SIGTERM)
        assert process.exit_code() in {0, 130}
        assert process.run_folders() == []


def test_a_second_signal_leaves_at_once_and_says_what_is_open() -> None:
    """Fault D01: a strategy that hangs: the second request ends the process with a code and an
    alarm.
    """
    with node("--strategy", f"{ODD}:Sleeps") as process:
        process.wait_for("HANG: ")
        children = process.children()
        process.signal(signal.SIGTERM)
        process.wait_for("once more")
        time.sleep(COPY_S * 1.2)
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 130
        assert "LEFT OPEN" in process.output
        assert "position +0.01" in process.output
        assert process.run_folders() == []
        eventually(lambda: not any(is_alive(pid) for pid in children), "no child left")


@pytest.mark.parametrize(
    "strategy",
    [
        "RaisesInOnFactors",
        long("ExitsInOnFactors"),
        "RaisesInTimer",
        long("RaisesInOnQuote"),
        "RaisesInLoopCallback",
    ],
)
def test_an_exception_stops_the_node_flat(strategy: str) -> None:
    """Fault D03: wherever it is raised: position closed, orders cancelled, exit code 1."""
    with node("--strategy", f"{RAISING}:{strategy}", "--seconds", 50) as process:
        assert process.exit_code() == 1, process.output
        assert "HOLDING 0.01" in process.output
        assert "left open nothing" in process.output


@pytest.mark.parametrize(
    ("strategy", "where"),
    [("RaisesInOnStop", "on_stop"), long("RaisesInOnStopEvent", "on_order_canceled")],
)
def test_an_exception_while_it_stops_is_a_failure(strategy: str, where: str) -> None:
    """Fault D03: the run was asked to stop and ends flat, with exit code 1 and the exception."""
    with node("--strategy", f"{RAISING}:{strategy}") as process:
        process.wait_for("HOLDING 0.01")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 1, process.output
        assert f"{where} raised RuntimeError: planted in {where}" in process.output
        assert "stopped by SIGINT" in process.output
        assert "left open nothing" in process.output


@pytest.mark.parametrize("wait", ["event", long("spin")])
def test_an_exception_in_the_feed_stops_the_node_flat(wait: str) -> None:
    """The position that the strategy holds is closed, and the exit code is 1."""
    script = ROOT / "tests" / "support" / "strategies" / "broken_feed.py"
    arguments = ["--strategy", f"{ODD}:HoldsPosition", "--wait", wait, "--seconds", 50]
    with node(*arguments, script=script) as process:
        assert process.exit_code() == 1, process.output
        assert "planted in the feed" in process.output
        assert summary_number(process, r"([\d,]+) buys") == 1
        assert "left open nothing" in process.output


def test_a_storm_of_orders_is_denied_by_the_rate_and_ends_flat() -> None:
    """Fault D10: of 600 orders at once, NautilusTrader's own limit lets 100 a second through."""
    with node("--strategy", f"{ODD}:SendsAStorm") as process:
        process.wait_for("ENOUGH")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        assert summary_number(process, r"([\d,]+) sent") > 600
        assert summary_number(process, r"([\d,]+) denied or rejected") >= 300
        assert "left open nothing" in process.output


def test_a_stop_after_a_burst_waits_until_the_closing_order_may_go() -> None:
    """Fault D10: the risk engine denies whatever exceeds its rate, closing orders too."""
    with node("--strategy", f"{ODD}:SendsBursts") as process:
        process.wait_for("BURST")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        assert summary_number(process, r"([\d,]+) denied or rejected") >= 30
        assert "left open nothing" in process.output


def test_a_killed_producer_is_replaced_and_nothing_is_lost() -> None:
    """Fault D08: its last factors turn stale, a new producer goes on, and the run ends well."""
    with node("--strategy", f"{ODD}:KillsProducer") as process:
        process.wait_for("ENOUGH")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        assert "starting it again" in process.output
        assert summary_number(process, r"([\d,]+) published") > 400
        assert summary_number(process, r"([\d,]+) lost") == 0


def test_children_die_with_a_killed_node_and_the_next_run_cleans_up() -> None:
    """After kill -9 of the node its producer ends; the next start removes the leftovers."""
    with node("--strategy", f"{ODD}:HoldsPosition") as process:
        process.wait_for("HOLDING")
        children, folders = process.children(), process.run_folders()
        assert children
        assert folders
        process.signal(signal.SIGKILL)
        process.exit_code()
        eventually(lambda: not any(is_alive(pid) for pid in children), "no child left")
    with node("--seconds", 1) as following:
        assert following.exit_code() == 0
    assert not any(folder.exists() for folder in folders)


@pytest.mark.long
def test_factors_are_what_the_demo_earns_with() -> None:
    """With the same seed, shuffled factors earn less."""
    with (
        node("--seconds", 25, "--seed", 11) as informed,
        node("--seconds", 25, "--seed", 11, "--config", shuffled_config()) as shuffled,
    ):
        assert informed.exit_code() == 0, informed.output
        assert shuffled.exit_code() == 0, shuffled.output
        pnl = r"PnL +([+-][\d,.]+) USDT after fees"
        assert summary_number(informed, pnl) > summary_number(shuffled, pnl)


def shuffled_config() -> str:
    """Return the path of a configuration with shuffled factors."""
    return str(Path(__file__).parent / "shuffled.toml")


def test_binance_without_a_network_is_said_plainly() -> None:
    """Fault D05: the node is built, cannot connect, trades nothing, and says so."""
    with node("--venue", "binance", "--region", SHM / f"dolphin_none_{os.getpid()}") as process:
        assert process.exit_code() == 1
        assert "Binance could not be reached" in process.output
        assert "0 sent" in process.output


def test_a_name_that_the_producer_loses_is_waited_for(region_path: Path) -> None:
    """A producer that starts again without a required factor does not end a node that trades."""
    outside = ("--producer", "outside", "--region", region_path)
    with node(*outside, "--strategy", f"{ODD}:HoldsPosition") as process:
        publish_until(process, region_path, ["basis", "imbal_btc"], "HOLDING ")
        publish_until(process, region_path, ["basis"], "'imbal_btc' is not in the schema")
        publish_until(process, region_path, ["basis", "imbal_btc"], "ENOUGH")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
    assert "left open nothing" in process.output


def publish_until(process: NodeProcess, region: Path, names: list[str], text: str) -> None:
    """Publish some factors from this process until a node has printed a text."""
    with FactorWriter(region, names) as writer:

        def is_printed() -> bool:
            writer.write(dict.fromkeys(names, 0.1))
            return text in process.output or process.has_ended()

        eventually(is_printed, f"output {text!r}")
    assert text in process.output, process.output


def is_alive(pid: int) -> bool:
    """Return whether a process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        return stat.rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
