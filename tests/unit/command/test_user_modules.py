"""Modules that a user names: found last, and told of if another one hides them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from adapters.command.user_code.strategy_class import find_strategy
from adapters.command.user_code.user_modules import hint_if_hidden, import_named, look_in
from dolphin_strategies import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_search(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let each test change where modules are looked for."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)


def test_a_module_of_the_working_folder_is_found_last(tmp_path: Path) -> None:
    """Once, after all that was looked through before."""
    before = [*sys.path]
    (tmp_path / "found_here_and_last.py").write_text("X = 1")
    assert import_named("found_here_and_last").X == 1
    look_in(str(tmp_path))
    assert sys.path == [*before, str(tmp_path)]
    del sys.modules["found_here_and_last"]


def test_a_strategy_with_the_name_of_a_library_is_told_apart(tmp_path: Path) -> None:
    """The error names both files."""
    (tmp_path / "colorsys.py").write_text("class Mine: ...")
    with pytest.raises(ConfigError, match=r"no class 'Mine'; .*/colorsys.py is hidden by .*lib"):
        find_strategy("colorsys:Mine")
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "__init__.py").touch()
    with pytest.raises(ConfigError, match=r"cannot import 'json.mine'.*is hidden by .*lib"):
        find_strategy("json.mine:Mine")


def test_nothing_is_said_of_what_is_not_hidden(tmp_path: Path) -> None:
    """No file of that name, or the file that was loaded."""
    (tmp_path / "hides_nothing.py").touch()
    import_named("hides_nothing")
    assert hint_if_hidden("hides_nothing") == hint_if_hidden("json") == ""
    del sys.modules["hides_nothing"]
