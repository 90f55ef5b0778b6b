"""What it costs to be watched: the monitor's CPU, and a node with and without it and scrapes."""

from __future__ import annotations

import os
import pty
import re
import signal
import statistics
import subprocess
import sys
import termios
import threading
import time
import urllib.request
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Final

from live.metrics.snapshot_file import FIGURES_NAME, read_snapshot
from tests.benchmarks.groups.exf import cpu_s
from tests.benchmarks.processes import await_ready, module, running, tell_go
from tests.benchmarks.report import Group, Row, Target, require
from tests.benchmarks.workload import own_region
from tests.support.nodes.node_process import ROOT, node
from tests.support.transports.member import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from live.metrics.snapshot import Snapshot
    from tests.benchmarks.report import Options

SUMMARY: Final = re.compile(r"to on_factors: p50 ([\d.]+) µs, p99 ([\d.]+) µs")
DELIVERED: Final = re.compile(r"([\d,]+) delivered")
SETTLE_S: Final = 3.0
PATH: Final = """
    the demo (producer process, 85 factors, 200/s -> node, event) in pairs of runs, in turn: alone;
    with --metrics scraped once a second, and beside it monitor.py in a terminal of 80 x 24.
    Throughput: one node and a producer that writes as fast as it can; in stretches, in turn, the
    monitor is stopped (SIGSTOP) and nothing scrapes, or both go on.
"""
STRETCH_S: Final = 4.0


def run(options: Options) -> Group:
    """Measure pairs of runs."""
    seconds = 10.0 if options.is_quick else 30.0
    pairs = 2 if options.is_quick else max(options.runs, 2)
    alone: list[dict[str, float]] = []
    watched: list[dict[str, float]] = []
    for _ in range(pairs):
        alone.append(_demo(seconds, is_watched=False))
        watched.append(_demo(seconds, is_watched=True))
    rows = [
        Row("alone", _median(alone)),
        Row(
            "watched and scraped",
            _median(watched),
            (Target("monitor CPU %", "<=", 3),),
            f"{pairs} pairs of {seconds:g} s",
        ),
        Row(
            "difference",
            {"node CPU %": _median(watched)["node CPU %"] - _median(alone)["node CPU %"]},
            (Target("node CPU %", "<=", 1),),
            "of one core",
        ),
        _throughput(4 if options.is_quick else 20),
    ]
    return Group("monitor", PATH, rows, ["the monitor's start is not counted, 3 s later it is"])


def _median(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _throughput(pairs: int) -> Row:
    """Measure how many records a node with more than it can take delivers, watched and not."""
    port = free_port()
    delivered: dict[bool, list[float]] = {False: [], True: []}
    with ExitStack() as stack:
        region = stack.enter_context(own_region())
        producer = stack.enter_context(running(module("producing.flat_out", region)))
        await_ready(producer)
        tell_go(producer)
        outside = ("--producer", "outside", "--region", region)
        trader = stack.enter_context(node("--wait", "spin", "--metrics", port, *outside))
        trader.wait_for_factors(10_000)
        monitor = stack.enter_context(_monitor())
        (folder,) = trader.run_folders()
        for _ in range(pairs):
            for is_watched in (True, False):
                os.kill(monitor, signal.SIGCONT if is_watched else signal.SIGSTOP)
                with _scrapes(port) if is_watched else nullcontext():
                    delivered[is_watched].append(_delivered_in(folder / FIGURES_NAME, STRETCH_S))
        os.kill(monitor, signal.SIGCONT)
        trader.signal(signal.SIGINT)
        require(trader.exit_code() == 0, trader.output)
    ratios = [a / b for a, b in zip(delivered[True], delivered[False], strict=True)]
    return Row(
        "throughput, watched",
        {
            "records/s": statistics.median(delivered[True]),
            "alone records/s": statistics.median(delivered[False]),
            "ratio": statistics.median(ratios),
        },
        (Target("ratio", ">=", 0.99),),
        f"{pairs} pairs of {STRETCH_S:g} s",
    )


def _delivered_in(path: Path, seconds: float) -> float:
    """Return how many records a second a node delivers, by what it tells once a second."""
    first, last = _told(path), _told(path)
    while last.at_ns - first.at_ns < seconds * 1e9:
        time.sleep(0.05)
        last = _told(path)
    counted = [told.value("dolphin_node_records", "delivered") or 0.0 for told in (first, last)]
    return (counted[1] - counted[0]) / ((last.at_ns - first.at_ns) / 1e9)


def _told(path: Path) -> Snapshot:
    found = read_snapshot(path)
    require(found is not None, f"nothing in {path}")
    assert found is not None
    return found


def _demo(seconds: float, *, is_watched: bool) -> dict[str, float]:
    port = free_port()
    arguments = ("--metrics", port) if is_watched else ()
    figures: dict[str, float] = {}
    with node(*arguments) as trader, ExitStack() as stack:
        trader.wait_for_factors(300)
        monitor = 0
        if is_watched:
            monitor = stack.enter_context(_monitor())
            stack.enter_context(_scrapes(port))
        time.sleep(SETTLE_S)
        before = cpu_s(trader.pid), cpu_s(monitor) if monitor else 0.0
        begun_s = time.monotonic()
        time.sleep(seconds)
        wall_s = time.monotonic() - begun_s
        figures["node CPU %"] = 100 * (cpu_s(trader.pid) - before[0]) / wall_s
        if monitor:
            figures["monitor CPU %"] = 100 * (cpu_s(monitor) - before[1]) / wall_s
        stack.close()
        trader.signal(signal.SIGINT)
        require(trader.exit_code() == 0, trader.output)
    found, delivered = SUMMARY.search(trader.output), DELIVERED.search(trader.output)
    require(found is not None and delivered is not None, trader.output)
    assert found is not None
    assert delivered is not None
    figures |= {"p50 us": float(found[1]), "p99 us": float(found[2])}
    figures["n"] = int(delivered[1].replace(",", ""))
    return figures


@contextmanager
def _monitor() -> Iterator[int]:
    """Run the monitor in a terminal that somebody reads; give its pid."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = subprocess.Popen(
        [sys.executable, "live/monitor.py"],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        # Where Textual draws.
        stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(theirs)
    seen = bytearray()

    def read() -> None:
        with suppress(OSError):  # its end
            while more := os.read(ours, 1 << 16):
                seen.extend(more)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        deadline_s = time.monotonic() + 60
        while b"NODES" not in seen:
            require(time.monotonic() < deadline_s, "the monitor has shown nothing")
            time.sleep(0.1)
        yield process.pid
        require(process.poll() is None, "the monitor has ended")
    finally:
        process.kill()
        process.wait()
        reader.join()
        os.close(ours)


@contextmanager
def _scrapes(port: int) -> Iterator[None]:
    """Scrape once a second, as no Prometheus does by default."""
    stop = threading.Event()
    counts: list[int] = []

    def scrape() -> None:
        while not stop.wait(1.0):
            with suppress(OSError):
                url = f"http://127.0.0.1:{port}/metrics"
                with urllib.request.urlopen(url, timeout=5) as answer:
                    counts.append(len(answer.read()))

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    require(bool(counts), "no scrape was answered")
