"""The sides of a latency measurement in Python, as the processes that they are."""

from __future__ import annotations

import os
import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest

from adapters.process.child import ChildError
from live.latency.phase3.phase3_run import built_for
from live.latency.phase3.turns.cases import CASES, Built
from live.latency.phase3.turns.turn import Turn, run
from tests.support.eventually import eventually
from tests.support.nodes.processes import has_ended
from tests.support.transports.regions import new_region_path

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_KEY = {case.key: case for case in CASES}
REGION = BY_KEY["region-python-python"]
COUNT = 200


@pytest.fixture
def turn() -> Iterator[Turn]:
    """Give a turn of the region between two processes in Python."""
    with Turn(REGION, Built(), new_region_path()) as found:
        yield found


def test_every_record_of_a_run_is_in_the_readers_log(turn: Turn) -> None:
    """In order, with its number and its producer's, received after it was handed over."""
    producer, reader = turn.producer(), turn.reader(COUNT + 1)
    turn.open(producer, reader)
    said = run(producer, 1_000, COUNT)
    assert said["sent"] == COUNT
    assert said["wall_ns"] >= (COUNT - 1) * 1_000_000, "faster than its rate"
    (log,) = turn.end(producer, "reader")
    assert log.number.tolist() == list(range(COUNT + 1))
    assert set(log.producer.tolist()) == {1}
    part = log.part(0, COUNT)
    assert part.lost == 0
    assert int(part.latencies_ns.min()) > 0
    assert turn.sent() == COUNT + 1


@pytest.mark.parametrize("key", ["aeron-ipc-c-c", "aeron-udp-c-c", "aeron-ipc-c"])
def test_aerons_c_client_loses_nothing_and_ends(key: str) -> None:
    """Its driver, a producer and two readers, whose loops are in C or in Python."""
    case = BY_KEY[key]
    built = built_for([case])
    if problem := case.problem(built):
        is_lacking = built.aeron_problem or shutil.which("cc") is None
        if not is_lacking or os.environ.get("CI") == "true":
            pytest.fail(problem)
        pytest.skip(problem)
    with Turn(case, built, new_region_path()) as turn:
        producer = turn.producer()
        readers = [turn.reader(COUNT + 1, "yield", name) for name in ("one", "other")]
        turn.open(producer, *readers)
        said = run(producer, 1_000, COUNT)
        assert said["sent"] == COUNT
        assert said["wall_ns"] >= (COUNT - 1) * 1_000_000, "faster than its rate"
        for log in turn.end(producer, "one", "other"):
            assert log.number.tolist() == list(range(COUNT + 1))
            assert set(log.producer.tolist()) == {1}
            assert int(log.part(0, COUNT).latencies_ns.min()) > 0
        assert turn.sent() == COUNT + 1
        for side in (producer, *readers):
            side.close_input()
            eventually(partial(has_ended, side.pid), "the end of a side")


def test_a_second_producer_is_refused_until_the_first_is_killed(turn: Turn) -> None:
    """Then its records follow at the reader, which lives on."""
    first, second, reader = turn.producer(), turn.producer(2), turn.reader(2 * COUNT + 1)
    second.expect("up")
    turn.open(first, reader)
    run(first, 0, COUNT)
    assert second.ask("open").startswith("refused")
    first.kill()
    second.send("open")
    second.expect("ready")
    run(second, 0, COUNT)
    (log,) = turn.end(second, "reader")
    assert log.count_of(1) == COUNT
    assert log.count_of(2) == COUNT + 1


def test_the_sides_end_with_the_turn_and_its_folder_is_removed() -> None:
    """Also where it is left by an exception."""
    folder = new_region_path()
    pids: list[int] = []
    with pytest.raises(RuntimeError, match="in the middle"), Turn(REGION, Built(), folder) as turn:  # noqa: PT012
        producer = turn.producer()
        producer.expect("up")
        pids.append(producer.pid)
        message = "in the middle"
        raise RuntimeError(message)
    assert not folder.exists()
    assert has_ended(pids[0])


def test_a_side_ends_when_nobody_holds_its_standard_input(turn: Turn) -> None:
    """So no side outlives a measurement that was killed."""
    producer, reader = turn.producer(), turn.reader(COUNT)
    turn.open(producer, reader)
    for side in (producer, reader):
        side.close_input()
        eventually(partial(has_ended, side.pid), "the end of a side")


def test_a_side_that_ends_is_an_error_that_names_it(turn: Turn) -> None:
    """And not a wait."""
    producer = turn.producer()
    producer.expect("up")
    os.kill(producer.pid, 9)
    with pytest.raises(ChildError, match="the producer ended with code -9"):
        producer.ask("open")
