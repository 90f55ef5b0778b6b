"""A replay, end to end: a real node, a real producer process, a region between them."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import numpy as np
import pytest

from adapters.market.delivery_counter import DeliveryCounter
from adapters.market.replay_clock import ReplayClock
from adapters.market.tick_factors import TickFactors
from adapters.market.tick_files import TickFiles
from adapters.shm import FactorReader
from tests.support.catalogs.recordings import write_recording
from tests.support.eventually import eventually
from tests.support.nodes.forkserver import ForkedProcess, run_forked

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEED = 20
LATE_START_NS = -1_000_000_000
"""A start that lies in the past when the market opens."""


@pytest.fixture
def run() -> Iterator[Path]:
    """Yield a run's own folder in shared memory."""
    path = Path(f"/dev/shm/dolphin_test_{os.getpid()}_{uuid4().hex[:8]}")
    path.mkdir(mode=0o700)
    yield path
    shutil.rmtree(path)


def replay(folder: Path, run: Path, *arguments: object) -> dict[str, Any]:
    """Replay in a process of its own and return what the node saw."""
    module = "tests.support.nodes.replay_node"
    done = run_forked("-m", module, folder, run, SPEED, *arguments)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


@pytest.mark.parametrize("delay", [(), (LATE_START_NS,)], ids=["on time", "late start"])
def test_a_strategy_sees_the_recording_and_no_factor_before_what_it_is_made_of(
    tmp_path: Path, run: Path, delay: tuple[int, ...]
) -> None:
    """All events arrive, in order and restamped; each record after all of its inputs; orders
    fill at the touch.
    """
    folder = write_recording(tmp_path, seconds=8, per_second=100)
    seen = replay(folder, run, *delay)
    recording = TickFiles.load(folder)
    clock = ReplayClock(start_ns=seen["start_ns"], first_ns=recording.first_ns, speed=SPEED)
    touch, trades = recording.perp_touch, recording.perp_trades

    quotes = list(zip(*seen["quotes"], strict=True))
    assert list(quotes[0]) == clock.due_ns(touch.ts).tolist()
    assert all(ts_init >= ts_event for ts_event, ts_init, *_ in seen["quotes"])
    for found, column in zip(
        quotes[2:], (touch.bid, touch.ask, touch.bid_size, touch.ask_size), strict=True
    ):
        assert found == pytest.approx(column.tolist(), abs=1e-9)
    traded = list(zip(*seen["trades"], strict=True))
    assert list(traded[0]) == clock.due_ns(trades.ts).tolist()
    assert list(traded[3]) == pytest.approx(trades.size.tolist(), abs=1e-9)
    assert list(traded[4]) == trades.taker_buys.tolist()
    assert seen["handed"] == seen["received"] == len(recording.events)

    stream = TickFactors.of(recording)
    assert seen["producer"]["exit_code"] == 0
    assert seen["producer"]["published"] == len(stream.ts) == len(seen["records"])
    assert seen["lost"] == 0
    due = clock.due_ns(stream.ts).tolist()
    for i, (sequence, ts_event, quote_count, trade_count) in enumerate(seen["records"]):
        assert (sequence, ts_event) == (i + 1, due[i])
        assert quote_count >= np.searchsorted(touch.ts, stream.ts[i], side="right")
        assert trade_count >= np.searchsorted(trades.ts, stream.ts[i], side="right")

    assert {is_buy for is_buy, _, _ in seen["fills"]} == {True, False}
    assert all(price == touch_price for _, price, touch_price in seen["fills"])


class Producer:
    """A producer process, and a hand-over that the test counts up itself."""

    def __init__(self, folder: Path, run: Path, speed: float = 50) -> None:
        self.hand_over = DeliveryCounter.create(run / "hand_over")
        self.region = run / "region"
        arguments = ["--region", self.region, "--hand-over", run / "hand_over"]
        arguments += ["--folder", folder, "--speed", speed]
        self.process = ForkedProcess(
            ["-m", "live.producers.replay_producer", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def wait_until_ready(self) -> None:
        """Read the child's first line."""
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], 60)[0]
        assert self.process.stdout.readline() == b"ready\n"

    def say(self, line: str) -> None:
        """Write to the child's standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode())

    def finish(self) -> dict[str, Any]:
        """Wait for the child's end and return its figures."""
        assert self.process.stdout is not None
        self.process.wait(240)
        report: dict[str, Any] = json.loads(self.process.stdout.read())
        return report

    def __enter__(self) -> Self:
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(240)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.hand_over.close()


def wait_for_records(reader: FactorReader, count: int) -> None:
    """Wait until at least so many records were published."""
    eventually(lambda: reader.status().published >= count, f"{count} records")


def test_the_producer_writes_nothing_that_the_node_has_not_received(
    tmp_path: Path, run: Path
) -> None:
    """With the count held at any value, exactly the records that may be known are there."""
    folder = write_recording(tmp_path, seconds=2, per_second=40)
    stream = TickFactors.of(TickFiles.load(folder))
    with Producer(folder, run) as producer, FactorReader(producer.region) as reader:
        producer.say(f"start {time.time_ns()}\n")
        for count in (0, 1, 7, 30, 31, int(stream.after_event[-1]) - 1):
            producer.hand_over.events = count
            allowed = int((stream.after_event <= count).sum())
            wait_for_records(reader, allowed)
            # Long enough for a producer that does not look at the count to write them all.
            time.sleep(0.1)
            assert reader.status().published == allowed
        producer.hand_over.events = int(stream.after_event[-1])
        wait_for_records(reader, len(stream.ts))
        newest = reader.read_latest()
        assert newest is not None
        assert newest.payload == stream.values[-1].tobytes()
        report = producer.finish()
    assert producer.process.returncode == 0
    assert report["published"] == len(stream.ts)
    assert report["waited_for_node"] > 0


def test_the_producer_shows_life_while_it_waits(tmp_path: Path, run: Path) -> None:
    """Its heartbeat goes on before the start and while the node is behind."""
    folder = write_recording(tmp_path, seconds=1, per_second=40)
    with Producer(folder, run) as producer, FactorReader(producer.region) as reader:

        def wait_for_beat() -> None:
            before = reader.status().heartbeat_mono_ns
            eventually(lambda: reader.status().heartbeat_mono_ns > before, "a heartbeat")

        wait_for_beat()
        producer.say(f"start {time.time_ns()}\n")
        wait_for_beat()
        wait_for_beat()
        assert reader.status().published == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("is_started", [False, True])
def test_a_signal_ends_the_producer_cleanly(
    tmp_path: Path, run: Path, number: signal.Signals, *, is_started: bool
) -> None:
    """It closes its region and exits 0, before the start and while it waits for the node."""
    folder = write_recording(tmp_path, seconds=1, per_second=40)
    with Producer(folder, run) as producer, FactorReader(producer.region) as reader:
        if is_started:
            producer.say(f"start {time.time_ns()}\n")
        producer.process.send_signal(number)
        assert producer.process.wait(240) == 0
        assert not reader.status().alive


def test_a_killed_parent_ends_the_producer(tmp_path: Path, run: Path) -> None:
    """After SIGKILL to the node's process its producer is gone too."""
    folder = write_recording(tmp_path, seconds=60, per_second=20)
    words = ["-m", "tests.support.nodes.replay_node", folder, run, 1]
    parent = ForkedProcess(words, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        try:
            assert select.select([parent.stdout], [], [], 60)[0]
            pidfd = os.pidfd_open(json.loads(parent.stdout.readline())["producer_pid"])
            with FactorReader(run / "region") as reader:
                wait_for_records(reader, 5)
        finally:
            parent.kill()
            parent.wait(60)
    assert select.select([pidfd], [], [], 60)[0], "the producer has outlived its parent by 60 s"
    os.close(pidfd)


@pytest.mark.parametrize("line", ["begin 1\n", "start soon\n", "start\n"])
def test_a_word_other_than_start_is_refused(tmp_path: Path, run: Path, line: str) -> None:
    """The producer exits with an error instead of guessing when to begin."""
    folder = write_recording(tmp_path, seconds=1, per_second=20)
    with Producer(folder, run) as producer:
        producer.say(line)
        assert producer.process.wait(240) == 2
