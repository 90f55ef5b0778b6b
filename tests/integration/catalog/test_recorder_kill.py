"""kill -9 of the recorder at random moments: nothing is missing, nothing is there twice."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

from adapters.catalog import FactorCatalog
from dolphin_strategies import ConfigError
from tests.support.catalogs.recorders import (
    FACTORS,
    factor_files,
    journal,
    nautilus_sequences,
    publish_steadily,
    sequences_once,
    told_gaps,
)
from tests.support.eventually import eventually
from tests.support.lengths import counts, long
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_LIFE_S: Final = 0.6
RATE: Final = 2000
RING: Final = 262_144


def record_on_demand(catalog: str, region: str, log: str, *options: str) -> None:
    """Fork a recorder for each line of stdin, print its pid, and its exit code when it ended.

    A fork of a process that has everything imported takes milliseconds; the recorder in it is
    the whole command, and prints into the log.
    """
    from live.recorder.record_command import main

    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 99
            with suppress(BaseException):
                os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 1)
                code = main(["--catalog", catalog, "--region", region, *options])
            os._exit(code)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


@pytest.mark.timeout(1200)
@counts("kills", 10, long=500)
@pytest.mark.parametrize("name", [None, long("one")])
def test_a_killed_recorder_loses_and_repeats_nothing(
    tmp_path: Path, region_path: Path, name: str | None, kills: int
) -> None:
    """Fault E01: however often it is killed, every record from the first to the last is there
    once.

    Killed while it starts, recovers, flushes and rotates: flush after 20 ms, a file for every
    few hundred records. The ring holds two minutes: the next recorder finds the rest there.
    """
    rng = random.Random(7)  # noqa: S311 - moments, no secrets
    options = ["--flush-s", "0.02", "--rotate-mb", "0.05", *(["--name", name] if name else [])]
    log = tmp_path.with_suffix(".log")
    with child(record_on_demand, tmp_path, region_path, log, *options) as starter:
        pid = int(starter.ask("record"))
        # It records from the first record on only if it was there before the producer.
        eventually(
            lambda: log.exists() and "producer waiting" in log.read_text(), "a waiting recorder"
        )
        with child(publish_steadily, region_path, RATE, FACTORS, RING) as producer:
            wait_for_recorded(tmp_path, 1)
            for _ in range(kills):
                os.kill(pid, signal.SIGKILL)
                assert int(starter.line()) == -signal.SIGKILL
                pid = int(starter.ask("record"))
                time.sleep(rng.uniform(0, LONGEST_LIFE_S))
            producer.line()
            published = int(producer.ask("stop"))
            wait_for_recorded(tmp_path, published)
        os.kill(pid, signal.SIGTERM)
        assert int(starter.line()) == 0

    assert told_gaps(tmp_path) == []
    assert sequences_once(tmp_path) == [*range(1, published + 1)]
    assert nautilus_sequences(tmp_path) == [*range(1, published + 1)]
    merged = [n for b in FactorCatalog(tmp_path).batches() for n in b.sequence.tolist()]
    assert merged == [*range(1, published + 1)]
    assert not list(tmp_path.rglob("*.arrows"))
    assert sorted(tmp_path.rglob("*.parquet")) == factor_files(tmp_path)


def wait_for_recorded(catalog: Path, sequence: int) -> None:
    """Wait until a query of the catalog gives a record."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with suppress(ConfigError):
            if last_sequence(catalog) >= sequence:
                return
        time.sleep(0.1)
    pytest.fail(f"record {sequence} did not come: {journal(catalog)[-3:]}")


def last_sequence(catalog: Path) -> int:
    """Return the newest sequence that the catalog gives, spools of live recorders included."""
    return max((int(b.sequence[-1]) for b in FactorCatalog(catalog).batches()), default=0)
