"""The journal of a recording."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import numpy as np
import pytest

from adapters.catalog.files.journal import Journal, last_sequences, read_journal, unreached_gaps

if TYPE_CHECKING:
    from pathlib import Path

STREAM = f"{7:016x}"


def gap(after: int, lost: int) -> dict[str, object]:
    """Return a gap's event."""
    return {"event": "gap", "stream_id": STREAM, "after_sequence": after, "lost": lost}


def test_what_is_appended_is_read(tmp_path: Path) -> None:
    """In order, over several openings."""
    path = tmp_path / "journal.jsonl"
    for number in range(3):
        journal = Journal(path)
        journal.append("start", number=number)
        journal.close()
    assert [e["number"] for e in read_journal(path)] == [0, 1, 2]
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_journal(tmp_path / "none") == []


def test_a_torn_last_line_is_ignored_and_cut_off(tmp_path: Path) -> None:
    """At whatever byte a kill came, the lines before stay and the next one is whole."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append("start", source="a")
    whole = path.stat().st_size
    journal.append("end", recorded=5)
    journal.close()
    content = path.read_bytes()
    for size in range(whole, len(content)):
        path.write_bytes(content[:size])
        assert [e["event"] for e in read_journal(path)] == ["start"]
        again = Journal(path)
        again.append("note", rows=1)
        again.close()
        assert [e["event"] for e in read_journal(path)] == ["start", "note"]


def test_a_damaged_line_does_not_hide_the_others(tmp_path: Path) -> None:
    """A flipped bit takes its line, two if it was the line's end, and changes no other."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    for number in range(10):
        journal.append("note", rows=1_000 + number)
    journal.close()
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(500):
        damaged = bytearray(content)
        at = int(rng.integers(len(content)))
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        rows = [e["rows"] for e in read_journal(path)]
        assert 8 <= len(rows) <= 9
        assert set(rows) < set(range(1_000, 1_010))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Whoever planted it gets no line."""
    target = tmp_path / "target"
    target.touch()
    (tmp_path / "journal.jsonl").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        Journal(tmp_path / "journal.jsonl")
    assert target.read_bytes() == b""


def test_a_line_that_does_not_fit_leaves_no_trace(tmp_path: Path) -> None:
    """The journal is as before, and the next shorter line is whole."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append("start")
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            journal.append("end", recorded=12_345)
        assert path.read_bytes() == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    journal.append("end")
    assert [e["event"] for e in read_journal(path)] == ["start", "end"]


def test_the_last_sequence_counts_records_losses_and_drops() -> None:
    """A recorder goes on after the highest of them."""
    file = {"event": "file", "stream_id": STREAM, "last_sequence": 100}
    dropped = {"event": "dropped", "count": 5, "stream_id": STREAM, "last_sequence": 125}
    assert last_sequences([file]) == {7: 100}
    assert last_sequences([file, gap(100, 20)]) == {7: 120}
    assert last_sequences([file, gap(100, 20), dropped]) == {7: 125}
    assert last_sequences([{"event": "start"}]) == {}


def test_a_gap_counts_once_the_records_before_it_are_safe() -> None:
    """A gap right after another is reached with it."""
    file = {"event": "file", "stream_id": STREAM, "last_sequence": 100}
    assert unreached_gaps([file, gap(100, 20), gap(120, 5)]) == []
    assert unreached_gaps([file, gap(100, 20), gap(130, 5)]) == [gap(130, 5)]
    assert unreached_gaps([gap(0, 20)]) == []


def test_a_withdrawn_gap_is_not_read(tmp_path: Path) -> None:
    """It was told before a kill took the records beside it; the same gap told later counts."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    for event in ("gap", "gap_withdrawn", "gap"):
        journal.append(event, stream_id=STREAM, after_sequence=50, lost=5)
    journal.close()
    assert [e["event"] for e in read_journal(path)] == ["gap"]
