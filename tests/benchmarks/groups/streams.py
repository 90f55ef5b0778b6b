"""The streaming service: latency to a strategy against polling, CPU, 20,000 messages a second."""

from __future__ import annotations

import random
import signal
import statistics
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.feed.latency import Percentiles
from tests.benchmarks import processes
from tests.benchmarks.groups.exf import cpu_s, resident_mb
from tests.benchmarks.report import Group, Row, Target, median_of, require
from tests.support.eventually import eventually
from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.streamed_factors import (
    SYMBOLS,
    streamed_factors,
    streaming_process,
    symbol_of,
)
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.report import Options
    from tests.support.exchange.local_exchange import LocalExchange
    from tests.support.exchange.streamed_factors import StreamingProcess

RATE_HZ: Final = 200.0
FLOOD_HZ: Final = 20_000
FLOODS: Final = 3
"""The first one also fills what the allocators keep."""
PACED: Final = ("--min-interval", "0.005")
"""As many records with a busy machine as with an idle one."""
ASSETS: Final = ("BTC", "ETH", "SOL")
END_TIMEOUT_S: Final = 30.0
PATH: Final = """
    exchange (a process) -> websocket -> NautilusTrader's data client (Rust) -> computed factors
    -> region -> node in another process -> on_factors
    |<- the price carries the moment at which the exchange made it ------ latency ---------->|
    bare: the same messages, read by an aiohttp websocket client that parses them and no more.
    polled: the exchange's new price -> on_factors, through the service's polls each 0.5 s.
    floor: the same data clients and messages, with an actor that does nothing, and no service.
"""


def run(options: Options) -> Group:
    """Measure the streams."""
    seconds = 5.0 if options.is_quick else 20.0
    rows = [
        *_latencies(options.runs, seconds),
        *(_cpu(10.0, 1) if options.is_quick else _cpu(30.0, options.runs)),
        _flood(10.0 if options.is_quick else 60.0),
    ]
    remarks = [
        f"latencies in us: {RATE_HZ:g} quotes a second; the median of {options.runs} runs, the "
        "cases in turn; polled and streamed in the same run",
        "the exchange, the service and the reader share the machine's cores",
        "flood: three in one process; age is of the newest quote in the region while the last "
        "ones are sent; grown: from the end of the first to that of the last",
    ]
    return Group("streams", PATH, rows, remarks)


@contextmanager
def _service(
    exchange: LocalExchange, text: str, venues: str, *words: object
) -> Iterator[StreamingProcess]:
    region = new_region_path()
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            streaming_process(
                region, Path(folder), exchange, text, "--venues", venues, *words, is_quiet=True
            ) as service,
        ):
            yield service
    finally:
        remove_all_of(region)


def _latencies(runs: int, seconds: float) -> list[Row]:
    found: dict[str, list[Percentiles]] = {"spin": [], "event": [], "bare": []}
    polled: list[float] = []
    for _ in range(runs):
        with local_exchange() as exchange:
            text = streamed_factors("bybit")
            with _service(exchange, text, "bybit,okx") as service:
                exchange.streams["bybit"].wait_for_topics("orderbook.1.BTCUSDT")
                for wait in ("spin", "event"):
                    command = processes.module("stream_readers", "node", service.exf.region, wait)
                    answer, waited = _measure(exchange, command, seconds, changes=wait == "event")
                    polled += waited
                    answer.pop("polled")
                    found[wait].append(Percentiles(**answer))
            command = processes.module("stream_readers", "bare", exchange.port)
            answer, _ = _measure(exchange, command, seconds, changes=False)
            found["bare"].append(Percentiles(**answer))
    polled.sort()
    polled_p50 = polled[len(polled) // 2]
    limits = (Target("p50", "<=", 1_200), Target("p99", "<=", 5_000))
    rows = []
    for wait in ("spin", "event"):
        figures = median_of(found[wait])
        figures["times sooner"] = polled_p50 / figures["p50"]
        targets = (*limits, Target("times sooner", ">=", 200))
        rows.append(Row(f"streamed -> on_factors, {wait}", figures, targets))
    rows.append(Row("bare websocket client", median_of(found["bare"])))
    figures = {"p50": polled_p50, "max": polled[-1], "n": len(polled)}
    rows.append(Row("polled -> on_factors, event", figures))
    return rows


def _measure(
    exchange: LocalExchange, command: list[str], seconds: float, *, changes: bool
) -> tuple[dict[str, Any], list[float]]:
    """Return what the reader says, and how long each polled price took, microseconds."""
    changed: dict[float, int] = {}
    bybit = exchange.streams["bybit"]
    with processes.running(command) as reader:
        processes.await_ready(reader)
        time.sleep(1.0)
        bybit.rate("BTCUSDT", "quote", RATE_HZ, stamp="time", stamp_field="price")
        until_s = time.monotonic() + seconds
        chance = random.Random(7)  # noqa: S311 - no secret
        while time.monotonic() < until_s:
            if changes:
                price = 61_000.0 + len(changed)
                changed[price] = exchange.control(price=price)
            time.sleep(chance.uniform(0.6, 1.1))
        time.sleep(0.6)
        bybit.stop_rates()
        processes.tell_go(reader)
        answer: dict[str, Any] = processes.answer_of(reader, END_TIMEOUT_S)
    seen = dict(map(tuple, answer.get("polled", [])))
    waited = [(seen[price] - at_ns) / 1e3 for price, at_ns in changed.items() if price in seen]
    require(len(waited) >= len(changed) - 1, f"{len(changed) - len(waited)} prices never came")
    return answer, waited


def _cpu(seconds: float, pairs: int) -> list[Row]:
    """Return what the service takes, and what recording adds if there is a record each 5 ms."""
    what = f"{len(SYMBOLS)} venues x {len(ASSETS)} assets x {RATE_HZ:g} quotes/s"
    usual, floor = _busy(seconds), _floor(seconds)
    found = [(_busy(seconds, *PACED), _busy(seconds, *PACED, records=True)) for _ in range(pairs)]
    off, on = (
        {name: statistics.median(f[name] for f in figures) for name in figures[0]}
        for figures in zip(*found, strict=True)
    )
    return [
        Row("CPU", usual, (Target("CPU %", "<=", 50),), f"{what}, packaged factors streamed"),
        Row("floor, the data clients alone", floor),
        Row("CPU, a record each 5 ms", off, (), f"in turn with the next, {pairs} times, medians"),
        Row("the same, recording the market data", on),
    ]


def _busy(seconds: float, *words: str, records: bool = False) -> dict[str, float]:
    venues = ",".join(SYMBOLS)
    with (
        tempfile.TemporaryDirectory() as folder,
        local_exchange() as exchange,
        _service(
            exchange,
            "",
            venues,
            *("--period", "3600", *words),
            *(("--record-market", f"{folder}/market") if records else ()),
        ) as service,
    ):
        service.until_streaming(*SYMBOLS)
        for venue in SYMBOLS:
            for asset in ASSETS:
                exchange.streams[venue].rate(symbol_of(venue, asset), "quote", RATE_HZ)
        time.sleep(3.0)
        before = service.status()
        pids = [service.exf.process.pid]
        if records:
            pids.append(before["market_recording"]["writer_pid"])
        before_s, begun_s = [cpu_s(pid) for pid in pids], time.monotonic()
        time.sleep(seconds)
        wall_s = time.monotonic() - begun_s
        used_s = [cpu_s(pid) - had_s for pid, had_s in zip(pids, before_s, strict=True)]
        after = service.status()
        service.exf.process.send_signal(signal.SIGTERM)
        service.exf.process.wait(END_TIMEOUT_S)
    told_s = after["updated_unix_s"] - before["updated_unix_s"]
    figures = {
        "CPU %": 100 * used_s[0] / wall_s,
        "messages/s": (_messages(after) - _messages(before)) / told_s,
        "records/s": (after["streams"]["records"] - before["streams"]["records"]) / told_s,
    }
    if records:
        figures["writer CPU %"] = 100 * used_s[1] / wall_s
        lost = _unrecorded(after["market_recording"])
        require(lost == 0, f"{lost} rows of market data were not recorded")
    return figures


def _floor(seconds: float) -> dict[str, float]:
    """Return what NautilusTrader's clients take of the same messages."""
    with local_exchange() as exchange:
        command = processes.module("stream_floor", exchange.port, ",".join(SYMBOLS))
        with processes.running(command) as node:
            processes.await_ready(node)
            for venue in SYMBOLS:
                for asset in ASSETS:
                    exchange.streams[venue].rate(symbol_of(venue, asset), "quote", RATE_HZ)
            begun_s = time.monotonic()
            time.sleep(3.0)
            before_s, measured_s = cpu_s(node.pid), time.monotonic()
            time.sleep(seconds)
            now_s = time.monotonic()
            used_s = cpu_s(node.pid) - before_s
            processes.tell_go(node)
            answer = processes.answer_of(node, END_TIMEOUT_S)
    return {
        "CPU %": 100 * used_s / (now_s - measured_s),
        "messages/s": answer["messages"] / (now_s - begun_s),
    }


def _unrecorded(market: dict[str, Any]) -> int:
    return int(sum(market["dropped"].values()) + market["unwritten"] + market["lost"])


def _flood(seconds: float) -> Row:
    with local_exchange() as exchange:
        text = streamed_factors("bybit", assets=ASSETS)
        with _service(exchange, text, "bybit", "--period", "3600") as service:
            service.until_streaming("bybit")
            bybit = exchange.streams["bybit"]
            bybit.wait_for_topics(*(f"orderbook.1.{asset}USDT" for asset in ASSETS))
            count = int(FLOOD_HZ * seconds / len(ASSETS))
            before_mb = resident_mb(service.exf)
            used_s, wall_s, ends_mb, age_ms = cpu_s(service.exf.process.pid), 0.0, [], 0.0
            for _ in range(FLOODS):
                begun_s = time.monotonic()
                for asset in ASSETS:
                    bybit.rate(f"{asset}USDT", "quote", FLOOD_HZ / len(ASSETS), n=count)
                while time.monotonic() < begun_s + seconds:
                    latest = service.reader.latest()
                    assert latest is not None
                    age_ms = (time.time_ns() - latest.ts_event) / 1e6
                    time.sleep(0.05)
                eventually(lambda: not bybit.state()["running_rates"], "the end of the flood")
                wall_s += time.monotonic() - begun_s
                sent = bybit.state()["sent_events"]
                eventually(partial(_has_counted, service, sent), f"{sent} messages", 30)
                ends_mb.append(resident_mb(service.exf))
            used_s = cpu_s(service.exf.process.pid) - used_s
            came = _messages(service.status())
            require(came == sent, f"{came} of {sent} messages came")
            records = service.status()["streams"]["records"]
    figures = {
        "messages/s": sent / wall_s,
        "records/s": records / wall_s,
        "CPU %": 100 * used_s / wall_s,
        "age ms": age_ms,
        "RSS MB": ends_mb[-1],
        "first MB": ends_mb[0] - before_mb,
        "grown MB": ends_mb[-1] - ends_mb[0],
    }
    targets = (
        Target("messages/s", ">=", FLOOD_HZ * 0.99),
        Target("age ms", "<=", 50),
        Target("grown MB", "<=", 5),
    )
    shown = ", ".join(f"{mb:.0f}" for mb in (before_mb, *ends_mb))
    note = f"{sent:,} messages, each counted, in {wall_s:.0f} s; MB before and after each: {shown}"
    return Row("flood", figures, targets, note)


def _has_counted(service: StreamingProcess, sent: int) -> bool:
    return _messages(service.status()) >= sent


def _messages(status: dict[str, Any]) -> int:
    """Return how many data the service has counted, by a status of its."""
    return sum(int(v["messages"]) for v in status["streams"]["venues"])
