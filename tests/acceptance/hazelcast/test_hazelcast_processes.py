"""What the trader sees who has a producer that writes into Hazelcast."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.market.simulated_path import SCHEMA, STEP_NS, SimulatedPath
from adapters.shm import FactorReader, RegionError
from adapters.shm.source import ShmSource
from dolphin_strategies import SourceState
from tests.support.eventually import eventually, eventually_async
from tests.support.nodes.node_process import ROOT, node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.transports.member import Member

TIMEOUT_S: Final = 120.0
TRADED: Final = re.compile(r"  PnL [+-](?!0\.00 )")
REPORT_TIMEOUT_S: Final = 1200.0
"""Of a report: 18 processes that import NautilusTrader, one after the other."""


class HandWriter:
    """A producer that knows nothing of this project: the roadmap's JSON by another client."""

    def __init__(self, member: Member, key: str = "exf_latest") -> None:
        self.written: list[dict[str, Any]] = []
        self._entries = member.map()
        self._key = key
        self._is_done = threading.Event()
        self._path, self._start_ns = SimulatedPath(7), time.time_ns()
        # What another test of this worker left in the entry is gone before anybody reads it.
        self._write_one()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        while not self._is_done.wait(0.01):
            self._write_one()

    def _write_one(self) -> None:
        step = (time.time_ns() - self._start_ns) // STEP_NS
        values = self._path.factors(step).tolist()
        state = {**dict(zip(SCHEMA.names, values, strict=True)), "_ok": True}
        self._entries.set(self._key, json.dumps(state))
        self.written.append(state)

    def stop(self) -> None:
        """End it."""
        self._is_done.set()
        self._thread.join(TIMEOUT_S)


@contextmanager
def writing(member: Member) -> Iterator[HandWriter]:
    """Run a hand-writing producer."""
    writer = HandWriter(member)
    try:
        yield writer
    finally:
        writer.stop()


@contextmanager
def bridge(member: Member, region: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the bridge."""
    script = str(ROOT / "live" / "bridge_hazelcast.py")
    process = subprocess.Popen(
        [sys.executable, script, member.url, "--region", str(region)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def reader_of(region: Path) -> FactorReader:
    """Attach once the bridge has made the region."""

    def attach() -> FactorReader | None:
        try:
            return FactorReader(region)
        except RegionError:
            return None

    reader = eventually(attach, "the region")
    assert reader is not None
    return reader


def test_a_node_trades_on_what_another_client_writes(member: Member) -> None:
    """The same example strategy, with factors from Hazelcast: orders, fills, nothing open."""
    with writing(member), node("--source", member.url) as process:
        process.wait_for_factors(400)
        # Where the writer is kept from the processor, factors are stale and nothing is traded yet.
        eventually(lambda: TRADED.search(process.output), "a profit or a loss")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        published = re.search(r"([\d,]+) published, ([\d,]+) delivered", process.output)
        fills = re.search(r"fills +(\d+)", process.output)
        assert published
        assert fills
        assert int(published.group(2).replace(",", "")) > 50
        assert int(fills.group(1)) > 0, process.output
        assert "left open nothing" in process.output


def test_a_node_outlives_its_cluster(member: Member) -> None:
    """Fault F02: started without one it waits; killed under it, it goes on, stops, and is flat."""
    member.kill()
    with node("--source", member.url) as process:
        process.wait_for("refused")
        member.start()
        with writing(member):
            process.wait_for("latency -  position")
            eventually(lambda: re.search(r"factors [1-9]\d*/s", process.output), "factors")
        member.kill()
        process.wait_for("STALE")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        assert "left open nothing" in process.output
    member.start()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--source", "hazelcast://h?mod=x"], "did you mean 'mode'"),
        (["--source", "hazelcast://me:s3cret@h"], "DOLPHIN_HAZELCAST_PASSWORD"),
        (["--source", "hazelcast://h", "--wait", "spin"], "bridge_hazelcast.py"),
        (["--source", "hazelcast://h", "--replay", "."], "expected a file"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused(arguments: list[str], expected: str) -> None:
    """Exit code 2 and the reason, before anything starts; no password in it."""
    with node(*arguments, "--check") as process:
        assert process.exit_code() == 2
        assert expected in process.output
        assert "s3cret" not in process.output


def test_check_names_the_source(member: Member) -> None:
    """--check says where factors would come from."""
    with node("--source", member.url, "--check") as process:
        assert process.exit_code() == 0, process.output
        assert member.url in process.output


def test_the_bridge_copies_every_value_exactly(member: Member, region_path: Path) -> None:
    """Bit for bit what the producer wrote, in its order, none skipped while nothing fails."""
    with bridge(member, region_path) as process, writing(member) as producer:
        reader = reader_of(region_path)
        reader.position = reader.first_sequence - 1
        eventually(lambda: reader.status().published > 200, "values")
        producer.stop()
        last = producer.written[-1]
        seen: list[dict[str, float]] = []

        def has_all() -> bool:
            while (f := reader.read_next()) is not None:
                seen.append(dict(f))
            return bool(seen) and seen[-1] == {k: v for k, v in last.items() if k[0] != "_"}

        eventually(has_all, "the last value")
        written = [{k: v for k, v in w.items() if k[0] != "_"} for w in producer.written]
        assert seen == written[-len(seen) :]
        assert len(seen) > 150
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 0, output
        assert "0 lost" in output
        assert not reader.status().alive
        reader.close()


def test_the_bridges_readers_see_that_the_cluster_is_gone(
    member: Member, region_path: Path
) -> None:
    """Fault F02: while Hazelcast is down the region is closed; then the same one lives on."""

    async def body() -> None:
        source = ShmSource(region_path)
        source.open(lambda: None, time.time_ns)
        try:
            await eventually_async(source.read_latest, "a record")
            member.kill()
            await eventually_async(lambda: "closed the" in source.status().reason, "the end")
            assert source.status().state is SourceState.STALE
            member.start()
            member.map().set("exf_latest", '{"a": 2}')

            def recovered() -> bool:
                f = source.read_latest()
                return f is not None and f["a"] == 2

            await eventually_async(recovered, "the value after the restart")
            await eventually_async(lambda: source.status().state is SourceState.LIVE, "life")
        finally:
            source.close()

    member.map().set("exf_latest", '{"a": 1}')
    with bridge(member, region_path):
        reader_of(region_path).close()
        inode = region_path.stat().st_ino
        asyncio.run(body())
        assert region_path.stat().st_ino == inode


def measured(tmp_path: Path, hazelcast: str) -> tuple[list[dict[str, Any]], str]:
    """Run the report for a short round; return its cases and what it printed."""
    script = str(ROOT / "live" / "measure_latency.py")
    words = ["--hazelcast", hazelcast, "--rounds", "1", "--seconds", "1"]
    words += ["--json", str(tmp_path / "r.json"), "--html", str(tmp_path / "r.html")]
    done = subprocess.run(
        [sys.executable, script, *words],
        capture_output=True,
        text=True,
        timeout=REPORT_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cases = json.loads((tmp_path / "r.json").read_text())["cases"]
    page = (tmp_path / "r.html").read_text()
    assert page.count("<polyline") == sum(not case["problem"] for case in cases)
    assert "http" not in page
    assert len(cases) == 9
    for case in cases:
        assert case["name"] in done.stdout
        if not case["problem"]:
            assert case["n"] == len(case["latencies_us"]) > 10, case["name"]
            assert 0 < case["median_us"] <= case["p99_us"] <= case["max_us"]
    return cases, done.stdout


@pytest.mark.long
@pytest.mark.timeout(REPORT_TIMEOUT_S + 60)
def test_the_latency_report_measures_and_decides(member: Member, tmp_path: Path) -> None:
    """One short run against a cluster that is there: every case, every verdict, both files."""
    cases, printed = measured(tmp_path, member.url)
    assert not [case for case in cases if case["problem"]]
    for phase in ("phase 1", "phase 2", "phase 3", "Java port", "times faster", "choose"):
        assert phase in printed
    # The producer's own entry is left as it was.
    assert member.map().get("exf_latest") is None or "a" in str(member.map().get("exf_latest"))


@pytest.mark.long
@pytest.mark.timeout(REPORT_TIMEOUT_S + 60)
def test_the_latency_report_measures_without_a_cluster(tmp_path: Path) -> None:
    """The cases of shared memory are measured; the others are named with the reason."""
    cases, printed = measured(tmp_path, "none")
    problems = {case["problem"] for case in cases}
    assert problems == {"", "left out by --hazelcast none"}
    assert [case["name"] for case in cases if not case["problem"]]
    assert "choose" in printed


@pytest.mark.long
@pytest.mark.timeout(REPORT_TIMEOUT_S + 60)
def test_a_transport_that_is_not_there_is_listed_with_the_reason() -> None:
    """Without Hazelcast the others are measured, and the verdicts say what was not."""
    script = str(ROOT / "live" / "measure_latency.py")
    words = ["--hazelcast", "hazelcast://127.0.0.1:1", "--rounds", "1", "--seconds", "1"]
    done = subprocess.run(
        [sys.executable, script, *words],
        capture_output=True,
        text=True,
        timeout=REPORT_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("not available: no member at 127.0.0.1:1") == 5
    assert "phase 1 (Hazelcast get + parse, median not measured): not measured" in done.stdout
