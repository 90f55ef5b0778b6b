"""Running a program as a service manager does, and what is expected of its output."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

from docs.site.programs import exit_codes_of, programs
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from docs.site.programs import Program

TIMEOUT_S: Final = 240.0
EXAMPLES: Final = ROOT / "docs" / "examples"
PROGRAMS: Final = {program.name: program for program in programs()}
USES_TERMINAL: Final = "\x1b"


def run(
    program: Program, *arguments: str, cwd: Path, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a program as a service manager does: no HOME, no terminal, no language."""
    return subprocess.run(
        [*program.words, *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def check_manners(program: Program, result: subprocess.CompletedProcess[str]) -> None:
    """Its code is documented, nothing in its output is for a terminal or a programmer."""
    shown = result.stdout + result.stderr
    assert str(result.returncode) in exit_codes_of(page_text(program)), shown
    assert USES_TERMINAL not in shown
    assert "\r" not in shown
    assert "Traceback" not in shown, shown


def page_text(program: Program) -> str:
    """Return what a program prints for ``--help``, from its page."""
    page = ROOT / "docs" / "programs" / f"{program.name}.md"
    return page.read_text(encoding="utf-8").partition("```text\n")[2].partition("\n```")[0]
