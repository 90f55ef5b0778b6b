"""The test vectors are what the writer makes, and every reader here passes them."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.shm import FactorReader, RegionError
from adapters.shm.reading.attachment import WriterStatus
from adapters.shm.region.region_errors import RegionMovedError
from tests.support.transports.regions import EXAMPLES, read_snapshot
from tests.support.vectors import vector_files
from tests.support.vectors.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    from dolphin_strategies import ExternalFactors

VECTORS: Final = vector_files.checked_in()
ACCEPTED: Final = {vector["name"]: vector for vector in VECTORS["accepted"]}
REFUSED: Final = {vector["name"]: vector for vector in VECTORS["refused"]}
STATES: Final = {1: "live", 2: "superseded", 3: "closed"}
SAID: Final = {
    "truncated": "expected a (snapshot|control block)",
    "count": "expected 1 to 512 factors",
    "name": "is not a factor name|appears twice|can't decode",
    "too_large": "expected at most 268,435,456 bytes",
    "magic": "expected magic",
    "byte_order": "expected little-endian|expected byte order mark",
    "version": "expected layout version",
    "snapshot_size": "expected snapshot size",
    "factor_count": "expected factor count",
    "record_size": "expected record size",
    "capacity": "expected a capacity that fits",
    "schema_hash": "expected schema hash",
    "file_size": "expected file size",
    "boot_id": "expected a region of this boot",
    "time_namespace": "expected a writer in time namespace",
    "sequence": "expected a first sequence",
}
NOT_CHECKED_BY_THE_C_EXAMPLE: Final = {
    "name", "schema_hash", "boot_id", "time_namespace", "sequence",
}  # fmt: skip


@pytest.fixture
def lay_out(tmp_path: Path) -> Any:
    """Give a function that lays a vector out and returns its path."""

    def make(vector: dict[str, Any]) -> Path:
        path: Path = tmp_path / vector["name"]
        vector_files.lay_out(vector, VECTORS, path)
        return path

    return make


def as_vector(f: ExternalFactors) -> tuple[str, str, list[str]]:
    """Return of a record what both a vector and this reader have."""
    bits = [f.payload[i : i + 8][::-1].hex() for i in range(0, len(f.payload), 8)]
    return str(f.sequence), str(f.ts_event), bits


def wanted(record: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Return the same of a vector's record."""
    return record["sequence"], record["ts_event"], record["values"]


def test_the_vectors_are_what_the_writer_makes() -> None:
    """A change of the layout shows as other vectors, and nobody edits them by hand."""
    made = vector_files.as_text(vector_files.made_vectors())
    assert vector_files.VECTORS.read_text(encoding="ascii") == made
    assert len(made) < 200_000


def test_every_reason_has_a_vector_and_a_meaning() -> None:
    """No reason is without a file that shows it, and none is without a line in the table."""
    assert {vector["reason"] for vector in REFUSED.values()} == set(VECTORS["reasons"])
    assert set(SAID) == set(VECTORS["reasons"])
    assert len(ACCEPTED) + len(REFUSED) == len({*ACCEPTED, *REFUSED})


@pytest.mark.parametrize("name", ACCEPTED)
def test_python_reads_the_vector(name: str, lay_out: Any) -> None:
    """Every field, every record that the ring still holds, the exact loss, and the end."""
    vector = ACCEPTED[name]
    read, path = vector["read"], lay_out(vector)
    with FactorReader(path) as reader:
        assert list(reader.schema) == read["names"]
        assert str(reader.schema.hash) == read["schema_hash"]
        assert reader.capacity == read["capacity"]
        assert str(reader.stream_id) == read["stream_id"]
        assert str(reader.first_sequence) == read["first_sequence"]
        status = reader.status()
        assert isinstance(status, WriterStatus)
        assert STATES[status.state] == read["state"]
        assert not status.alive
        assert str(status.pid) == read["writer_pid"]
        assert str(status.heartbeat_mono_ns) == read["heartbeat_mono_ns"]
        assert str(status.published) == read["published"]

        reader.position = reader.first_sequence - 1
        end = "nothing"
        got = []
        try:
            while (f := reader.read_next()) is not None:
                got.append(f)
        except RegionMovedError as error:
            end = "contradiction" if "contradicts itself" in str(error) else "moved"
        assert [as_vector(f) for f in got] == [wanted(r) for r in read["records"]]
        assert str(reader.lost) == read["lost"]
        assert end == read["end"]

        if end != "contradiction":
            reader.position = reader.first_sequence - 1
            newest = reader.read_latest() if read["records"] else None
            last = [as_vector(newest)] if newest else []
            assert last == [wanted(r) for r in read["records"][-1:]]


@pytest.mark.parametrize("name", REFUSED)
def test_python_refuses_the_vector_for_its_reason(name: str, lay_out: Any) -> None:
    """The message says what was expected, in the words that belong to the reason's code."""
    with pytest.raises(RegionError) as caught:
        FactorReader(lay_out(REFUSED[name]))
    assert re.search(SAID[REFUSED[name]["reason"]], str(caught.value))


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_snapshot_program_reads_the_vector(name: str, lay_out: Any) -> None:
    """Timestamp, names and bits of the values, or that there is no whole snapshot."""
    vector = ACCEPTED[name]
    got = read_snapshot(lay_out(vector))
    expected = vector["read"]["snapshot"]
    if expected is None:
        assert got is None
        return
    assert got is not None
    timestamp, factors = got
    assert str(timestamp) == expected["timestamp"]
    assert list(factors) == vector["read"]["names"]
    assert vector_files.bits_of(list(factors.values())) == expected["values"]


def test_the_c_example_passes_the_vectors(tmp_path: Path, lay_out: Any) -> None:
    """It prints the newest record of each, and refuses all that it says it checks."""
    program = tmp_path / "read_region"
    source = EXAMPLES / "read_region.c"
    subprocess.run(["cc", "-O1", "-o", program, source], check=True, timeout=240)  # noqa: S607
    for name, vector in ACCEPTED.items():
        records = vector["read"]["records"]
        is_readable = records and vector["read"]["end"] != "contradiction"
        count = "1" if is_readable else "0"
        ran = run(program, lay_out(vector), count)
        assert ran.returncode == 0, name
        if is_readable:
            sequence, ts_event, *values = ran.stdout.split()
            assert (sequence, ts_event) == wanted(records[-1])[:2]
            for text, bits in zip(values, records[-1]["values"], strict=True):
                printed = vector_files.bits_of([float(text)])
                assert printed == [bits] or ("nan" in text and bits[1:4] == "ff8"), name
    for name, vector in REFUSED.items():
        if vector["reason"] not in NOT_CHECKED_BY_THE_C_EXAMPLE:
            ran = run(program, lay_out(vector), "0")
            assert ran.returncode == 1, name
            assert "not a usable region" in ran.stderr


def run(program: Path, path: Path, count: str) -> subprocess.CompletedProcess[str]:
    """Run the C example on a region."""
    return subprocess.run(
        [program, path, count], check=False, capture_output=True, text=True, timeout=240
    )


def test_the_command_lays_every_vector_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A region file for each, of its size, in a folder that a reader in any language can use."""
    assert main([str(tmp_path / "out")]) == 0
    counts = f"{len(ACCEPTED)} to read, {len(REFUSED)} to refuse"
    assert counts in capsys.readouterr().out
    for name, vector in {**ACCEPTED, **REFUSED}.items():
        assert (tmp_path / "out" / name).stat().st_size == vector["size"]
    (tmp_path / "file").touch()
    assert main([str(tmp_path / "file")]) == 1
    assert "cannot be written" in capsys.readouterr().err
