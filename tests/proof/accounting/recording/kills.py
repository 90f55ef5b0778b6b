"""A recorder killed with SIGKILL at random moments: what is missing, and what is there twice."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from adapters.catalog import FactorCatalog, RecordingWriter
from tests.support.catalogs.factor_batches import assert_numbered, numbered
from tests.support.eventually import eventually
from tests.support.nodes.processes import Child

LONGEST_LIFE_S: Final = 0.06
RECORDS: Final = 50
STREAM: Final = 7


class Killed(NamedTuple):
    """What came of a recording whose recorder was killed again and again."""

    kills: int
    records: int
    missing: int
    """Flushed records that are not there: neither recorded nor told as lost."""
    doubled: int
    """Records that are there twice, or both recorded and told as lost."""
    wrong: str
    """What else is wrong; empty if nothing."""


def record_until_killed(catalog: str, said: str) -> None:
    """Record for ever, flush each batch, and tell in a file how far that is."""
    writer = RecordingWriter(
        Path(catalog), source="proof", name="one", rotate_bytes=40_000, flush_s=0.0
    )
    last = writer.last_sequences.get(STREAM, 0)
    fd = os.open(said, os.O_WRONLY | os.O_CREAT, 0o600)
    while True:
        if last % 3 == 0:
            writer.add_lost(STREAM, last, 2)
            last += 2
        writer.write_factors(numbered(last + 1, RECORDS))
        last += RECORDS
        os.pwrite(fd, b"%12d" % last, 0)


def kill_again_and_again(catalog: str, said: str, seed: int, kills: int) -> None:
    """Fork a recorder and kill it, many times; print how far the last one said that it was.

    Three of four are killed at a moment after their first flush, the others also before it.
    """
    rng = random.Random(seed)  # noqa: S311 - moments
    for number in range(kills):
        before = _said(said)
        pid = os.fork()
        if pid == 0:
            with suppress(BaseException):
                record_until_killed(catalog, said)
            os._exit(1)
        if number % 4:
            eventually(partial(_has_said_more, said, before), "a first flush")
        time.sleep(rng.uniform(0, LONGEST_LIFE_S))
        os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert code == -signal.SIGKILL, code
    print(_said(said), flush=True)


def _said(path: str) -> int:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123
            return int(file.read() or 0)
    except FileNotFoundError:
        return 0


def _has_said_more(path: str, before: int) -> bool:
    return _said(path) > before


def killed_recordings(folder: Path, kills: int, seed: int) -> Killed:
    """Kill a recorder so often, and account for every record."""
    catalog, said = folder / "killed", folder / "said"
    killer = Child(kill_again_and_again, catalog, said, seed, kills)
    try:
        flushed = int(killer.line(timeout_s=60 + 10 * kills))
    finally:
        killer.close()
    found = FactorCatalog(catalog)
    before_recovery = [int(n) for b in found.batches() for n in b.sequence]
    found.recover()
    batches = list(found.batches())
    recorded = [int(n) for b in batches for n in b.sequence]
    (recording,) = found.recordings()
    lost = [
        n
        for gap in recording.gaps
        for n in range(gap.after_sequence + 1, gap.after_sequence + 1 + gap.lost)
    ]
    accounted = recorded + lost
    wrong = ""
    try:
        assert_numbered(batches)
        assert recorded == sorted(recorded) == before_recovery, "order"
        assert found.verify() == [], "verify"
        assert not list(catalog.rglob("*.arrows")), "a spool is left"
    except AssertionError as error:
        wrong = str(error)
    return Killed(
        kills=kills,
        records=len(recorded),
        missing=len(set(range(1, flushed + 1)) - set(accounted))
        + len(set(range(1, max(accounted) + 1)) - set(accounted)),
        doubled=len(accounted) - len(set(accounted)),
        wrong=wrong,
    )
