"""The programs that docs/region.md shows, word for word, against a live writer."""

from __future__ import annotations

import ast
import fcntl
import os
import re
import select
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest
from adapters.shm._region import ffi, lib

from adapters.shm import FactorReader, FactorWriter
from adapters.shm.region.region_files import folder_of
from tests.support.nodes.processes import ROOT, child
from tests.support.transports.regions import (
    EXAMPLES,
    control_offset,
    factor_names,
    obey,
    poke,
    read_snapshot,
    values_of,
    write_records,
)

if TYPE_CHECKING:
    from pathlib import Path

PAGE: Final = (ROOT / "docs" / "region.md").read_text(encoding="utf-8")
NAMES: Final = factor_names(3)


@pytest.mark.parametrize(
    ("name", "language"), [("read_snapshot.py", "python"), ("read_region.c", "c")]
)
def test_the_page_shows_the_tested_program(name: str, language: str) -> None:
    """Page and file hold the same text, so what is tested here is what people copy."""
    source = (EXAMPLES / name).read_text(encoding="utf-8")
    assert f"```{language}\n{source}```" in PAGE


def test_the_page_gives_the_offsets_that_the_header_gives() -> None:
    """Each row of the page's tables names the offset that C has for the field."""
    rows = re.findall(r"^\| (\d+)(?: \+ 16 N)? \| [^|]+ \| ([a-z_]+) \|", PAGE, re.MULTILINE)
    structs = ("struct region_control", "struct region_record", "struct region_waiters")
    offsets = {
        (str(ffi.offsetof(struct, field)), field)
        for struct in structs
        for field, _ in ffi.typeof(struct).fields
    } | {("64", "generation"), ("72", "pid")}
    documented = set(rows)
    assert documented <= offsets
    assert len(documented) >= 25
    missing = {field for _, field in offsets - documented if not field.startswith("reserved")}
    assert missing == {"waiter"}
    for number in (lib.REGION_MAGIC, lib.REGION_BYTE_ORDER):
        assert f"{number:#x}" in PAGE or f"{number:#010x}" in PAGE


def test_the_snapshot_program_is_short_and_needs_only_python(region_path: Path) -> None:
    """Twenty lines of function, run by an interpreter that sees no package of anybody."""
    tree = ast.parse((EXAMPLES / "read_snapshot.py").read_text(encoding="utf-8"))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    assert function.end_lineno is not None
    assert function.end_lineno - function.lineno < 20
    with child(obey, region_path, NAMES) as writer:
        writer.line()
        writer.ask(7)
        program = [sys.executable, "-I", "-S", str(EXAMPLES / "read_snapshot.py")]
        shown = subprocess.run(
            [*program, str(region_path)], check=True, capture_output=True, text=True, timeout=240
        ).stdout
    timestamp, factors = ast.literal_eval(shown)
    assert list(factors) == NAMES
    assert list(factors.values()) == [*values_of(7, 3)]
    with FactorReader(region_path) as reader:
        f = reader.read_latest()
    assert f is not None
    assert f.ts_event == timestamp


def test_the_snapshot_program_gives_up_on_a_killed_writers_zero(region_path: Path) -> None:
    """A timestamp that stays 0 is no snapshot, and no endless loop; the next record ends it."""
    with FactorWriter(region_path, NAMES) as writer:
        assert read_snapshot(region_path) is None
        write_records(writer, 1)
        poke(region_path, 0, bytes(8))
        assert read_snapshot(region_path) is None
        write_records(writer, 1)
        assert read_snapshot(region_path) is not None


@pytest.fixture(scope="module")
def read_region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the C reader with warnings as errors."""
    program = tmp_path_factory.mktemp("c") / "read_region"
    source = EXAMPLES / "read_region.c"
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["cc", *flags, "-o", program, source], check=True, timeout=240)  # noqa: S607
    return program


def test_the_c_reader_follows_a_live_writer(region_path: Path, read_region: Path) -> None:
    """Every record that it prints is whole and in order; printed and lost cover the rest."""
    with FactorWriter(region_path, NAMES, capacity=64) as writer:
        write_records(writer, 1)
        with subprocess.Popen(
            [read_region, region_path, "20000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as follower:
            assert follower.stdout is not None
            assert follower.stderr is not None
            while not select.select([follower.stdout], [], [], 0)[0]:
                assert follower.poll() is None
                write_records(writer, 10)
            write_records(writer, 1000)
            out, err = follower.communicate(timeout=240)
    rows = [line.split() for line in out.decode().splitlines()]
    sequences = [int(row[0]) for row in rows]
    assert follower.returncode == 0, err
    assert sequences == sorted(set(sequences))
    for row in rows:
        assert [float(v) for v in row[2:]] == [*values_of(int(row[0]), 3)]
    lost = int(err.split()[0])
    assert sequences[-1] - sequences[0] + 1 == len(sequences) + lost
    assert len(sequences) > 60


@pytest.mark.parametrize("offset", [0, 8, 12, 16, 24, 28, 32, 36])
def test_the_c_reader_refuses_a_damaged_region(
    region_path: Path, read_region: Path, offset: int
) -> None:
    """Each size and mark is checked before it is used."""
    with FactorWriter(region_path, NAMES, capacity=64) as writer:
        write_records(writer, 1)
    poke(region_path, control_offset(NAMES) + offset, b"\x7f")
    run = subprocess.run(
        [read_region, region_path, "1"], check=False, capture_output=True, timeout=240
    )
    assert run.returncode == 1
    assert run.stderr.startswith(b"not a usable region: ")


def test_a_reader_written_from_the_page_is_woken(region_path: Path) -> None:
    """The steps of "Sleeping and waking", with nothing of ours but the page's numbers."""
    with child(obey, region_path, NAMES) as writer:
        writer.line()
        folder = folder_of(region_path)
        fd = os.open(folder / "waiters", os.O_RDWR)
        for place in range(64):
            lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
            try:
                fcntl.fcntl(fd, fcntl.F_OFD_SETLK, lock)
                break
            except BlockingIOError:
                continue
        fifo_path = folder / f"{place}.fifo"
        os.mkfifo(fifo_path, 0o600)
        fifo = os.open(fifo_path, os.O_RDWR | os.O_NONBLOCK)
        (generation,) = struct.unpack("<Q", os.pread(fd, 8, 64 + 16 * place))
        os.pwrite(fd, struct.pack("<QQ", generation + 1, os.getpid()), 64 + 16 * place)
        for n in range(1, 4):
            # One sleeper: setting the word is as good as the atomic or of the page.
            os.pwrite(fd, struct.pack("<Q", 1 << place), 0)
            assert writer.ask(1) == str(n)
            assert select.select([fifo], [], [], 60)[0]
            assert os.read(fifo, 4096) == b"\0"
            assert os.pread(fd, 8, 0) == bytes(8)
        writer.ask(1)
        assert not select.select([fifo], [], [], 0)[0]
        os.close(fifo)
        os.close(fd)
