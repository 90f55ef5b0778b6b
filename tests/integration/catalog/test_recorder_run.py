"""The recorder from start to end: nothing is missing, nothing twice, whatever comes and goes."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from adapters.catalog import FactorCatalog
from adapters.shm import FactorWriter
from tests.support.catalogs.recorders import (
    WITHOUT_COPIES,
    factor_files,
    journal,
    nautilus_sequences,
    publish_steadily,
    recorded,
    recorder,
    sequences_once,
    told_gaps,
)
from tests.support.eventually import eventually
from tests.support.lengths import long
from tests.support.nodes.forkserver import ROOT, run_forked
from tests.support.nodes.processes import child
from tests.support.transports.regions import factor_names, write_records

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


@pytest.mark.parametrize("number", [signal.SIGTERM, long(signal.SIGINT), long(signal.SIGHUP)])
def test_a_signal_writes_everything_and_ends_well(
    tmp_path: Path, region_path: Path, number: signal.Signals
) -> None:
    """From the first record of a producer that came later to the last before the signal."""
    with recorder(tmp_path, region_path) as r:
        assert r.figures().published == 0
        with child(publish_steadily, region_path, 1000) as producer:
            producer.line()
            eventually(lambda: r.figures().recorded > 1000, "a thousand records")
            published = int(producer.ask("stop"))
            eventually(lambda: r.figures().published == published, "the last record")
        code, figures = r.end(number)
    assert (code, figures.adds_up) == (0, True)
    assert figures[:4] == (published, 0, 0, 0)
    assert sequences_once(tmp_path) == [*range(1, published + 1)]
    assert nautilus_sequences(tmp_path) == [*range(1, published + 1)]
    end = journal(tmp_path)[-1]
    assert (end["event"], end["recorded"], end["published"]) == ("end", published, published)
    assert not list(tmp_path.rglob("*.arrows"))


def test_a_second_signal_leaves_at_once_and_the_next_recorder_finds_the_rest(
    tmp_path: Path, region_path: Path
) -> None:
    """130, and what was flushed is there when the recording is taken up again."""
    with FactorWriter(region_path, factor_names(5)) as writer:
        options = ("--name", "one", "--flush-s", "0")
        with recorder(tmp_path, region_path, *options, script=WITHOUT_COPIES) as r:
            write_records(writer, 100)
            eventually(lambda: r.figures().recorded == 100, "the records")
            # Both signals are there when it goes on.
            r.popen.send_signal(signal.SIGSTOP)
            r.popen.send_signal(signal.SIGTERM)
            r.popen.send_signal(signal.SIGINT)
            r.popen.send_signal(signal.SIGCONT)
            assert r.popen.wait(240) == 130
        write_records(writer, 10)
        with recorder(tmp_path, region_path, "--name", "one") as r:
            eventually(lambda: r.figures().recorded == 10, "the records since then")
            assert r.end(signal.SIGTERM)[0] == 0
    assert sequences_once(tmp_path) == [*range(1, 111)]


def test_copies_of_a_signal_are_one_request(tmp_path: Path, region_path: Path) -> None:
    """Two signals at once, as ``timeout`` sends them: all is written, exit code 0."""
    with (
        FactorWriter(region_path, factor_names(5)) as writer,
        recorder(tmp_path, region_path) as r,
    ):
        write_records(writer, 100)
        r.popen.send_signal(signal.SIGSTOP)
        r.popen.send_signal(signal.SIGTERM)
        r.popen.send_signal(signal.SIGINT)
        code, figures = r.end(signal.SIGCONT)
        assert (code, figures.recorded, figures.adds_up) == (0, 100, True)


def test_a_recorder_that_comes_back_goes_on_where_the_last_one_ended(
    tmp_path: Path, region_path: Path
) -> None:
    """What the ring still holds is recorded; what it no longer holds is told as lost."""
    with FactorWriter(region_path, factor_names(5), capacity=64) as writer:
        write_records(writer, 1)
        for missed in (10, 63, 100):
            with recorder(tmp_path, region_path) as r:
                code, figures = r.end(signal.SIGTERM)
                assert (code, figures.adds_up) == (0, True)
            write_records(writer, missed)
        with recorder(tmp_path, region_path) as r:
            eventually(lambda: r.figures()[:5] == (63, 37, 0, 0, 100), "63 records, 37 lost")
            assert r.end(signal.SIGTERM)[0] == 0
    assert told_gaps(tmp_path) == [*range(75, 112)]
    assert sequences_once(tmp_path) == [*range(1, 75), *range(112, 175)]


def test_two_recorders_write_one_catalog(tmp_path: Path, region_path: Path) -> None:
    """Each has everything, and a query of the catalog gives each record once."""
    with FactorWriter(region_path, factor_names(5)) as writer:
        write_records(writer, 1)
        with (
            recorder(tmp_path, region_path, "--name", "one") as one,
            recorder(tmp_path, region_path, "--name", "two") as two,
        ):
            for r in (one, two):
                eventually(lambda: r.figures().recorded == 1, "the first record")  # noqa: B023
            write_records(writer, 1999)
            for r in (one, two):
                eventually(lambda: r.figures().recorded == 2000, "the records")  # noqa: B023
                code, figures = r.end(signal.SIGTERM)
                assert (code, figures.adds_up) == (0, True)
    found = recorded(tmp_path)
    assert sorted(n for _, n in found) == [*range(1, 2001)]
    assert set(found.values()) == {2}
    batches = FactorCatalog(tmp_path).batches()
    merged = [n for b in batches for n in b.sequence.tolist()]
    assert sorted(merged) == [*range(1, 2001)]


def test_one_recording_has_one_recorder(tmp_path: Path, region_path: Path) -> None:
    """The second is refused before it touches anything, and the first goes on."""
    with recorder(tmp_path, region_path, "--name", "one") as first:
        second = run("--catalog", tmp_path, "--region", region_path, "--name", "one")
        assert second.returncode == 2
        assert str(first.pid) in second.stderr
        with FactorWriter(region_path, factor_names(5)) as writer:
            write_records(writer, 5)
            eventually(lambda: first.figures().recorded == 5, "the records")
        assert first.end(signal.SIGTERM)[0] == 0


def test_other_names_begin_another_file(tmp_path: Path, region_path: Path) -> None:
    """Fault E05: each file holds the names that its records were published under; no record is
    missing.
    """
    first, second = factor_names(5), factor_names(3, first=4)
    FactorWriter(region_path, first).close()
    with recorder(tmp_path, region_path) as r:
        for names, count in ((first, 500), (second, 2), (first, 3)):
            with FactorWriter(region_path, names) as writer:
                write_records(writer, count)
                published = writer.published
                eventually(lambda: r.figures().recorded == published, "the records")  # noqa: B023
        code, figures = r.end(signal.SIGTERM)
    assert (code, figures[:5]) == (0, (505, 0, 0, 0, 505))
    contents = []
    for path in factor_files(tmp_path):
        table = pq.ParquetFile(path).read()
        names = [n for n in table.column_names if n.startswith("factor_")]
        contents.append((names, table.column("sequence").to_pylist()))
    contents.sort(key=lambda c: c[1])
    assert [names for names, _ in contents] == [first, second, first]
    assert [n for _, sequences in contents for n in sequences] == [*range(1, 506)]
    assert contents[1][1] == [501, 502]
    assert nautilus_sequences(tmp_path) == [*range(1, 506)]


def test_a_producer_that_dies_and_returns_is_followed(tmp_path: Path, region_path: Path) -> None:
    """Through kill -9 and restarts of the producer: every record once, none lost."""
    with recorder(tmp_path, region_path) as r:
        published = 0
        for _ in range(3):
            with child(publish_steadily, region_path, 2000) as producer:
                assert int(producer.line()) >= published
                eventually(lambda: r.figures().recorded > published + 500, "records")  # noqa: B023
                producer.kill()
            with FactorWriter(region_path, factor_names(5)) as writer:
                published = writer.published
            eventually(lambda: r.figures().recorded == published, "the last record")  # noqa: B023
        code, figures = r.end(signal.SIGTERM)
    assert (code, figures[:5]) == (0, (published, 0, 0, 0, published))
    assert sequences_once(tmp_path) == [*range(1, published + 1)]


@pytest.mark.parametrize("damage", ["truncated", long("removed"), long("overwritten")])
def test_a_damaged_region_is_left_for_the_next_one(
    tmp_path: Path, region_path: Path, damage: str
) -> None:
    """What was gone with the file is told as lost; recording goes on in the producer's new one."""
    with (
        recorder(tmp_path, region_path) as r,
        child(publish_steadily, region_path, 1000) as producer,
    ):
        recorded = eventually(lambda: r.figures().recorded, "records")
        if damage == "truncated":
            os.truncate(region_path, 0)
        else:
            region_path.unlink()
        if damage == "overwritten":
            region_path.write_bytes(os.urandom(30_000))
        eventually(lambda: r.figures().recorded > recorded + 600, "more records")
        producer.line()
        published = int(producer.ask("stop"))
        code, figures = r.end(signal.SIGTERM)
    assert (code, figures.adds_up, figures.dropped) == (0, True, 0)
    assert figures.published == published
    here, lost = sequences_once(tmp_path), told_gaps(tmp_path)
    assert (len(here), len(lost)) == (figures.recorded, figures.lost)
    assert sorted(here + lost) == [*range(1, published + 1)]


@pytest.mark.long
def test_files_and_ring_always_overlap(tmp_path: Path, region_path: Path) -> None:
    """While it records, the newest file reaches to where the ring begins, or further."""
    with (
        child(publish_steadily, region_path, 100, 5, 512) as producer,
        recorder(tmp_path, region_path) as r,
    ):
        producer.line()
        eventually(lambda: r.figures().recorded > 600, "a ring full")

        def newest() -> int:
            return max(int(e["last_sequence"]) for e in journal(tmp_path) if e["event"] == "file")

        for _ in range(2):
            # What was written before the figures were told is at least so new.
            published = r.figures().published
            assert newest() > published - 511
        assert r.end(signal.SIGTERM)[0] == 0


def test_foreign_files_are_left_alone(tmp_path: Path, region_path: Path) -> None:
    """Notes, garbage of our own kind of name, and folders disturb nothing and stay."""
    folder = tmp_path / "data" / "custom" / "ExternalFactors" / "one"
    folder.mkdir(parents=True)
    foreign = [
        tmp_path / "notes.txt",
        folder / "notes.txt",
        tmp_path / "recordings" / "other" / "part-00001.custom%2FExternalFactors%2Fother.arrows",
        tmp_path / "recordings" / "one" / "part-x.arrows",
    ]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not ours")
    with (
        FactorWriter(region_path, factor_names(5)) as writer,
        recorder(tmp_path, region_path, "--name", "one") as r,
    ):
        write_records(writer, 50)
        eventually(lambda: r.figures().recorded == 50, "the records")
        assert r.end(signal.SIGTERM)[0] == 0
    assert sequences_once(tmp_path) == [*range(1, 51)]
    assert nautilus_sequences(tmp_path) == [*range(1, 51)]
    for path in (foreign[0], foreign[1], foreign[3]):
        assert path.read_bytes() == b"not ours"


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--catalog", "{tmp}/c", "--rotate-mb", "0"],
        ["--catalog", "{tmp}/c", "--rotate-s", "nan"],
        ["--catalog", "{tmp}/c", "--flush-s", "-1"],
        ["--catalog", "{tmp}/c", "--seconds", "-1"],
        ["--catalog", "{tmp}/c", "--rotate-records", "-1"],
        ["--catalog", "{tmp}/c", "--name", "../x"],
        ["--catalog", "{tmp}/file"],
        ["--catalog", "{tmp}/file/c"],
        ["--catalog", "/proc/self/c"],
    ],
)
def test_bad_usage_is_refused_in_one_sentence(tmp_path: Path, options: list[str]) -> None:
    """Exit code 2, a reason on stderr, no traceback, and no catalog begun."""
    (tmp_path / "file").write_text("")
    result = run(*[option.format(tmp=tmp_path) for option in options])
    assert result.returncode == 2
    assert result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "c").exists() or not factor_files(tmp_path / "c")


def test_it_stops_after_the_seconds_it_was_given(tmp_path: Path, region_path: Path) -> None:
    """Without a producer too; quiet leaves the summary."""
    result = run("--catalog", tmp_path, "--region", region_path, "--seconds", "0.3", "--quiet")
    assert result.returncode == 0
    assert "published 0" in result.stdout


def run(*options: object) -> subprocess.CompletedProcess[str]:
    """Run the recorder to its end."""
    return run_forked(ROOT / "live/record_factors.py", *options)
