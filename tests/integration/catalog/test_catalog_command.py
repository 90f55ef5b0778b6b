"""The command that lists, verifies and recovers a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.catalog import RecordingWriter
from adapters.catalog.__main__ import main
from tests.support.catalogs.factor_batches import numbered

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_command_line_shows_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Recordings, ranges, gaps; exit code 1 for damage, 2 for no catalog."""
    assert main([str(tmp_path)]) == 2
    assert "is no catalog" in capsys.readouterr().err
    with RecordingWriter(tmp_path, source="some region", name="one") as writer:
        writer.write_factors(numbered(1, 1_000))
        writer.add_lost(7, 1_000, 12)
    assert main([str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    for text in ("one  ended", "some region", "1,000 in 1 files", "12 after sequence 1000"):
        assert text in shown
    assert main([str(tmp_path), "verify"]) == 0
    assert main([str(tmp_path), "recover"]) == 0
    (path,) = tmp_path.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    assert main([str(tmp_path), "verify", "--quarantine"]) == 1
    assert str(path) in capsys.readouterr().out
    assert main([str(tmp_path), "verify"]) == 0
