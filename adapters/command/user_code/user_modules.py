"""User modules: those that a user names, found in the working folder after every other one."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def leave_out_script_folder() -> None:
    """Let no module be found beside the running script, where Python looks first.

    A file of ours there could have the name of a user's module, or of a library.
    """
    script = getattr(sys.modules["__main__"], "__file__", None)
    # Not there with `python -P`.
    if script and sys.path[:1] == [str(Path(script).resolve().parent)]:
        del sys.path[0]


def look_in(folder: str) -> None:
    """Find modules in a folder too, after the standard library and what is installed.

    A file ``json.py`` in the folder in which somebody types a command is not loaded for the
    library of that name.
    """
    if folder not in sys.path:
        sys.path.append(folder)


def import_named(name: str) -> ModuleType:
    """Import a module that a user names, also from the working folder.

    Notes
    -----
    Raises whatever the module's code raises.

    """
    look_in(str(Path.cwd()))
    return importlib.import_module(name)


def hint_if_hidden(name: str) -> str:
    """Return what to do if a module of the working folder has the name of another; else ""."""
    top = name.partition(".")[0]
    here = Path.cwd()
    own = next((p for p in (here / f"{top}.py", here / top / "__init__.py") if p.is_file()), None)
    loaded = getattr(sys.modules.get(top), "__file__", None)
    if own is None or loaded is None or Path(loaded).resolve() == own.resolve():
        return ""
    return f"; {own} is hidden by {loaded}, which has its name: give it another one"
