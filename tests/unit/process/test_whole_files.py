"""Files that are written whole or not at all, also by a process that is killed meanwhile."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.process import whole_files
from adapters.process.safe_files import UnusableFileError
from adapters.process.whole_files import write_private
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from types import FrameType

OLD: Final = "what was there"
NEW: Final = "new content, which is longer " * 1_000


def test_what_is_there_stays_if_new_content_cannot_be_written(tmp_path: Path) -> None:
    """By a limit of the process in place of a full disk; nothing unfinished is left."""
    old, new = tmp_path / "old", tmp_path / "new"
    write_private(old, "as it was")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
    try:
        for path in (old, new):
            with pytest.raises(UnusableFileError, match=f"{path} cannot be written: File too"):
                write_private(path, "x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert old.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [old]


def test_the_longest_name_is_written_too(tmp_path: Path) -> None:
    """The name of the file beside it fits, whatever the script that it is in."""
    for letter, length in (("x", 255), ("é", 127), ("語", 85)):
        path = tmp_path / (letter * length)
        write_private(path, "new")
        assert path.read_text() == "new"


def test_what_others_left_or_write_beside_it_stays(tmp_path: Path) -> None:
    """What a killed writer left is removed; what one is writing, and anything else, is not."""
    names = ("00000001", "00000002", "0000000003", "00000004")
    left, written, foreign, folder = (tmp_path / f".result.{name}.dolphin-new" for name in names)
    others = [tmp_path / f".{name}" for name in (
        "other.00000001.dolphin-new", "result.00000001.new", "result.a_letter.dolphin-new",
    )]  # fmt: skip
    for path in (left, written, foreign, *others):
        path.write_text("x")
    folder.mkdir()
    with written.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_private(tmp_path / "result", NEW)
    assert {path.name for path in tmp_path.iterdir()} == {
        "result", written.name, foreign.name, folder.name,
        *(path.name for path in others),
    }  # fmt: skip


def kill_at_each_step(target: str, *, is_there: bool) -> None:
    """Fork writers that kill themselves at their first, second, third … line; print what is left.

    The last one, which no step killed, prints nothing.
    """
    path = Path(target)
    for step in range(1, 1_000):
        if is_there:
            path.write_text(OLD)
        else:
            path.unlink(missing_ok=True)
        pid = os.fork()
        if pid == 0:
            sys.settrace(killing(step))
            write_private(path, NEW)
            sys.settrace(None)
            os._exit(0)
        if os.waitpid(pid, 0)[1] == 0:
            break
        found = {OLD: "old", NEW: "new"}.get(path.read_text(), "?") if path.exists() else "None"
        beside = [p for p in path.parent.iterdir() if p != path]
        write_private(path, NEW)
        is_clean = [*path.parent.iterdir()] == [path] and path.read_text() == NEW
        print(found, len(beside), is_clean, flush=True)
    print("all steps", flush=True)


def killing(step: int) -> Any:
    """Return a trace function that kills this process before a line of the writing is run."""
    left = step

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename != whole_files.__file__:
            return None
        left -= event in {"line", "return"}
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


@pytest.mark.parametrize("is_there", [False, True])
def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, *, is_there: bool) -> None:
    """Nothing, or what was there, or all of the new; the next writer clears up beside it."""
    found = []
    with child(kill_at_each_step_of, tmp_path / "result", is_there) as killed:
        while (line := killed.line()) != "all steps":
            found.append(line)
    assert all(re.fullmatch(r"(None|old|new) [01] True", line) for line in found), found
    before = "old" if is_there else "None"
    assert {line.split()[0] for line in found} == {before, "new"}
    assert f"{before} 1 True" in found  # some died while the new file lay beside
    assert "new 0 True" in found
    assert sorted(found, key=lambda line: line.startswith("new")) == found


def kill_at_each_step_of(target: str, is_there: bool) -> None:  # noqa: FBT001 - as JSON
    """Call it as a child's function is called."""
    kill_at_each_step(target, is_there=is_there)
