"""The reader in Rust: its own tests and lints, and its examples beside a live writer in Python."""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from adapters.shm import FactorWriter
from adapters.shm.region.region_files import folder_of
from tests.support.cargo import CRATE, LIMIT_S, built_examples, cargo, target_folder, why_not
from tests.support.eventually import eventually
from tests.support.nodes.processes import child
from tests.support.transports.regions import factor_names, obey, values_of, write_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

NAMES: Final = factor_names(3)


pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(LIMIT_S),
    pytest.mark.skipif(bool(reason := why_not()), reason=reason),
]


@pytest.fixture(scope="session")
def examples() -> Path:
    """Give the folder of the built examples."""
    return built_examples()


def test_the_crates_own_tests_pass() -> None:
    """Every vector as bytes and as a file, the pure part, and the documentation's examples."""
    cargo("test", "--jobs", "1")


def test_the_crate_has_no_lint() -> None:
    """Clippy's pedantic lints, for the examples and tests too, and the format."""
    lints = ["-D", "warnings", "-W", "clippy::pedantic"]
    cargo("clippy", "--jobs", "1", "--all-targets", "--", *lints)
    cargo("fmt", "--check")


def test_loom_finds_no_wrong_order_and_each_that_is_taken_away() -> None:
    """A writer and a reader in all interleavings, over the orders that the layout asks for; with
    one of them weaker, or one fence of the reader gone, a record is torn or contradicts itself.
    """
    said = cargo(
        "test", "--jobs", "1", "--release", "--lib", "model",
        target=target_folder() / "loom", RUSTFLAGS="--cfg loom",
    )  # fmt: skip
    assert "test result: ok. 8 passed; 0 failed" in said


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the sanitizer's target is x86-64")
def test_the_address_sanitizer_finds_nothing() -> None:
    """Every vector mapped and read under it, also the refused and the truncated ones: on a stable
    compiler, whose unstable options are opened for this build of ours alone.
    """
    said = cargo(
        "test", "--jobs", "1", "--lib", "--tests", "--target", "x86_64-unknown-linux-gnu",
        target=target_folder() / "asan", RUSTFLAGS="-Zsanitizer=address", RUSTC_BOOTSTRAP="1",
    )  # fmt: skip
    assert said.count("test result: ok") == 2
    assert "AddressSanitizer" not in said


def test_every_unsafe_block_has_its_reason() -> None:
    """A comment that begins with SAFETY stands before each."""
    for file in sorted(CRATE.rglob("*.rs")):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 300, file
        for i, line in enumerate(lines):
            if re.search(r"\bunsafe (\{|impl)", line):
                before = "\n".join(lines[max(i - 4, 0) : i])
                assert "// SAFETY: " in before, f"{file}:{i + 1}"


@contextmanager
def running(program: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run an example, and kill it at the end, also of a test that failed."""
    with subprocess.Popen(
        [program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def follow(
    examples: Path, path: Path, count: int
) -> AbstractContextManager[subprocess.Popen[str]]:
    """Run the example that prints records."""
    return running(examples / "print_factors", path, count)


def records_of(out: str) -> Iterator[tuple[int, list[float]]]:
    """Give sequence and values of each printed record."""
    for line in out.splitlines():
        if not line.startswith("names "):
            sequence, _, *values = line.split()
            yield int(sequence), [float(value) for value in values]


def test_a_live_writer_is_read_without_loss_and_asleep(region_path: Path, examples: Path) -> None:
    """Every record of another process in order, bit by bit, and the reader slept in between."""
    with child(obey, region_path, NAMES) as writer:
        writer.line()
        with follow(examples, region_path, 3000) as reader:
            eventually((folder_of(region_path) / "0.fifo").exists, "the reader takes a place")
            for _ in range(30):
                writer.ask(100)
            out, said = reader.communicate(timeout=240)
    got = list(records_of(out))
    assert [sequence for sequence, _ in got] == list(range(1, 3001))
    assert all(values == [*values_of(n, 3)] for n, values in got)
    assert said == "0 lost\n"


def test_what_a_small_ring_loses_is_counted_exactly(region_path: Path, examples: Path) -> None:
    """Delivered and lost make all up to the last; what is printed fits into the pipe."""
    with child(obey, region_path, NAMES, 8) as writer:
        writer.line()
        with follow(examples, region_path, 500) as reader:
            published = 0
            while reader.poll() is None:
                published = int(writer.ask(2000))
            out, said = reader.communicate(timeout=240)
    got = list(records_of(out))
    assert all(values == [*values_of(n, 3)] for n, values in got)
    sequences = [sequence for sequence, _ in got]
    assert sequences == sorted(set(sequences))
    lost = int(said.split()[0])
    assert len(got) == 500
    assert lost > 0
    assert sequences[-1] == len(got) + lost <= published


def test_new_names_are_followed_into_the_next_file(region_path: Path, examples: Path) -> None:
    """The old file is read to its end, then the new one from its first record on."""
    with FactorWriter(region_path, ["a"]) as writer:
        for n in range(1, 6):
            writer.write({"a": float(n)})
        with follow(examples, region_path, 10) as reader:
            assert reader.stdout is not None
            old = [reader.stdout.readline() for _ in range(6)]
            for n in range(6, 11):
                writer.write({"a": float(n), "b": -float(n)})
            out, said = reader.communicate(timeout=240)
    assert old[0] == "names a\n"
    assert list(records_of("".join(old))) == [(n, [float(n)]) for n in range(1, 6)]
    assert out.startswith("names a b\n")
    assert list(records_of(out)) == [(n, [float(n), -float(n)]) for n in range(6, 11)]
    assert said == "0 lost\n"


def test_a_removed_region_is_attached_again(region_path: Path, examples: Path) -> None:
    """A file that another process removes is found again when its writer has made it anew."""
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 3)
        with follow(examples, region_path, 6) as reader:
            assert reader.stdout is not None
            for _ in range(4):
                reader.stdout.readline()
            region_path.unlink()
            writer.heartbeat()
            write_records(writer, 3)
            out, said = reader.communicate(timeout=240)
    assert [n for n, _ in records_of(out)] == [4, 5, 6]
    assert said == "0 lost\n"


def test_the_consumer_example_counts_records_and_timers(region_path: Path, examples: Path) -> None:
    """The loop gets what the reading thread sends, and its own timer where nothing comes."""
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 1)
        with running(examples / "consumer", region_path, 2) as consumer:
            assert consumer.stdout is not None
            assert consumer.stdout.readline() == "3 factors from now on\n"
            write_records(writer, 100)
            out = consumer.communicate(timeout=240)[0]
    found = re.fullmatch(r"(\d+) records, the newest 101, 0 lost, (\d+) timers\n", out)
    assert found
    assert int(found[1]) in {100, 101}
    assert int(found[2]) > 0


def test_a_missing_region_and_wrong_usage_are_told(tmp_path: Path, examples: Path) -> None:
    """One sentence with what is wrong, and an exit code for each."""
    program = str(examples / "print_factors")
    for arguments, code, said in (
        ([str(tmp_path / "none")], 1, "its producer has not started"),
        ([], 2, "usage: print_factors PATH [COUNT]"),
        ([str(tmp_path / "none"), "many"], 2, "expected a whole number, found many"),
    ):
        ran = subprocess.run(
            [program, *arguments], check=False, capture_output=True, text=True, timeout=240
        )
        assert ran.returncode == code
        assert said in ran.stderr


def test_a_truncated_file_ends_the_process_with_sigbus_or_an_error(
    region_path: Path, examples: Path
) -> None:
    """As the crate says: no reader goes on with what is not there."""
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 1)
        with follow(examples, region_path, 1000) as reader:
            assert reader.stdout is not None
            reader.stdout.readline()
            reader.stdout.readline()
            os.truncate(region_path, 0)
            said = reader.communicate(timeout=240)[1]
    assert reader.returncode == -signal.SIGBUS or "was truncated while it was read" in said
