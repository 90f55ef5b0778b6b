"""A recorder killed anywhere: what was flushed is there once, and the next one goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from adapters.catalog import FactorCatalog, RecordingWriter
from tests.support.catalogs.factor_batches import assert_numbered, numbered, sequences
from tests.support.lengths import counts, long
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from collections.abc import Callable

ROTATE_BYTES: Final = 40_000
_KILLED: Final = 9


def _record_until_killed(catalog: Path) -> None:
    """Record and say in a file beside the catalog what is flushed; check what was said before."""
    said = catalog.with_name("said")
    before = int(said.read_text() or 0) if said.exists() else 0
    with RecordingWriter(
        catalog, source="test", name="one", rotate_bytes=ROTATE_BYTES, flush_s=0.0
    ) as writer:
        last = writer.last_sequences.get(7, 0)
        if last < before:
            catalog.with_name("failed").write_text(f"said {before}, found {last}")
        said_fd = os.open(said, os.O_WRONLY | os.O_CREAT, 0o600)
        while True:
            if last % 3 == 0:
                writer.add_lost(7, last, 2)
                last += 2
            writer.write_factors(numbered(last + 1, 50))
            last += 50
            os.pwrite(said_fd, b"%12d" % last, 0)


def kill_again_and_again(catalog: str, seed: int, kills: int) -> None:
    """Start a recorder and kill it, many times; runs in a process of its own.

    A busy machine may kill most of them before their first record: then some more are started.
    """
    rng = random.Random(seed)  # noqa: S311 - test data
    for done in range(10 * kills):
        if (
            done >= kills
            and sum(r.records for r in FactorCatalog(Path(catalog)).recordings()) > kills
        ):
            break
        pid = _forked(partial(_record_until_killed, Path(catalog)))
        time.sleep(rng.uniform(0, 0.08))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    print("done", flush=True)


def exit_at_every_step(folder: str) -> None:
    """End a recorder at each file that it opens, links, makes or removes, one after another."""
    step = 0
    while True:
        step += 1
        catalog = Path(folder) / f"{step:04d}" / "catalog"
        catalog.parent.mkdir()
        pid = _forked(partial(_record_up_to, catalog, step))
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        print(json.dumps([step, code]), flush=True)
        if code != _KILLED:
            return


def _record_up_to(catalog: Path, step: int) -> None:
    seen = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event in {"open", "os.link", "os.remove", "os.mkdir"} and str(catalog) in str(
            arguments
        ):
            seen += 1
            if seen == step:
                os._exit(_KILLED)

    sys.addaudithook(count)
    said = catalog.with_name("said")
    with RecordingWriter(catalog, source="test", name="one", flush_s=0.0) as writer:
        for part in range(3):
            writer.write_factors(numbered(1 + 100 * part, 100))
            said.write_text(str(100 * part + 100))
            writer.rotate()


def _forked(function: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - the parent sees the exit code
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return pid


@pytest.mark.timeout(1200)
@counts("kills", 50, long=500)
@pytest.mark.parametrize("seed", [1, long(2)])
def test_whatever_was_flushed_before_a_kill_is_there_once(
    tmp_path: Path, seed: int, kills: int
) -> None:
    """Fault E01: random kills, each followed by a restart: records and gaps follow each other
    exactly.
    """
    path = tmp_path / "catalog"
    with child(kill_again_and_again, path, seed, kills) as killer:
        assert killer.line(timeout_s=500) == "done"
    failed = tmp_path / "failed"
    assert not failed.exists(), failed.read_text()
    catalog = FactorCatalog(path)
    before_recovery = sequences(catalog.batches())
    catalog.recover()
    batches = list(catalog.batches())
    found = sequences(batches)
    assert found == before_recovery
    assert_numbered(batches)
    (recording,) = catalog.recordings()
    assert len(found) == recording.records > kills
    expected, at = set(range(1, max(found) + 1)), set(found)
    assert len(at) == len(found)
    lost = {n for g in recording.gaps for n in range(g.after_sequence + 1, g.after_sequence + 3)}
    assert sum(g.lost for g in recording.gaps) == len(lost)
    assert lost & expected == expected - at
    assert int((tmp_path / "said").read_text()) <= max(found)
    assert catalog.verify() == []


def test_an_end_at_any_step_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Fault E01: before and after each new name, journal line and removal of a rotation."""
    steps = 0
    with child(exit_at_every_step, tmp_path) as recorder:
        while True:
            step, code = json.loads(recorder.line(timeout_s=240))
            assert code in {0, _KILLED}
            said = tmp_path / f"{step:04d}" / "said"
            flushed = int(said.read_text() or 0) if said.exists() else 0
            path = tmp_path / f"{step:04d}" / "catalog"
            if (path / "data").is_dir():
                catalog = FactorCatalog(path)
                seen = sequences(catalog.batches())
                catalog.recover()
                found = sequences(catalog.batches())
                assert found == seen == list(range(1, len(found) + 1))
                assert len(found) >= flushed
                assert catalog.verify() == []
                assert not list(path.rglob("*.arrows"))
            if code == 0:
                break
            steps = step
    assert steps > 20
    assert flushed == 300
