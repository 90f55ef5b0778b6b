"""A working folder in which every module that Python could find is there once more."""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

OURS: Final = ("adapters", "backtests", "dolphin_strategies", "live")
STRATEGY: Final = "planted_beside:Mine"
"""A strategy of the folder, which must be found."""


class PlantedFolder:
    """A folder of files that leave a mark when they are loaded.

    Parameters
    ----------
    folder : Path
        Where to make it, and the marks beside it.
    strategy : str
        ``module:Class`` that :data:`STRATEGY` is.

    """

    def __init__(self, folder: Path, strategy: str) -> None:
        self.path: Final = folder / "planted"
        self._marks: Final = folder / "marks"
        self.path.mkdir()
        self._marks.mkdir()
        mark = f"open({str(self._marks)!r} + '/' + __name__, 'w').close()\n"
        names = [n for n in (*sys.stdlib_module_names, *packages_distributions(), *OURS) if _is(n)]
        for name in names:
            (self.path / f"{name}.py").write_text(mark)
        assert len(names) > 200
        module, _, name = strategy.partition(":")
        (self.path / "planted_beside.py").write_text(f"from {module} import {name} as Mine\n")

    def loaded(self) -> list[str]:
        """Return the modules of this folder that some process has taken for others."""
        return sorted(mark.name for mark in self._marks.iterdir())


def _is(name: str) -> bool:
    """Return whether a module of the name is installed, and is a file.

    One that is nowhere else is found in the working folder by right; and Python prefers any module
    to a folder that is a package only by being there.
    """
    try:
        found = importlib.util.find_spec(name) if name.isidentifier() else None
    except ValueError:
        return False
    return found is not None and found.origin is not None and name != "__main__"
