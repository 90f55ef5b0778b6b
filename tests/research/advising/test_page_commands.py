"""The commands of docs/esof.md and of a new folder, as a newcomer runs them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE: Final = (ROOT / "docs" / "esof.md").read_text(encoding="utf-8")
TIMEOUT_S: Final = 900


def commands_of(page: str) -> list[str]:
    """Return the lines of a page's bash blocks."""
    blocks = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def succeed(words: list[str], folder: Path, **more: str) -> str:
    """Run words in a folder; they must end with 0. Return what they printed."""
    hidden = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"}
    env = {k: v for k, v in os.environ.items() if k not in hidden} | more
    done = subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.long
@pytest.mark.timeout(TIMEOUT_S * 4)
def test_the_commands_of_the_page_run_one_after_another(tmp_path: Path) -> None:
    """What one writes, the next reads; in ten days there is no evidence."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    for command in commands_of(PAGE):
        words = [w for w in shlex.split(command) if w not in {"uv", "run", "--extra", "research"}]
        said = succeed(
            [sys.executable, str(ROOT / words[0]), *words[1:]], tmp_path, PYTHONPATH=str(ROOT)
        )
    assert "verdict: " in said
    assert (tmp_path / "recordings" / "positions" / "advice.html").exists()


@pytest.mark.long
@pytest.mark.timeout(TIMEOUT_S * 8)
def test_a_new_folder_runs_as_its_readme_says(tmp_path: Path) -> None:
    """In a project of its own, whose environment uv makes anew: every command ends with 0."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("needs uv")
    folder = tmp_path / "mine"
    succeed(
        [sys.executable, str(ROOT / "live" / "dolphin.py"), "init", str(folder)],
        tmp_path,
        PYTHONPATH=str(ROOT),
    )
    commands = commands_of((folder / "README.md").read_text(encoding="utf-8"))
    assert len(commands) >= 4
    for command in commands:
        words = shlex.split(command)
        assert words[:2] == ["uv", "run"]
        succeed([uv, *words[1:]], folder)
    assert (folder / "recordings" / "results" / "report.html").exists()
