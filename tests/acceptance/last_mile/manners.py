"""Running a program as a service manager does, and what is expected of its output."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import termios
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final

from docs.site.programs import exit_codes_of, programs
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from docs.site.programs import Program

TIMEOUT_S: Final = 240.0
EXAMPLES: Final = ROOT / "docs" / "examples"
PROGRAMS: Final = {program.name: program for program in programs()}
USES_TERMINAL: Final = "\x1b"


class Started:
    """A program with an environment, and all that it prints.

    With ``TERM`` in the environment on a terminal of its own, else into a pipe.
    """

    def __init__(
        self,
        program: Program,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        has_reader: bool = True,
    ) -> None:
        self._pieces: Final[list[bytes]] = []
        is_terminal = "TERM" in environment
        ours, theirs = pty.openpty() if is_terminal else os.pipe()
        if is_terminal:
            termios.tcsetwinsize(ours, (24, 100))
        if not has_reader:
            gone, out = os.pipe()
            os.close(gone)
        else:
            out = os.dup(theirs)
        self.process: Final = subprocess.Popen(
            [*program.words, *words],
            cwd=folder,
            env={"PATH": os.environ["PATH"], **environment},
            stdin=theirs if is_terminal else subprocess.DEVNULL,
            stdout=out,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        os.close(out)
        self._reader: Final = threading.Thread(
            target=self._read, args=(os.fdopen(ours, "rb", 0),), daemon=True
        )
        self._reader.start()

    def _read(self, source: IO[bytes]) -> None:
        with source, suppress(OSError):  # EIO: the last process has closed the terminal
            while piece := source.read(65_536):
                self._pieces.append(piece)

    def shown(self) -> str:
        """Return all that it has printed, once it has ended."""
        self._reader.join(TIMEOUT_S)
        assert not self._reader.is_alive(), "something still holds its output"
        return b"".join(self._pieces).decode(errors="replace")

    def end(self) -> None:
        """End it by force, if it has not, and what it has started."""
        if self.process.poll() is None:
            self.process.kill()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(TIMEOUT_S)


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
