"""Files that a command writes: for their owner only, and no link is followed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from adapters.process.safe_files import UnusableFileError, open_private
from adapters.process.whole_files import write_private


def mode_of(path: Path) -> int:
    """Return a file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("before", [None, 0o644, 0o666])
def test_a_written_file_is_its_owners(tmp_path: Path, before: int | None) -> None:
    """Whatever the umask, and also if it was there with another mode."""
    path = tmp_path / "result.json"
    if before is not None:
        path.write_text("what was there, which is longer")
        path.chmod(before)
    umask = os.umask(0)
    try:
        write_private(path, "new é")
    finally:
        os.umask(umask)
    assert mode_of(path) == 0o600
    assert path.read_text(encoding="utf-8") == "new é"


def test_what_is_appended_comes_after_what_is_there(tmp_path: Path) -> None:
    """As a log does."""
    path = tmp_path / "log"
    path.write_text("old\n")
    with os.fdopen(open_private(path, appends=True), "a", encoding="utf-8") as file:
        file.write("new\n")
    assert path.read_text() == "old\nnew\n"
    assert mode_of(path) == 0o600


def test_no_link_is_followed(tmp_path: Path) -> None:
    """Neither one to a file, nor one to nothing, nor a second name of another file."""
    other = tmp_path / "other"
    other.write_text("mine")
    for name, target in (("link", other), ("dangling", tmp_path / "nowhere")):
        (tmp_path / name).symlink_to(target)
        with pytest.raises(UnusableFileError, match="symbolic link"):
            write_private(tmp_path / name, "x")
    os.link(other, tmp_path / "second")
    with pytest.raises(UnusableFileError, match="2 hard links"):
        write_private(tmp_path / "second", "x")
    assert other.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_what_is_no_file_is_refused_and_a_device_is_taken(tmp_path: Path) -> None:
    """A FIFO would block for ever; /dev/null is a way to write nothing."""
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, tmp_path / "nowhere" / "x"):
        with pytest.raises(UnusableFileError):
            write_private(path, "x")
    nowhere = Path(os.devnull)
    mode = mode_of(nowhere)
    write_private(nowhere, "x")
    assert mode_of(nowhere) == mode
