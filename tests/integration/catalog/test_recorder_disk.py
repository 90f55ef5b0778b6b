"""A disk that is full, a file that may not grow, too few descriptors: survived, counted, over."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from adapters.catalog import FactorCatalog
from adapters.shm import FactorWriter
from tests.integration.catalog.test_recorder_run import run
from tests.support.catalogs.recorders import (
    journal,
    nautilus_sequences,
    publish_steadily,
    recorder,
    sequences_once,
)
from tests.support.eventually import eventually
from tests.support.lengths import long
from tests.support.nodes.processes import child
from tests.support.transports.regions import factor_names, write_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.catalogs.recorders import RecorderProcess

type Fault = tuple[Callable[[RecorderProcess], None], Callable[[RecorderProcess], None]]


@contextmanager
def small_disk(folder: Path, *options: str) -> Iterator[Path]:
    """Mount a tmpfs of 2 MB, or skip where that is not allowed."""
    folder.mkdir()
    # By name: it lies elsewhere on each system.
    mount = ["mount", "-t", "tmpfs", "-o", ",".join(["size=2m", *options]), "none", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if done.returncode:
        pytest.skip(f"this user may not mount a small disk: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607 - as above


def limit(pid: int, which: int, soft: int) -> int:
    """Set a process's soft limit; return what it was."""
    before, hard = resource.prlimit(pid, which)
    resource.prlimit(pid, which, (soft, hard))
    return before


def check_catalog(catalog: Path, recorded: int, published: int) -> None:
    """Compare what is there with what the recorder says, as every reader sees it."""
    sequences = sequences_once(catalog)
    assert len(sequences) == recorded
    assert sequences[-1] == published
    assert nautilus_sequences(catalog) == sequences
    assert FactorCatalog(catalog).verify() == []
    assert not list(catalog.rglob("*.arrows"))


def test_a_full_disk_is_survived_counted_and_left_behind(
    tmp_path: Path, region_path: Path
) -> None:
    """Fault E03: it goes on following, drops with a count, and records again when
    there is space.
    """
    with (
        small_disk(tmp_path / "disk") as disk,
        child(publish_steadily, region_path, 1000, 40) as producer,
    ):
        producer.line()
        catalog, filler = disk / "catalog", disk / "filler"
        with recorder(catalog, region_path, "--flush-s", "0.05") as r:
            eventually(lambda: r.figures().recorded > 100, "the first records")
            for _ in range(2):
                fill(filler)
                dropped = eventually(lambda: r.figures().dropped, "dropped records")
                filler.unlink()
                recorded = r.figures().recorded
                eventually(lambda: r.figures().recorded > recorded + 500, "more records")  # noqa: B023
            published = int(producer.ask("stop"))
            code, figures = r.end(signal.SIGTERM)
        assert (code, figures.adds_up, figures.lost, figures.waiting) == (0, True, 0, 0)
        assert figures.dropped >= dropped
        check_catalog(catalog, figures.recorded, published)
        told = [e for e in journal(catalog) if e["event"] == "dropped"]
        assert sum(e["count"] for e in told) == figures.dropped
        assert {e["why"] for e in told} == {"No space left on device"}


def fill(path: Path) -> None:
    """Write a file until the disk is full."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


@pytest.mark.parametrize("what", [long("file size"), long("descriptors")])
def test_a_limit_is_survived_and_counted(tmp_path: Path, region_path: Path, what: str) -> None:
    """Fault E03: no file may grow, or no file may be opened, for a while; then it
    records again.
    """
    which = resource.RLIMIT_FSIZE if what == "file size" else resource.RLIMIT_NOFILE
    options = ["--flush-s", "0.05", "--rotate-s", "0.5"]
    with child(publish_steadily, region_path, 1000) as producer:
        producer.line()
        with recorder(tmp_path, region_path, *options) as r:
            eventually(lambda: r.figures().recorded > 100, "the first records")
            before = limit(r.pid, which, 1000 if what == "file size" else 3)
            dropped = eventually(lambda: r.figures().dropped, "dropped records")
            limit(r.pid, which, before)
            recorded = r.figures().recorded
            eventually(lambda: r.figures().recorded > recorded + 500, "more records")
            published = int(producer.ask("stop"))
            code, figures = r.end(signal.SIGTERM)
    assert (code, figures.adds_up, figures.lost, figures.waiting) == (0, True, 0, 0)
    assert figures.dropped >= dropped
    check_catalog(tmp_path, figures.recorded, published)


def test_a_disk_full_to_the_end_leaves_a_whole_catalog(tmp_path: Path, region_path: Path) -> None:
    """Fault E03: it ends well, and what could not be made a Parquet file is finished by the
    next one.
    """
    with (
        small_disk(tmp_path / "disk") as disk,
        FactorWriter(region_path, factor_names(40)) as writer,
    ):
        catalog, filler = disk / "catalog", disk / "filler"
        with recorder(catalog, region_path, "--flush-s", "0.05", "--name", "one") as r:
            write_records(writer, 1000)
            eventually(lambda: r.figures().recorded == 1000, "the records")
            fill(filler)
            code, figures = r.end(signal.SIGTERM)
        assert (code, figures.adds_up) == (0, True)
        filler.unlink()
        FactorCatalog(catalog).recover()
        check_catalog(catalog, 1000, 1000)


def test_a_read_only_disk_is_refused(tmp_path: Path, region_path: Path) -> None:
    """Fault E03: exit code 2 and a sentence that names the folder."""
    with small_disk(tmp_path / "disk", "ro") as disk:
        result = run("--catalog", disk / "catalog", "--region", region_path)
        assert result.returncode == 2
        assert str(disk / "catalog") in result.stderr
        assert "Traceback" not in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_someone_else_is_refused(tmp_path: Path, region_path: Path) -> None:
    """The same for a folder that this user may not write."""
    tmp_path.chmod(0o500)
    result = run("--catalog", tmp_path / "catalog", "--region", region_path)
    assert result.returncode == 2
    assert str(tmp_path) in result.stderr
