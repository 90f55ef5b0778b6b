"""Whether results can be written is asked before the work."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.command.output_place import check_out_file, check_out_folder
from dolphin_strategies.errors import ConfigError


def test_a_place_that_can_be_written_is_taken_and_nothing_is_made(tmp_path: Path) -> None:
    """There or not, with parents that are not there either."""
    check_out_folder(tmp_path)
    check_out_folder(tmp_path / "a" / "b")
    check_out_file(tmp_path / "a.json")
    check_out_file(None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_something_else_is_refused(tmp_path: Path) -> None:
    """A file, and a link to nothing, which a folder's making would follow or trip over."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(ConfigError, match="--out: expected a folder or a new name"):
            check_out_folder(tmp_path / name)


def test_a_file_needs_its_folder(tmp_path: Path) -> None:
    """No folder is made for it, and a folder is no file."""
    with pytest.raises(ConfigError, match=r"--json: .*x\.json cannot be written.*give another"):
        check_out_file(tmp_path / "none" / "x.json", "--json")
    with pytest.raises(ConfigError, match="expected a file, found a folder"):
        check_out_file(tmp_path)


def test_a_folder_in_which_nothing_can_be_made_is_refused_for_root_too() -> None:
    """The permissions of /proc are not what keeps root from writing there."""
    with pytest.raises(ConfigError, match="cannot be written: /proc: "):
        check_out_folder(Path("/proc/results"))
    with pytest.raises(ConfigError, match="cannot be written: /proc: "):
        check_out_file(Path("/proc/results.json"))


def test_a_file_in_the_way_of_a_parent_is_refused(tmp_path: Path) -> None:
    """The nearest thing that is there must be a folder."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        check_out_folder(tmp_path / "file" / "results")
