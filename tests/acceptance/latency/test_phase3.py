"""``measure_latency.py --phase3`` as a user runs it: what it counts, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from live.latency.phase3.sides.toolchain import no_java
from tests.support.eventually import eventually
from tests.support.nodes.processes import ROOT, has_ended

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND: Final = [sys.executable, str(ROOT / "live" / "measure_latency.py"), "--phase3"]
KEYS: Final = (
    "region-python-python", "region-java-java", "region-python-java", "region-java-rust",
    "chronicle", "disruptor", "ring", "aeron-ipc", "aeron-udp",
)  # fmt: skip
WITHOUT_LOSS: Final = {"chronicle", "disruptor", "ring", "aeron-ipc", "aeron-udp"}
"""Engines that hold their producer back in place of losing a record of a reader that is slow."""
SECONDS: Final = 0.2
LIMIT_S: Final = 1_500
DISRUPTOR_EVENTS: Final = 1024

pytestmark = [pytest.mark.long, pytest.mark.timeout(LIMIT_S)]


def measured(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the cases that one short run saved, by key, without those of a missing tool."""
    if reason := no_java():
        pytest.skip(reason)
    file = folder / "phase3.json"
    words = ["--only", ",".join(KEYS), "--rounds", "1", "--seconds", str(SECONDS), "--kills", "1"]
    ran = subprocess.run(
        [*COMMAND, *words, "--json", str(file)],
        check=False, capture_output=True, text=True, timeout=LIMIT_S,
    )  # fmt: skip
    if "could not fetch" in ran.stderr:
        pytest.skip(ran.stderr.strip().splitlines()[-1])
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "| µs at 20,000/s | p1 | p50 |" in ran.stdout
    assert "round 1 of 1: Agrona ring buffer, Java → Java" in ran.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    report = json.loads(file.read_text(encoding="utf-8"))
    return {case["key"]: case for case in report["cases"] if not _is_missing(case["problem"])}


def _is_missing(problem: str) -> bool:
    return "not installed" in problem


@pytest.mark.first
def test_one_run_of_every_engine(tmp_path: Path) -> None:
    """All that is said of a run: a measurement alone on its cores, and so one test."""
    cases = measured(tmp_path)
    every_engine_was_measured_at_every_rate(cases)
    nothing_is_lost_where_the_producer_is_held_back(cases)
    a_killed_producer_has_a_successor(cases)
    a_killed_reader_leaves_the_others_records(cases)


def every_engine_was_measured_at_every_rate(cases: dict[str, dict[str, Any]]) -> None:
    """With as many records as the rate and the seconds say, each received or counted as lost."""
    assert set(KEYS) - {"region-java-rust"} <= set(cases)
    for key, case in cases.items():
        assert not case["problem"], key
        sent = {rate: at["sent"] for rate, at in case["at"].items()}
        assert sent == {"500": 100, "20000": 4_000, "0": 100_000}, key
        for at in case["at"].values():
            assert at["n"] + at["lost"] == at["sent"], key
            assert 0 < at["p1_us"] <= at["p50_us"] <= at["p99_us"] <= at["p100_us"], key
            assert {"producer", "reader"} <= set(at["cpu_cores"]), key


def nothing_is_lost_where_the_producer_is_held_back(
    cases: dict[str, dict[str, Any]],
) -> None:
    """At each rate and without pause, also while the machine is busy and a reader is late."""
    for key in WITHOUT_LOSS:
        assert [at["lost"] for at in cases[key]["at"].values()] == [0, 0, 0], key


def a_killed_producer_has_a_successor(cases: dict[str, dict[str, Any]]) -> None:
    """Whose records all arrive; of its own at most those in the Disruptor are lost."""
    for key in ("chronicle", "disruptor", "ring", "aeron-ipc"):
        (kill,) = cases[key]["producer_kills"]
        assert kill["handed_over"] > 0, key
        assert kill["lost"] <= (DISRUPTOR_EVENTS if key == "disruptor" else 0), key
        assert kill["lost_next"] == 0, key
        assert kill["until_next_ms"] > 0, key


def a_killed_reader_leaves_the_others_records(cases: dict[str, dict[str, Any]]) -> None:
    """Each of them, also to the reader that takes its place in Agrona's ring buffer."""
    for key in WITHOUT_LOSS - {"aeron-udp"}:
        (kill,) = cases[key]["reader_kills"]
        assert kill["lost"] == 0, key
        assert kill["longest_gap_ms"] > 0, key
    assert cases["ring"]["reader_kills"][0]["takes_place"]


def children_of(pid: int) -> Iterator[int]:
    """Yield the processes that a process has started."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        yield from map(int, task.read_text(encoding="ascii").split())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_a_signal_ends_the_measurement_and_all_of_its_processes(number: signal.Signals) -> None:
    """With 130, and no process and no file of it left."""
    words = ["--only", "region-python-python", "--rounds", "50"]
    with subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, text=True) as ran:
        try:
            eventually(lambda: len(list(children_of(ran.pid))) >= 2, "the two sides")
            sides = list(children_of(ran.pid))
            ran.send_signal(number)
            assert ran.wait(60) == 130
        finally:
            ran.kill()
    for side in sides:
        # One that was being started is not known yet: it ends with its standard input.
        eventually(partial(has_ended, side), "the end of a side")
    assert not list(Path("/dev/shm").glob(f"dolphin_run_{ran.pid}_*"))
