"""The files of a new folder, written from their templates; nothing that exists is touched."""

from __future__ import annotations

import json
import os
import re
import sys
from importlib import resources
from pathlib import Path
from typing import Final

from dolphin_strategies.errors import ConfigError, DolphinError

_TEMPLATES: Final = "template"
_SUFFIX: Final = ".in"
"""Of every template, so that no tool takes it for what it becomes."""


class UnwritableFolderError(DolphinError):
    """A file of a new folder cannot be written, and nothing was left of it."""


def make_folder(folder: Path) -> list[str]:
    """Write a new folder; return the names of its files.

    Parameters
    ----------
    folder : Path
        A path at which there is nothing, or an empty folder.

    Raises
    ------
    ConfigError
        If it is not empty, or is no folder.
    OSError
        If it cannot be made.
    UnwritableFolderError
        If a file cannot be written; what was written of it is removed.

    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        msg = f"{folder}: expected a new folder, found something else there"
        raise ConfigError(msg)
    if folder.exists() and any(folder.iterdir()):
        msg = f"{folder}: expected a new or an empty folder, found files in it; choose another"
        raise ConfigError(msg)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    words = {
        "@NAME@": _project_name(folder),
        "@DOLPHIN@": _where_dolphin_is(),
        # NautilusTrader has no wheels for the newest Python, which uv would take.
        "@PYTHON@": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    made = []
    for template in sorted(
        (resources.files(__package__ or "live.new_folder") / _TEMPLATES).iterdir(),
        key=lambda t: t.name,
    ):
        if not template.name.endswith(_SUFFIX):
            continue
        text = template.read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        name = template.name.removesuffix(_SUFFIX)
        # Never over a file that appeared meanwhile.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(folder / name, flags, 0o644)
            made.append(name)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            for one in made:
                (folder / one).unlink(missing_ok=True)
            if is_new:
                folder.rmdir()
            msg = f"{folder / name} cannot be written: {error.strerror}; nothing was made"
            raise UnwritableFolderError(msg) from None
    return made


def _project_name(folder: Path) -> str:
    """Return a name that a project may have, made of the folder's."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    return name if name and name != "dolphin" else "my-strategy"


def _where_dolphin_is() -> str:
    """Return where uv finds Dolphin: its project's folder; nothing if it came as a package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "pyproject.toml").is_file() or root.is_relative_to(Path(sys.prefix).resolve()):
        return ""
    return (
        f"\n[tool.uv.sources]\ndolphin = {{ path = {json.dumps(str(root))}, editable = true }}\n"
    )
