"""A recorder whose disk is full, read-only or out of descriptors goes on and counts."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.files.journal import read_journal
from adapters.catalog.writing import recording_parts
from adapters.catalog.writing.table_recording import TableRecording
from dolphin_strategies.errors import ConfigError
from tests.support.catalogs.factor_batches import assert_numbered, numbered, sequences
from tests.support.nodes.processes import ROOT, child

if TYPE_CHECKING:
    from collections.abc import Callable

MOUNT: Final = ("unshare", "-Urm", "sh", "-c")
DISK: Final = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"'


def on_a_small_disk(function: Callable[[str], None], folder: Path) -> None:
    """Run a function of this module in a process that has a disk of 2 MB at ``folder``."""
    try:
        subprocess.run([*MOUNT, DISK, str(folder), "true"], check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs unshare and the right to mount a tmpfs in a namespace of its own")
    code = f"import {__name__} as m; m.{function.__name__}({str(folder)!r})"
    command = [*MOUNT, DISK, str(folder), sys.executable, "-c", code]
    subprocess.run(command, cwd=ROOT, check=True, timeout=240)


class Recorder:
    """A writer, and how many records it was given."""

    def __init__(self, catalog: Path) -> None:
        recording_parts.RETRY_S = 0.0  # type: ignore[misc]
        self.writer: Final = RecordingWriter(
            catalog, source="test", name="one", rotate_bytes=200_000, flush_s=0.0
        )
        self.given = 0

    def record(self, batches: int) -> None:
        for _ in range(batches):
            self.writer.write_factors(numbered(self.given + 1, 100))
            self.given += 100
            self.writer.tick()
            assert self.writer.recorded + self.writer.dropped == self.given

    def record_until_something_is_dropped(self) -> None:
        for _ in range(5_000):
            self.record(1)
            if self.writer.dropped:
                return
        pytest.fail("everything was recorded")

    def close_and_check(self) -> None:
        """Every record is in the catalog or in the count of those dropped."""
        self.writer.close(published=self.given)
        catalog = FactorCatalog(self.writer.catalog)
        batches = list(catalog.batches())
        assert_numbered(batches)
        found = sequences(batches)
        assert found == sorted(set(found))
        (recording,) = catalog.recordings()
        assert len(found) == recording.records == self.writer.recorded
        assert recording.dropped == self.writer.dropped == self.given - len(found)
        assert catalog.verify() == []
        assert not list(self.writer.catalog.rglob("*.arrows"))
        end = read_journal(self.writer.catalog / "recordings/one/journal.jsonl")[-1]
        assert end["recorded"] + end["dropped"] == end["published"] == self.given


def fill_the_disk(folder: str) -> None:
    """Record onto a full disk, then make room."""
    filler = Path(folder) / "filler"
    filler.write_bytes(bytes(1_500_000))
    recorder = Recorder(Path(folder) / "catalog")
    recorder.record_until_something_is_dropped()
    recorder.record(20)
    assert "No space left" in recorder.writer.problem
    before = recorder.writer.recorded
    filler.unlink()
    recorder.writer.tick()
    recorder.record(50)
    assert recorder.writer.problem == ""
    assert recorder.writer.recorded == before + 5_000
    recorder.close_and_check()


def close_on_a_full_disk(folder: str) -> None:
    """End a recording on a full disk: what was flushed is recovered when there is room."""
    filler = Path(folder) / "filler"
    filler.write_bytes(bytes(1_500_000))
    recorder = Recorder(Path(folder) / "catalog")
    recorder.record_until_something_is_dropped()
    recorder.writer.close()
    catalog = FactorCatalog(recorder.writer.catalog)
    assert len(sequences(catalog.batches())) == recorder.writer.recorded
    filler.unlink()
    catalog.recover()
    assert len(sequences(catalog.batches())) == recorder.writer.recorded
    assert catalog.verify() == []


def turn_read_only(folder: str) -> None:
    """Record while a read-only mount covers the catalog, and after it is gone."""
    catalog = str(Path(folder) / "catalog")
    recorder = Recorder(Path(catalog))
    recorder.record(5)
    _command("mount", "--bind", catalog, catalog)
    _command("mount", "-o", "remount,bind,ro", catalog)
    with pytest.raises(ConfigError, match="cannot be written"):
        RecordingWriter(Path(catalog), source="test", name="two")
    recorder.record(200)
    assert recorder.writer.dropped > 0
    assert "Read-only" in recorder.writer.problem
    before = recorder.writer.dropped
    _command("umount", catalog)
    recorder.record(50)
    assert recorder.writer.dropped == before
    assert recorder.writer.problem == ""
    recorder.close_and_check()


def _command(*words: str) -> None:
    subprocess.run([shutil.which(words[0]) or words[0], *words[1:]], check=True)


def outgrow_the_file_size(catalog: str) -> None:
    """Record with files limited to less than a part: the part ends early, nothing else."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
    recorder = Recorder(Path(catalog))
    recorder.record(200)
    assert 0 < recorder.writer.dropped < recorder.given / 4
    recorder.close_and_check()
    print("done", flush=True)


def run_out_of_descriptors(catalog: str) -> None:
    """Record while no file can be opened, then while one can again."""
    recorder = Recorder(Path(catalog))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = max(map(int, os.listdir("/proc/self/fd"))) + 1  # noqa: PTH208 - names only
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use - 1, limits[1]))
    recorder.record(20)
    assert recorder.writer.dropped == 2_000
    assert "Too many open files" in recorder.writer.problem
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    recorder.record(100)
    assert recorder.writer.dropped == 2_000
    assert recorder.writer.problem == ""
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use - 1, limits[1]))
    recorder.writer.rotate()
    assert "Too many open files" in recorder.writer.problem
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    recorder.close_and_check()
    print("done", flush=True)


def begin_on_a_full_disk(catalog: str) -> None:
    """Begin recordings that cannot write their first line, then ones that can, in one process."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    kinds = (partial(RecordingWriter, name="one"), partial(TableRecording, name="two"))
    for begin in kinds:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only
        with pytest.raises(ConfigError, match="cannot be written"):
            begin(Path(catalog), source="test")
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        begin(Path(catalog), source="test").close()
    print("done", flush=True)


@pytest.mark.parametrize("fault", [fill_the_disk, close_on_a_full_disk, turn_read_only])
def test_a_disk_that_takes_nothing_is_survived(
    tmp_path: Path, fault: Callable[[str], None]
) -> None:
    """Fault E03: recorded and dropped are all; no file is corrupt; it goes on with room."""
    on_a_small_disk(fault, tmp_path)


@pytest.mark.parametrize(
    "fault", [outgrow_the_file_size, run_out_of_descriptors, begin_on_a_full_disk]
)
def test_a_limit_of_the_process_is_survived(tmp_path: Path, fault: Callable[[str], None]) -> None:
    """Fault E03: files may grow no further, or no more be opened; then they may again."""
    with child(fault, tmp_path / "catalog") as recorder:
        assert recorder.line(timeout_s=240) == "done"
        assert recorder.wait() == 0
