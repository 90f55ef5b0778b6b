"""The same 680 bytes from process to process through our region and through others' transports."""

from __future__ import annotations

from typing import Any, Final

from adapters.feed.latency import Percentiles
from tests.benchmarks import processes
from tests.benchmarks.processes import ChildError
from tests.benchmarks.report import Group, Options, Row, median_of, require
from tests.benchmarks.transports import TRANSPORTS
from tests.benchmarks.workload import own_region

RATE_HZ: Final = 500
SECONDS: Final = 6
QUICK_SECONDS: Final = 3
SLACK_S: Final = 60.0
MAY_TEAR: Final = ("roadmap polled",)

PATH: Final = """
  process A (Python)                                                process B (Python)
  stamp 680 bytes --> send --> transport --> spin, poll or wake --> 680 bytes of its own
  |<------------------ latency, CLOCK_MONOTONIC at both ends ------------------------->|
"""


def run(options: Options) -> Group:
    """Run every transport in turn, as often as asked, each in two new processes."""
    count = RATE_HZ * (QUICK_SECONDS if options.is_quick else SECONDS)
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in TRANSPORTS}
    failures: dict[str, str] = {}
    for _ in range(options.runs):
        for name, found in answers.items():
            if name in failures:
                continue
            try:
                found.append(_run_once(name, count))
            except ChildError as error:
                failures[name] = str(error)
    rows = [
        Row(name, {}, note=f"did not run: {failures[name]}")
        if name in failures
        else _row(name, found)
        for name, found in answers.items()
    ]
    return Group(
        f"peers: raw transports, Python at both ends, 680 bytes, {RATE_HZ}/s, us",
        PATH,
        rows,
        [
            f"each figure is the median of {options.runs} runs of {count:,} payloads, the "
            "transports in turn; n, torn and skipped are of all runs",
            "roadmap: its mmap + struct loop in multiprocessing.shared_memory, read as the "
            "roadmap reads it; its timestamp, taken before it packs, is of the monotonic clock",
            "zeromq: PUSH/PULL; iceoryx2: publish-subscribe with a copy at each end",
        ],
    )


def _run_once(name: str, count: int) -> dict[str, Any]:
    with own_region() as path:
        # Only our own region is a file at a path; to the others it is a name.
        address = str(path) if name.startswith("dolphin") else path.name
        ends = (name, address, RATE_HZ, count)
        with processes.running(processes.module("peer_process", "send", *ends)) as sender:
            processes.await_ready(sender)
            with processes.running(processes.module("peer_process", "receive", *ends)) as receiver:
                processes.await_ready(receiver)
                processes.tell_go(sender)
                found = dict(processes.answer_of(receiver, count / RATE_HZ + SLACK_S))
            processes.tell_go(sender)
            sender.wait(processes.END_TIMEOUT_S)
    if name not in MAY_TEAR:
        require(found["torn"] == 0, f"{name}: {found['torn']} torn payloads")
    return found


def _row(name: str, found: list[dict[str, Any]]) -> Row:
    torn = sum(run.pop("torn") for run in found)
    skipped = sum(run.pop("skipped") for run in found)
    figures = median_of([Percentiles(**run) for run in found])
    share = 100 * torn / figures["n"] if figures["n"] else 0.0
    return Row(name, {**figures, "torn": torn, "torn %": share, "skipped": skipped})
