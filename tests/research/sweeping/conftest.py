"""The catalog of the example's ten days, and a sweep over it, by the commands of the docs."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

import pytest

from tests.research.sweeping.sweeps import ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

PAGE: Final = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
CUT: Final = ("--folds", "1", "--trials", "4", "--workers", "1")
"""Behind the page's command, so that the default tests stay short."""


def as_shown(folder: Path, *more: str) -> str:
    """Run the page's commands in a folder; return what the last one said."""
    (folder / "docs").symlink_to(ROOT / "docs")
    (block,) = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    said = ""
    for line in block.splitlines():
        words = [w for w in shlex.split(line) if w not in {"uv", "run", "--extra", "research"}]
        script = words[0].removeprefix("backtests/")
        done = run(script, *words[1:], *(more if script == "sweep.py" else ()), cwd=folder)
        assert done.returncode == 0, done.stderr
        said = done.stdout
    return said


@pytest.fixture(scope="package")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the page's commands, with fewer trials; return their folder and what was said."""
    folder = tmp_path_factory.mktemp("sweep")
    return folder, as_shown(folder, *CUT)


@pytest.fixture(scope="package")
def catalog(swept: tuple[Path, str]) -> Path:
    """Return the imported catalog."""
    return swept[0] / "CATALOG"


@pytest.fixture(scope="package")
def whole(swept: tuple[Path, str]) -> Path:
    """Return the results of a sweep of one fold and four trials."""
    return swept[0] / "sweep-TakerFlow"
