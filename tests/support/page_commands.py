"""The commands that a page of docs shows, run inside this environment."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_INSTALLS: Final = frozenset({"uv", "run", "--extra", "research", "monitor"})
"""What makes the environment, which is this one."""


def blocks_of(page: str) -> list[list[str]]:
    """Return the commands of each block of a page of docs, line by line."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [block.splitlines() for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL)]


def words_of(command: str) -> list[str]:
    """Return a command's script and arguments, without what makes the environment."""
    return [word for word in shlex.split(command) if word not in _INSTALLS]


def run_command(
    command: str, cwd: Path, timeout_s: float = 400
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, and return what it printed."""
    script, *arguments = words_of(command)
    return subprocess.run(
        [sys.executable, str(ROOT / script), *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
