"""A path that somebody changes between a check and an open."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from adapters.process.safe_files import UnusableFileError, open_or_make
from adapters.process.whole_files import write_private
from adapters.shm import FactorReader, FactorWriter, RegionError
from tests.support.eventually import TIMEOUT_S
from tests.support.nodes.processes import child
from tests.support.transports.regions import factor_names, is_whole, write_records

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES: Final = factor_names(3)
FORGED: Final = ["forged"]
ENOUGH: Final = 30


def change_all_the_time(region: str, victim: str, forged: str) -> None:
    """Put the region aside, and links, FIFOs and forged files in its place, again and again."""
    path, aside, copy = Path(region), Path(f"{region}.aside"), Path(f"{region}.copy")

    def put_copy() -> None:
        shutil.copyfile(forged, copy)
        copy.chmod(0o666)
        copy.rename(path)

    puts: list[Callable[[], object]] = [
        lambda: path.symlink_to(victim),
        lambda: path.hardlink_to(forged),
        lambda: os.mkfifo(path, 0o600),
        put_copy,
        lambda: path.symlink_to(forged),
    ]
    print("changing", flush=True)
    while True:
        for put in puts:
            path.rename(aside)
            put()
            time.sleep(0.0001)
            path.unlink()
            aside.rename(path)
            time.sleep(0.0001)


def test_a_path_that_changes_all_the_time_opens_nothing_foreign(
    region_path: Path, tmp_path: Path
) -> None:
    """Fault A14: what a reader attaches is what it checked, many times each way: the region itself
    or nothing, and nothing blocks.
    """
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    forged = Path(f"{region_path}.forged")
    with FactorWriter(forged, FORGED) as writer:
        writer.write({"forged": 1.0})
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 3)
    counts = {"attached": 0, "refused": 0}
    deadline = time.monotonic() + TIMEOUT_S
    try:
        with child(change_all_the_time, region_path, victim, forged) as changing:
            assert changing.line() == "changing"
            while min(counts.values()) < ENOUGH:
                assert time.monotonic() < deadline, counts
                try:
                    reader = FactorReader(region_path)
                except RegionError:
                    counts["refused"] += 1
                    continue
                with reader:
                    counts["attached"] += 1
                    assert reader.schema.names == tuple(NAMES)
                    f = reader.read_latest()
                    assert f is not None
                    assert is_whole(f)
    finally:
        for left in region_path.parent.glob(f"{region_path.name}.*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    assert victim.read_bytes() == b"mine"


def swap_for_links(result: str, victim: str) -> None:
    """Change a path between a file, a link to the victim and a second name of it."""
    path, new = Path(result), Path(f"{result}.new")
    print("changing", flush=True)
    while True:
        for put in (new.symlink_to, new.hardlink_to):
            put(victim)
            new.rename(path)
            time.sleep(0.0001)
            path.unlink()
            time.sleep(0.0001)


def make_or_open(path: Path) -> None:
    """Write as a file does that is kept open."""
    fd = open_or_make(path)
    os.pwrite(fd, b"x", 0)
    os.close(fd)


@pytest.mark.parametrize("write", [lambda path: write_private(path, "x"), make_or_open])
def test_a_file_that_is_written_while_its_path_changes_harms_no_other(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    """Many writes each way: into a new file of its owner, or refused."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    path = tmp_path / "result"
    counts = {"written": 0, "refused": 0}
    deadline = time.monotonic() + TIMEOUT_S
    with child(swap_for_links, path, victim) as changing:
        assert changing.line() == "changing"
        while min(counts.values()) < ENOUGH:
            assert time.monotonic() < deadline, counts
            try:
                write(path)
                counts["written"] += 1
            except UnusableFileError:
                counts["refused"] += 1
    assert victim.read_bytes() == b"mine"


def test_a_writer_that_starts_while_its_path_changes_harms_no_other(
    region_path: Path, tmp_path: Path
) -> None:
    """Fault A14: it replaces what is there or refuses it; the target of a link keeps its bytes."""
    victim = Path(f"{region_path}.victim")
    victim.write_bytes(b"mine")
    counts = {"started": 0, "refused": 0}
    deadline = time.monotonic() + TIMEOUT_S
    try:
        with child(swap_for_links, region_path, victim) as changing:
            assert changing.line() == "changing"
            while min(counts.values()) < ENOUGH:
                assert time.monotonic() < deadline, counts
                try:
                    with FactorWriter(region_path, NAMES) as writer:
                        write_records(writer, 1)
                    counts["started"] += 1
                except RegionError:
                    counts["refused"] += 1
    finally:
        victim_bytes = victim.read_bytes()
        victim.unlink()
        Path(f"{region_path}.new").unlink(missing_ok=True)
    assert victim_bytes == b"mine"


@pytest.mark.parametrize("mode", [0o1777, 0o777])
def test_a_region_lies_where_everybody_may_write(tmp_path: Path, mode: int) -> None:
    """Where the sticky bit keeps them from moving it, as in /dev/shm; elsewhere it is refused."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(mode)
    path = folder / "region"
    if mode & 0o1000:
        with FactorWriter(path, NAMES) as writer, FactorReader(path) as reader:
            write_records(writer, 1)
            assert reader.read_latest() is not None
    else:
        with pytest.raises(RegionError, match="sticky"):
            FactorWriter(path, NAMES)
        assert not [*folder.iterdir()]
