"""Aeron: between two machines to ``on_factors``, and what a dead subscriber does to the others."""

from __future__ import annotations

import os
import signal
import statistics
import time
from contextlib import ExitStack
from typing import Any, Final, NamedTuple

from adapters.feed.latency import Percentiles
from tests.benchmarks import processes
from tests.benchmarks.report import Group, Options, Row, Target, median_of, require
from tests.support.aeron.machines import NoMachinesError, two_machines
from tests.support.aeron.media_driver import DriverProcess

SECONDS: Final = 8
QUICK_SECONDS: Final = 3
SLACK_S: Final = 60.0
PORT: Final = 20850
FAST_HZ: Final = 12_000
"""Times 85 factors: 1,020,000 factor values a second."""
GAP_RATES_HZ: Final = (2_000, FAST_HZ)
BLOW_AT: Final = 0.3
"""When of the run a subscriber is killed or stopped."""

PATH: Final = """
  machine a (a network namespace)                machine b
  AeronPublisher.write_values -> media driver -> veth, UDP -> media driver -> AeronSource
       |<- published_mono_ns ---------- latency ----------> FactorFeed -> bus -> on_factors
  one machine: ... -> one media driver, shared memory (IPC) -> AeronSource -> ...
"""


class Case(NamedTuple):
    """A row of latencies."""

    media: str
    wait: str
    rate_hz: int
    targets: tuple[Target, ...] = ()

    @property
    def name(self) -> str:
        where = "two machines, UDP" if self.media == "udp" else "one machine, IPC"
        return f"{where}, {self.wait}, {self.rate_hz:,}/s"


CASES: Final = (
    Case("udp", "spin", 500, (Target("p50", "<=", 50),)),
    Case("udp", "event", 500),
    Case("udp", "spin", FAST_HZ, (Target("lost", "<=", 0),)),
    Case("ipc", "spin", 500),
    Case("ipc", "event", 500),
)
BLOWS: Final = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP}


def run(options: Options) -> Group:
    """Run every case in turn, as often as asked, each in processes of its own."""
    seconds = QUICK_SECONDS if options.is_quick else SECONDS
    found: dict[Case, list[dict[str, Any]]] = {case: [] for case in CASES}
    gaps: dict[tuple[str, int], list[dict[str, Any]]] = {
        (blow, rate_hz): [] for rate_hz in GAP_RATES_HZ for blow in ("left alone", *BLOWS)
    }
    problem = ""
    for _ in range(options.runs):
        for case in CASES:
            try:
                found[case].append(_latency(case, seconds))
            except NoMachinesError as error:
                problem = str(error)
        for (blow, rate_hz), answers in gaps.items():
            answers.append(_gap(blow, rate_hz, seconds))
    rows = [
        _row(case, answers) if answers else Row(case.name, {}, note=f"did not run: {problem}")
        for case, answers in found.items()
    ]
    limit = (Target("longest gap, ms", "<=", 50),)
    rows += [
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
        for (blow, rate_hz), answers in gaps.items()
    ]
    return Group(
        "aeron: publisher's write -> on_factors, us, 85 factors",
        PATH,
        rows,
        [
            f"each figure is the median of {options.runs} runs of {seconds} s, the cases in "
            "turn; n, lost and dropped are of all runs",
            "every record is delivered; the media drivers sleep up to 20 us at a time",
            "between two records of the other subscriber, the publisher's pace, its own waits "
            "and the machine's are in the gap too: compare with the row that is left alone; a "
            "record that the dead one delayed is back-pressured",
        ],
    )


def _row(case: Case, answers: list[dict[str, Any]]) -> Row:
    lost = sum(a.pop("lost") for a in answers)
    return Row(
        case.name, {**median_of([Percentiles(**a) for a in answers]), "lost": lost}, case.targets
    )


def _latency(case: Case, seconds: int) -> dict[str, Any]:
    with ExitStack() as stack:
        if case.media == "udp":
            a, b = stack.enter_context(two_machines())
            sender, receiver = DriverProcess(a.within), DriverProcess(b.within)
            stack.callback(sender.stop)
            stack.callback(receiver.stop)
            channel = f"aeron:udp?endpoint={b.address}:{PORT}"
            at_sender, at_receiver = a.within, b.within
        else:
            sender = receiver = DriverProcess()
            stack.callback(sender.stop)
            channel = "aeron:ipc?"
            at_sender = at_receiver = []
        count = case.rate_hz * seconds
        publish = _end("publish", f"{channel}|dir={sender.folder}", case.rate_hz, count)
        listen = _end("node", f"{channel}|dir={receiver.folder}", case.wait)
        publisher = stack.enter_context(processes.running([*at_sender, *publish]))
        node = stack.enter_context(processes.running([*at_receiver, *listen]))
        processes.await_ready(publisher)
        processes.await_ready(node)
        processes.tell_go(publisher)
        counters = processes.answer_of(publisher, seconds + SLACK_S)
        answer = dict(processes.answer_of(node, SLACK_S))
    published, called = answer.pop("published"), answer.pop("on_factors")
    require(published == count, f"published {count:,}, but {published:,} are accounted for")
    delivered = published - answer["lost"]
    require(
        called == delivered, f"delivered {delivered:,}, on_factors was called {called:,} times"
    )
    require(counters["dropped"] <= answer["lost"], f"dropped {counters['dropped']:,} unseen")
    return answer


def _gap(blow: str, rate_hz: int, seconds: int) -> dict[str, Any]:
    """Return the longest gap of a subscriber while another one is killed, stopped, or neither."""
    with ExitStack() as stack:
        driver = DriverProcess()
        stack.callback(driver.stop)
        channel = f"aeron:ipc?dir={driver.folder}"
        count = rate_hz * seconds
        publisher = stack.enter_context(
            processes.running(_end("publish", channel, rate_hz, count))
        )
        other = stack.enter_context(processes.running(_end("subscribe", channel)))
        victim = stack.enter_context(processes.running(_end("subscribe", channel)))
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


def _end(*words: object) -> list[str]:
    return processes.module("aeron_process", *words)
