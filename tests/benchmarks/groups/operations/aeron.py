"""Aeron: between two machines to ``on_factors``, and what a dead subscriber does to the others."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import time
from contextlib import ExitStack
from typing import Any, Final, NamedTuple

from adapters.feed.latency import Percentiles
from tests.benchmarks import processes
from tests.benchmarks.children.aeron.phases import Phase
from tests.benchmarks.groups.exf import cpu_s
from tests.benchmarks.report import Group, Options, Row, Target, median_of, require
from tests.support.aeron.machines import NoMachinesError, two_machines
from tests.support.aeron.media_driver import DriverProcess

SECONDS: Final = 8
QUICK_SECONDS: Final = 1
IDLE_SECONDS: Final = 2
SLACK_S: Final = 60.0
PORT: Final = 20850
SLOW_HZ: Final = 500
FAST_HZ: Final = 12_000
"""Times 85 factors: 1,020,000 factor values a second."""
GAP_RATES_HZ: Final = (2_000, FAST_HZ)
BLOW_AT: Final = 0.3
"""When of the run a subscriber is killed or stopped."""
IDLE_LIMIT: Final = 5.0

PATH: Final = """
  machine a (a network namespace)                machine b
  AeronPublisher.write_values -> media driver -> veth, UDP -> media driver -> AeronSource
       |<- published_mono_ns ---------- latency ----------> FactorFeed -> bus -> on_factors
  one machine: ... -> one media driver, shared memory (IPC) -> AeronSource -> ...
"""


class Case(NamedTuple):
    """One set of processes: how the node waits, what its drivers do idle, and the paces."""

    media: str
    wait: str
    driver: str
    rates_hz: tuple[int, ...]
    is_quick: bool = False

    def name(self, rate_hz: int) -> str:
        where = "two machines, UDP" if self.media == "udp" else "one machine, IPC"
        return f"{where}, {self.wait}, driver {self.driver or '--rest 500'}, {rate_hz:,}/s"

    def targets(self, rate_hz: int) -> tuple[Target, ...]:
        if self.media != "udp" or self.wait != "spin":
            return ()
        if rate_hz == FAST_HZ:
            return (Target("lost", "<=", 0),)
        return (Target("p50", "<=", 50),) if self.driver == "--spin" else ()


CASES: Final = (
    Case("udp", "spin", "--spin", (SLOW_HZ, FAST_HZ), is_quick=True),
    Case("udp", "spin", "--rest 20", (SLOW_HZ,)),
    Case("udp", "spin", "--rest 50", (SLOW_HZ,)),
    Case("udp", "spin", "", (SLOW_HZ, FAST_HZ)),
    Case("udp", "event", "", (SLOW_HZ,)),
    Case("ipc", "spin", "", (SLOW_HZ,)),
    Case("ipc", "event", "", (SLOW_HZ,)),
)
IDLE_DRIVERS: Final = ("", "--rest 50", "--rest 20")
BLOWS: Final = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP}


def run(options: Options) -> Group:
    """Run every case, and what a driver without work costs, and what a dead subscriber does."""
    seconds = QUICK_SECONDS if options.is_quick else SECONDS
    rows: list[Row] = []
    for case in CASES:
        if options.is_quick and not case.is_quick:
            continue
        try:
            rows += _rows_of(case, seconds, options.runs)
        except NoMachinesError as error:
            rows += [Row(case.name(r), {}, note=f"did not run: {error}") for r in case.rates_hz]
    rows += [_idle(driver) for driver in IDLE_DRIVERS if driver == "" or not options.is_quick]
    runs = 1 if options.is_quick else options.runs
    for rate_hz in GAP_RATES_HZ[-1:] if options.is_quick else GAP_RATES_HZ:
        rows += _gap_rows(rate_hz, seconds, runs)
    remarks = [
        f"each latency is the median of {options.runs} runs of {seconds} s, one after the other "
        "in the same processes; n and lost are of all runs; every record is delivered",
        "the node has a core to itself, publisher and drivers have the others",
        "a driver is what live/aeron_driver.py is with these options; its CPU is without work",
        f"gaps: {runs} runs of {seconds} s. Between two records of the other subscriber, the "
        "publisher's pace, its own waits and the machine's are in the gap too: compare with the "
        "row that is left alone; a record that the dead one delayed is back-pressured",
    ]
    if options.is_quick:
        remarks.append("--quick leaves out IPC, event, other drivers, and gaps at 2,000/s")
    return Group("aeron: publisher's write -> on_factors, us, 85 factors", PATH, rows, remarks)


def _rows_of(case: Case, seconds: int, runs: int) -> list[Row]:
    phases = [Phase(rate_hz, rate_hz * seconds) for _ in range(runs) for rate_hz in case.rates_hz]
    answers = _latencies(case, phases)
    rows = []
    for rate_hz in case.rates_hz:
        mine = [(p, a) for p, a in zip(phases, answers, strict=True) if p.rate_hz == rate_hz]
        lost = sum(phase.records - answer.n for phase, answer in mine)
        figures = {**median_of([answer for _, answer in mine]), "lost": lost}
        rows.append(Row(case.name(rate_hz), figures, case.targets(rate_hz)))
    return rows


def _places() -> tuple[list[str], list[str]]:
    """Return the words before a command that put it onto the node's core, and onto the others."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1 or shutil.which("taskset") is None:
        return [], []
    others = ",".join(map(str, cores[:-1]))
    return ["taskset", "-c", str(cores[-1])], ["taskset", "-c", others]


def _latencies(case: Case, phases: list[Phase]) -> list[Percentiles]:
    """Return the latencies of each phase."""
    own_core, other_cores = _places()
    with ExitStack() as stack:
        at_sender = at_receiver = list[str]()
        channel = "aeron:ipc?"
        if case.media == "udp":
            a, b = stack.enter_context(two_machines())
            at_sender, at_receiver = a.within, b.within
            channel = f"aeron:udp?endpoint={b.address}:{PORT}"
        drive = case.driver.split()
        receiver = sender = DriverProcess([*other_cores, *at_receiver], drive)
        stack.callback(receiver.stop)
        if case.media == "udp":
            sender = DriverProcess([*other_cores, *at_sender], drive)
            stack.callback(sender.stop)
        publish = processes.module("aeron.publisher", f"{channel}|dir={sender.folder}", *phases)
        listen = processes.module(
            "aeron.node", f"{channel}|dir={receiver.folder}", case.wait, *phases
        )
        publisher = stack.enter_context(processes.running([*other_cores, *at_sender, *publish]))
        node = stack.enter_context(processes.running([*own_core, *at_receiver, *listen]))
        processes.await_ready(publisher)
        processes.await_ready(node)
        processes.tell_go(publisher)
        limit_s = sum(phase.records / phase.rate_hz for phase in phases) + SLACK_S
        counters = processes.answer_of(publisher, limit_s)
        answer = processes.answer_of(node, SLACK_S)
    count = sum(phase.records for phase in phases)
    published, called, lost = (answer[name] for name in ("published", "on_factors", "lost"))
    require(published == count, f"published {count:,}, but {published:,} are accounted for")
    require(
        called == published - lost,
        f"delivered {published - lost:,}, on_factors was called {called:,} times",
    )
    require(counters["dropped"] <= lost, f"dropped {counters['dropped']:,} unseen")
    return [Percentiles(**found) for found in answer["phases"]]


def _idle(driver: str) -> Row:
    """Return the processor time of a driver that nobody uses."""
    process = DriverProcess((), driver.split())
    try:
        time.sleep(1.0)
        before_s, start_s = cpu_s(process.pid), time.monotonic()
        time.sleep(IDLE_SECONDS)
        share = 100 * (cpu_s(process.pid) - before_s) / (time.monotonic() - start_s)
    finally:
        process.stop()
    name = f"driver {driver or '--rest 500'} without work"
    targets = () if driver else (Target("% of a core", "<=", IDLE_LIMIT),)
    return Row(name, {"% of a core": share}, targets)


def _gap_rows(rate_hz: int, seconds: int, runs: int) -> list[Row]:
    limit = (Target("longest gap, ms", "<=", 50),)
    found: dict[str, list[dict[str, Any]]] = {blow: [] for blow in ("left alone", *BLOWS)}
    for _ in range(runs):
        for blow, answers in found.items():
            answers.append(_gap(blow, rate_hz, seconds))
    return [
        Row(
            f"one of two IPC subscribers {blow}, the other, {rate_hz:,}/s",
            {
                "longest gap, ms": statistics.median(a["gap_ms"] for a in answers),
                "lost": sum(a["lost"] for a in answers),
                "dropped": sum(a["dropped"] for a in answers),
                "back-pressured": sum(a["back_pressured"] for a in answers),
            },
            limit,
        )
        for blow, answers in found.items()
    ]


def _gap(blow: str, rate_hz: int, seconds: int) -> dict[str, Any]:
    """Return the longest gap of a subscriber while another one is killed, stopped, or neither."""
    with ExitStack() as stack:
        driver = DriverProcess()
        stack.callback(driver.stop)
        channel = f"aeron:ipc?dir={driver.folder}"
        count = rate_hz * seconds
        publisher = stack.enter_context(
            processes.running(processes.module("aeron.publisher", channel, Phase(rate_hz, count)))
        )
        other = stack.enter_context(
            processes.running(processes.module("aeron.subscriber", channel))
        )
        victim = stack.enter_context(
            processes.running(processes.module("aeron.subscriber", channel))
        )
        for each in (publisher, other, victim):
            processes.await_ready(each)
        processes.tell_go(publisher)
        time.sleep(BLOW_AT * seconds)
        if blow in BLOWS:
            os.kill(victim.pid, BLOWS[blow])
        counters = processes.answer_of(publisher, seconds + SLACK_S)
        answer = dict(processes.answer_of(other, SLACK_S))
        if blow in BLOWS:
            os.kill(victim.pid, signal.SIGKILL)
    require(answer["published"] == count, f"published {count:,}, found {answer['published']:,}")
    return {**answer, **{kind: counters[kind] for kind in ("dropped", "back_pressured")}}
