"""Importing files as a user does: a spec in a folder, a command, a catalog."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from backtests.import_factors import main

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parents[3]
SCRIPT: Final = ROOT / "backtests" / "import_factors.py"
EXAMPLES: Final = ROOT / "docs" / "examples"
TIMEOUT_S: Final = 240


@dataclass(frozen=True)
class Done:
    """What an import said and returned."""

    returncode: int
    stdout: str
    stderr: str


def run_import(*arguments: object) -> Done:
    """Import inside this process, which is quicker than the command."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def run_command(*arguments: object, cwd: Path = ROOT, **options: Any) -> Done:
    """Run ``python backtests/import_factors.py`` as a process."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=TIMEOUT_S,
        **options,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Write texts to files of a folder; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def data_folder(*needed: str) -> Path:
    """Return the folder of real data, or skip the test with the reason."""
    data = os.environ.get("DOLPHIN_DATA")
    if not data or not all((Path(data) / name).is_dir() for name in needed):
        pytest.skip(f"DOLPHIN_DATA names no folder with {' and '.join(needed)} in it")
    return Path(data)
