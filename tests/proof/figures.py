"""What a proof is told, and the figures that it prints."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


class MissingToolError(Exception):
    """A program or header that a proof needs is not on this machine.

    Parameters
    ----------
    tool : str
        What was looked for.
    package : str
        The Debian package that has it.
    """

    def __init__(self, tool: str, package: str) -> None:
        super().__init__(f"{tool} is not on this machine; on Debian: apt-get install {package}")


class NeedsError(Exception):
    """A proof that is by hand alone was not given what it needs, which its text says."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a proof is to be run."""

    is_long: bool
    """By hand, with no limit of time; otherwise together with all others in a few minutes."""
    seed: int
    """Of everything drawn at random: the same seed draws the same."""
    folder: Path
    """An empty folder for the proof's files, removed afterwards."""
    source: Path | None = None
    """A folder whose C files take the place of the shipped ones of the same name."""
    against: Path | None = None
    """Another checkout, with a virtual environment, to measure beside this one."""

    def count(self, short: int, long: int) -> int:
        """Return how many to do: `short` of them in the short form, `long` in the long one."""
        return long if self.is_long else short

    def progress(self, text: str) -> None:
        """Say on stderr how far the proof is."""
        print(f"    {text}", file=sys.stderr, flush=True)

    def native(self, name: str) -> Path:
        """Return a C file of the region: the one in `source` if it has it, else the shipped.

        Parameters
        ----------
        name : str
            The file's name in ``adapters/shm/native``.
        """
        if self.source is not None and (self.source / name).is_file():
            return self.source / name
        return ROOT / "adapters/shm/native" / name


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a proof.

    Attributes
    ----------
    id : str
        R1 to R13, as in docs/reliability.md; "" for one that has no row there.
    what : str
        What was counted or measured.
    value : str
        What was found, with its unit.
    reach : str
        What is to be found.
    is_met : bool
        Whether it was.
    is_time : bool
        Whether it is a time of this machine, which may be busy with something else. In the
        short form it is shown and decides nothing.
    """

    id: str
    what: str
    value: str
    reach: str
    is_met: bool
    is_time: bool = False

    def decides(self, form: Form) -> bool:
        """Return whether the proof fails if this is not reached."""
        return form.is_long or not self.is_time

    def line(self, form: Form) -> str:
        """Return it as it is printed: what was found, what is to be found, and the verdict."""
        verdict = "held" if self.is_met else "NOT HELD"
        if not self.is_met and not self.decides(form):
            verdict = "not reached here; a time of a busy machine decides in the long form alone"
        return f"{self.id:<4}{self.what}: {self.value} (to reach: {self.reach}) {verdict}"
