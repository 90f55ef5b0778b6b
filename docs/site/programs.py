"""The programs of this project, and what each prints for ``--help``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adapters.process.child import module_command
from docs.site.assembly import ROOT
from live.dolphin import scripts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WIDTH: Final = 100
"""Columns of the text of ``--help`` on a page."""
TIMEOUT_S: Final = 240.0
"""Of one ``--help``, whose imports take long on a busy machine."""
_SUBCOMMANDS: Final = {"run_exf": "COMMAND"}
"""Programs whose commands have options of their own, and the place of the command."""
_EXIT: Final = re.compile(
    r"^exit codes: (?P<text>.*?)(?:\.?\n\n|\.?\n\w+: |\.?\Z)", re.DOTALL | re.MULTILINE
)
_CODE: Final = re.compile(
    r"(?:\A|[;,] )(?P<code>\d+|else) (?P<text>.*?)(?=[;,] \d+ |; else |\Z)", re.DOTALL
)


@dataclass(frozen=True)
class Program:
    """A program that a user starts.

    Attributes
    ----------
    name : str
        That of its page.
    path : str
        The script, relative to the root; or ``-m MODULE``.

    """

    name: str
    path: str

    @property
    def words(self) -> list[str]:
        """What starts it from any folder, with this interpreter."""
        if self.path.startswith("-m "):
            return module_command(self.path.removeprefix("-m "))
        return [sys.executable, str(ROOT / self.path)]

    @property
    def shown(self) -> str:
        """What a user types after ``uv run``."""
        if self.name == "dolphin":
            return "dolphin"
        return f"dolphin {self.name}" if self.path.startswith("-m ") else self.path

    def help(self, *command: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
        """Return what ``--help`` prints into a pipe, ``WIDTH`` columns wide.

        Parameters
        ----------
        *command : str
            The program's own command, whose options are wanted.
        cwd : Path
            Where it runs.
        env : mapping of str to str, optional
            Its environment, without the width; by default this process's.

        Raises
        ------
        RuntimeError
            If it ends with another code than 0, or writes to standard error.

        """
        result = subprocess.run(
            [*self.words, *command, "--help"],
            cwd=cwd,
            env={**(os.environ if env is None else env), "COLUMNS": str(WIDTH + 2)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if result.returncode != 0 or result.stderr:
            msg = f"{self.shown} --help ended with {result.returncode}: {result.stderr}"
            raise RuntimeError(msg)
        return result.stdout


def programs() -> list[Program]:
    """Return every program, by name."""
    found = [Program(name, str(path.relative_to(ROOT))) for name, path in scripts().items()]
    found.append(Program("dolphin", "live/dolphin.py"))
    found.append(Program("catalog", "-m adapters.catalog"))
    found.append(Program("region_headers", "-m adapters.shm.native"))
    return sorted(found, key=lambda program: program.name)


def commands_of(program: Program, text: str) -> list[str]:
    """Return the commands that have a ``--help`` of their own, from the text of the program's."""
    if program.name not in _SUBCOMMANDS:
        return []
    listed = text.partition(f"  {_SUBCOMMANDS[program.name]}\n")[2].partition("\n\n")[0]
    return [line.split()[0] for line in listed.splitlines()]


def sentence_of(text: str) -> str:
    """Return what a program does, from the text of its ``--help``."""
    parts = text.strip().split("\n\n")
    return parts[1].replace("\n", " ")


def exit_codes_of(text: str) -> dict[str, str]:
    """Return the meaning of each exit code, from the text of ``--help``; {} if it names none."""
    match = _EXIT.search(text)
    if match is None:
        return {}
    whole = " ".join(match["text"].split())
    return {m["code"]: m["text"].rstrip(". ") for m in _CODE.finditer(whole)}
