"""The command `dolphin`: a new folder, and the other commands by their names."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from live import dolphin
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    ".gitignore", ".python-version", "README.md", "backtest.toml", "fleet.toml", "my_strategy.py",
    "node.toml", "pyproject.toml", "test_my_strategy.py",
}  # fmt: skip


def test_a_new_folder_has_every_file_and_no_placeholder(tmp_path: Path) -> None:
    """Its settings are TOML, its Python compiles, and Dolphin is where it is."""
    folder = tmp_path / "My Strategy!"
    assert dolphin.main(["init", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == FILES
    for path in folder.iterdir():
        text = path.read_text()
        assert "@" not in text.replace("@dataclass", "")
        if path.suffix == ".toml":
            tomllib.loads(text)
        if path.suffix == ".py":
            compile(text, path.name, "exec")
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["name"] == "my-strategy"
    assert project["tool"]["uv"]["sources"]["dolphin"]["path"] == str(ROOT)


def test_a_folder_with_files_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also a link, and a file in its place; an empty folder is used."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name in ("mine", "file", "link"):
        assert dolphin.main(["init", str(tmp_path / name)]) == 2
        assert "expected" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes"]
    assert not list((tmp_path / "empty").iterdir())
    assert dolphin.main(["init", str(tmp_path / "empty")]) == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["init"], "expected one FOLDER"),
        (["init", "a", "b"], "expected one FOLDER"),
        (["init", "--force"], "expected one FOLDER"),
        (["run_nodes"], "run_node"),
        (["../run_node"], "no command"),
    ],
)
def test_bad_usage_is_one_sentence(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2, and the nearest name."""
    assert dolphin.main(words) == 2
    assert expected in capsys.readouterr().err


def test_every_script_is_a_command() -> None:
    """Those at the top of ``live`` and ``backtests``, and nothing else."""
    expected = {
        path.stem
        for place in ("live", "backtests")
        for path in (ROOT / place).glob("*.py")
        if not path.stem.startswith("_")
    }
    assert {*dolphin.scripts()} == expected - {"dolphin"}


def test_a_file_of_the_working_folder_is_not_taken_for_a_module(tmp_path: Path) -> None:
    """Neither in the place of one of ours, nor of one that ours import."""
    for name in ("adapters", "argparse", "numpy"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} of this folder')")
    for command in ("catalog", "region_headers"):
        words = [sys.executable, str(ROOT / "live" / "dolphin.py"), command, "--help"]
        ran = subprocess.run(
            words, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60
        )
        assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
        assert ran.stdout.startswith("usage: ")
