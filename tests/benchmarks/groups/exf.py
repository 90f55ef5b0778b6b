"""The ExtF service against a local exchange: CPU, schedule, latency to a strategy, memory."""

from __future__ import annotations

import os
import random
import re
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from live.exf.service_files import ServiceFiles
from tests.benchmarks.report import Group, Row, Target, require
from tests.support.eventually import eventually
from tests.support.exchange.exf import exf_process
from tests.support.exchange.local_exchange import local_exchange
from tests.support.nodes.node_process import node
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from tests.benchmarks.report import Options
    from tests.support.exchange.exf import ExfProcess
    from tests.support.exchange.local_exchange import LocalExchange

WARM_UP_S: Final = 4.0
STATUS_S: Final = 2.1
"""By then the service has written its status again."""
PERIOD_MS: Final = 500.0
STRATEGY: Final = "tests.support.strategies.price_watcher:WatchesPrice"
PATH: Final = """
    exchange (HTTP server, a process) -> service (asyncio, aiohttp) -> region -> node -> on_factors
    Every answer differs, so that every poll is published. late: a poll's beginning after its
    instant on the source's grid. change: the exchange's new price -> on_factors, in ms.
"""


def run(options: Options) -> Group:
    """Measure the service."""
    seconds = 10.0 if options.is_quick else 30.0
    rows = [
        _polling("own paces", seconds, (), {}),
        _polling("all at 0.5 s", seconds, ("--period", "0.5"), {}),
        _polling(
            "all at 0.5 s, two hosts hang",
            seconds,
            ("--period", "0.5"),
            {"/fapi": {"mode": "hang"}, "/v5/market": {"mode": "hang"}},
        ),
        _change_to_on_factors(20 if options.is_quick else 60),
        _memory(60.0 if options.is_quick else 720.0),
    ]
    remarks = [
        "the exchange and the node share the machine's cores with the service",
        "memory: every source at 0.1 s, for so long that as many polls are made as in "
        "the hours shown at 0.5 s",
    ]
    return Group("exf", PATH, rows, remarks)


def _polling(name: str, seconds: float, arguments: tuple[str, ...], faults: Any) -> Row:
    with local_exchange() as exchange:
        exchange.control(walk=50.0, faults=faults)
        region = new_region_path()
        try:
            with exf_process(region, "--base-url", exchange.url, *arguments, is_quiet=True) as exf:
                exf.until_alive(60)
                time.sleep(WARM_UP_S)
                before, cpu_before_s, begun_s = (
                    _status(exf),
                    cpu_s(exf.process.pid),
                    time.monotonic(),
                )
                time.sleep(seconds)
                used_s, wall_s = cpu_s(exf.process.pid) - cpu_before_s, time.monotonic() - begun_s
                time.sleep(STATUS_S)
                after = _status(exf)
        finally:
            remove_all_of(region)
    require(after["factors"]["alive"] >= 60, f"{after['factors']['alive']} factors are alive")
    told_s = after["updated_unix_s"] - before["updated_unix_s"]
    polls = _sum(after, "polls") - _sum(before, "polls")
    figures = {
        "CPU %": 100 * used_s / wall_s,
        "polls/s": polls / told_s,
        "records/s": (after["published"] - before["published"]) / told_s,
        "late p50 ms": after["late_ms"]["p50"],
        "late p99 ms": after["late_ms"]["p99"],
        "late max ms": after["late_ms"]["max"],
    }
    targets = (Target("CPU %", "<=", 10), Target("late p99 ms", "<=", 5))
    return Row(name, figures, targets, f"{after['factors']['alive']} factors alive")


def _change_to_on_factors(changes: int) -> Row:
    with local_exchange() as exchange:
        region = new_region_path()
        try:
            with exf_process(region, "--base-url", exchange.url, is_quiet=True) as exf:
                exf.until_alive(100)
                waited = _follow_changes(exchange, region, changes)
        finally:
            remove_all_of(region)
    ordered = sorted(waited)
    figures = {
        "change p50 ms": ordered[len(ordered) // 2],
        "change max ms": ordered[-1],
        "n": len(ordered),
    }
    target = Target("change max ms", "<=", PERIOD_MS + 5)
    return Row("change -> on_factors", figures, (target,), "polled each 500 ms")


def _follow_changes(exchange: LocalExchange, region: Path, changes: int) -> list[float]:
    chance = random.Random(7)  # noqa: S311 - no secret
    waited = []
    arguments = ("--producer", "outside", "--region", region, "--strategy", STRATEGY)
    with node(*arguments) as trader:
        trader.wait_for("PRICE 60000.0")

        def seen(price: float) -> list[str]:
            return re.findall(rf"PRICE {price:.1f} (\d+)", trader.output)

        for i in range(changes):
            price = 60_001.0 + i
            changed_ns = exchange.control(price=price)
            at = eventually(partial(seen, price), f"the price {price}")
            waited.append((int(at[0]) - changed_ns) / 1e6)
            time.sleep(chance.uniform(0.0, 0.5))
    return waited


def _memory(seconds: float) -> Row:
    with local_exchange() as exchange:
        exchange.control(walk=50.0)
        region = new_region_path()
        try:
            arguments = ("--base-url", exchange.url, "--period", "0.1")
            with exf_process(region, *arguments, is_quiet=True) as exf:
                exf.until_alive(100)
                time.sleep(min(seconds / 10, 30.0))
                begun_s = time.monotonic()
                first = resident_mb(exf)
                time.sleep(seconds)
                last, status = resident_mb(exf), _status(exf)
                wall_s = time.monotonic() - begun_s
        finally:
            remove_all_of(region)
    polls = _sum(status, "polls")
    hours = polls / (len(status["sources"]) * 2 * 3600)
    figures = {"RSS MB": last, "grown MB": last - first}
    note = f"{polls:,} polls in {wall_s:.0f} s, {hours:.2f} h of polls at 0.5 s"
    return Row("memory", figures, (Target("grown MB", "<=", 1),), note)


def _status(exf: ExfProcess) -> dict[str, Any]:
    status = ServiceFiles(exf.region).read_status()
    require(status is not None, "the service has no status")
    assert status is not None
    return status


def _sum(status: dict[str, Any], what: str) -> int:
    return sum(source[what] for source in status["sources"])


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def resident_mb(exf: ExfProcess) -> float:
    """Return the memory that a service holds, megabytes."""
    fields = Path(f"/proc/{exf.process.pid}/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
