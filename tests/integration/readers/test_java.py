"""The reader in Java: its own tests, and its programs beside a live writer in Python."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from adapters.shm import FactorReader, FactorWriter
from adapters.shm.region.region_files import folder_of
from live.latency.phase3.sides.toolchain import java_sources
from tests.support.eventually import eventually
from tests.support.java.project import built, own_tests, program, require_project
from tests.support.nodes.processes import child
from tests.support.transports.regions import factor_names, obey, values_of, write_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES: Final = factor_names(3)
LIMIT_S: Final = 240


@pytest.fixture(autouse=True)
def _project() -> None:
    require_project()


def test_the_projects_own_tests_pass() -> None:
    """Every vector as bytes and as a file, with its reason or its records."""
    ran = subprocess.run(own_tests(), check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = re.search(r"(\d+) tests successful", ran.stdout)
    assert found
    assert int(found[1]) >= 140


def test_a_file_begins_with_its_sentence_and_is_short() -> None:
    """As everywhere in this project."""
    for file in java_sources():
        if file.suffix == ".java":
            lines = file.read_text(encoding="utf-8").splitlines()
            assert re.match(r"// [A-Z].*\.$", lines[0]), file
            assert len(lines) <= 300, file


@contextmanager
def follow(path: Path, count: int) -> Iterator[subprocess.Popen[str]]:
    """Run the example that prints records, and end it."""
    command = program("PrintFactors", str(path), str(count))
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as reader:
        try:
            yield reader
        finally:
            reader.kill()


def records_of(out: str) -> Iterator[tuple[int, list[float]]]:
    """Give sequence and values of each printed record."""
    for line in out.splitlines():
        if not line.startswith("names "):
            sequence, _, *values = line.split()
            yield int(sequence), [float(value) for value in values]


def test_a_live_writer_is_read_without_loss_and_asleep(region_path: Path) -> None:
    """Every record of another process in order, bit by bit; the reader sleeps in between."""
    with child(obey, region_path, NAMES) as writer:
        writer.line()
        with follow(region_path, 3000) as reader:
            eventually((folder_of(region_path) / "0.fifo").is_fifo, "the reader takes a place")
            for _ in range(30):
                writer.ask(100)
            out, said = reader.communicate(timeout=LIMIT_S)
    got = list(records_of(out))
    assert [sequence for sequence, _ in got] == list(range(1, 3001))
    assert all(values == [*values_of(n, 3)] for n, values in got)
    assert said == "0 lost\n"


def test_a_sleeping_reader_is_woken_through_its_fifo(region_path: Path) -> None:
    """The writer sends a wake-up for a record, to a FIFO that only its owner may open."""
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 1)
        with follow(region_path, 20) as reader:
            fifo = folder_of(region_path) / "0.fifo"
            eventually(fifo.is_fifo, "the reader takes a place")
            assert fifo.stat().st_mode & 0o777 == 0o600
            before = writer.counters["sent_wakeups"]
            for _ in range(19):
                write_records(writer, 1)
                time.sleep(0.01)  # so that it sleeps again, or not: either is right
            out, said = reader.communicate(timeout=LIMIT_S)
        assert writer.counters["sent_wakeups"] > before
    assert [n for n, _ in records_of(out)] == list(range(1, 21))
    assert said == "0 lost\n"
    assert not fifo.exists()


def test_what_a_small_ring_loses_is_counted_exactly(region_path: Path) -> None:
    """Delivered and lost make all up to the last; what is printed fits into the pipe."""
    with child(obey, region_path, NAMES, 8) as writer:
        writer.line()
        with follow(region_path, 500) as reader:
            published = 0
            while reader.poll() is None:
                published = int(writer.ask(2000))
            out, said = reader.communicate(timeout=LIMIT_S)
    got = list(records_of(out))
    assert all(values == [*values_of(n, 3)] for n, values in got)
    sequences = [sequence for sequence, _ in got]
    assert sequences == sorted(set(sequences))
    lost = int(said.split()[0])
    assert len(got) == 500
    assert lost > 0
    assert sequences[-1] == len(got) + lost <= published


def test_new_names_are_followed_into_the_next_file(region_path: Path) -> None:
    """The old file is read to its end, then the new one from its first record on."""
    with FactorWriter(region_path, ["a"]) as writer:
        for n in range(1, 6):
            writer.write({"a": float(n)})
        with follow(region_path, 10) as reader:
            assert reader.stdout is not None
            old = [reader.stdout.readline() for _ in range(6)]
            for n in range(6, 11):
                writer.write({"a": float(n), "b": -float(n)})
            out, said = reader.communicate(timeout=LIMIT_S)
    assert old[0] == "names a\n"
    assert list(records_of("".join(old))) == [(n, [float(n)]) for n in range(1, 6)]
    assert out.startswith("names a b\n")
    assert list(records_of(out)) == [(n, [float(n), -float(n)]) for n in range(6, 11)]
    assert said == "0 lost\n"


def test_a_removed_region_is_attached_again(region_path: Path) -> None:
    """A file that another process removes is found again when its writer has made it anew."""
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 3)
        with follow(region_path, 6) as reader:
            assert reader.stdout is not None
            for _ in range(4):
                reader.stdout.readline()
            region_path.unlink()
            writer.heartbeat()
            write_records(writer, 3)
            out, said = reader.communicate(timeout=LIMIT_S)
    assert [n for n, _ in records_of(out)] == [4, 5, 6]
    assert said == "0 lost\n"


@pytest.mark.long
def test_a_missing_region_and_wrong_usage_are_told(tmp_path: Path) -> None:
    """One sentence with what is wrong, and an exit code for each."""
    for arguments, code, said in (
        ([str(tmp_path / "none")], 1, "its producer has not started"),
        ([], 2, "usage: PrintFactors PATH [COUNT]"),
        ([str(tmp_path / "none"), "many"], 2, "expected a whole number, found many"),
    ):
        ran = subprocess.run(
            program("PrintFactors", *arguments),
            check=False,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert ran.returncode == code
        assert said in ran.stderr


def test_what_may_not_be_trusted_is_refused(region_path: Path) -> None:
    """A link, a second name, and a file that others may write."""
    other = region_path.with_name(region_path.name + "_other")
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 1)
        try:
            other.symlink_to(region_path)
            assert "found a symbolic link" in refusal(other)
            other.unlink()
            other.hardlink_to(region_path)
            assert "found 2 hard links" in refusal(region_path)
            other.unlink()
            os.mkfifo(other, 0o600)
            assert "found something else" in refusal(other)
            region_path.chmod(0o622)
            assert "found mode 0622" in refusal(region_path)
        finally:
            other.unlink(missing_ok=True)


def refusal(path: Path) -> str:
    """Return what the example says of a region that it refuses."""
    command = program("PrintFactors", str(path), "1")
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert ran.returncode == 1
    assert "is refused: expected" in ran.stderr
    return ran.stderr


def test_a_truncated_file_ends_the_reading_with_an_error(region_path: Path) -> None:
    """No reader goes on with what is not there, and the JVM stays alive to say so."""
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 1)
        with follow(region_path, 1000) as reader:
            assert reader.stdout is not None
            reader.stdout.readline()
            reader.stdout.readline()
            os.truncate(region_path, 0)
            said = reader.communicate(timeout=LIMIT_S)[1]
    assert reader.returncode == 1
    assert re.search("was truncated|is not a usable region|InternalError", said)


def test_a_killed_reader_leaves_its_place_to_the_next(region_path: Path) -> None:
    """The kernel frees the place with the process; a reader in Python takes it over."""
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 1)
        with follow(region_path, 1000) as reader:
            eventually((folder_of(region_path) / "0.fifo").is_fifo, "the reader takes a place")
            reader.send_signal(signal.SIGKILL)
            reader.communicate(timeout=LIMIT_S)
        with FactorReader(region_path) as python:
            python.read_latest()
            assert python.sleep()
            write_records(writer, 1)
            assert python.wait(1.0)
            assert [p.name for p in folder_of(region_path).glob("*.fifo")] == ["0.fifo"]


@pytest.mark.long
def test_a_service_publishes_and_another_reads_it_losslessly(region_path: Path) -> None:
    """The two programs of the README's measurement: what one published, the other has read."""
    publishing = program("PublishAtRate", str(region_path), "85", "65536", "20000", "12")
    with subprocess.Popen(publishing, stdout=subprocess.PIPE, text=True) as publisher:
        try:
            eventually(region_path.exists, "a region")
            ran = subprocess.run(
                program("FollowLossless", str(region_path), "3"),
                check=True,
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
            )
            printed = publisher.communicate(timeout=LIMIT_S)[0]
        finally:
            publisher.kill()
    found = re.search(
        r"lossless: n (\d+), \d+ records/s, 0 lost\nnewest record: n \d+", ran.stdout
    )
    assert found
    published = re.match(r"published: n (\d+), \d+ records/s", printed)
    assert published
    assert 0 < int(found[1]) < int(published[1])


@pytest.mark.long
def test_the_benchmarks_run(tmp_path: Path) -> None:
    """Each reads and writes what it says; they raise where a reading gives no record."""
    lib = built() / "programs" / "lib"
    short = ["-f", "0", "-wi", "0", "-i", "1", "-r", "100ms", "-foe", "true"]
    ran = subprocess.run(
        ["java", "-cp", f"{lib}/*", "org.openjdk.jmh.Main", "RegionBenchmark", *short],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=LIMIT_S,
    )
    for name in ("newest", "readNext", "write", "writeAndReadNext"):
        assert f"RegionBenchmark.{name} " in ran.stdout


def test_the_example_service_publishes(region_path: Path) -> None:
    """A node's reader gets its factors, and sees it close the region."""
    command = program("PublishFactors", str(region_path), "2")
    with subprocess.Popen(command) as service:
        try:
            eventually(region_path.exists, "a region")
            with FactorReader(region_path) as reader:
                eventually(lambda: reader.status().published >= 3, "three records")
                newest = reader.read_latest()
                assert newest is not None
                assert list(newest) == ["load_average", "heap_used_mb", "threads"]
                assert newest["threads"] >= 1
                assert service.wait(timeout=LIMIT_S) == 0
                assert reader.status().has_closed
        finally:
            service.kill()
