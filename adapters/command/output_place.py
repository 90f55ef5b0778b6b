"""Whether results can be written to a place, asked before the work and not after it."""

from __future__ import annotations

import os
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def check_out_folder(folder: Path, option: str = "--out") -> None:
    """Refuse a folder that cannot be made or written.

    Parameters
    ----------
    folder : Path
        There or to be made, with its parents; nothing is made here.
    option : str
        The option that names it, for the message.

    Raises
    ------
    ConfigError
        If something else is there, or nothing can be written there.

    """
    if os.path.lexists(folder) and not folder.is_dir():
        msg = f"{option}: expected a folder or a new name, found something else at {folder}"
        raise ConfigError(msg)
    nearest = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    _check_writable(nearest, folder, option)


def check_out_file(file: Path | None, option: str = "--out") -> None:
    """Refuse a file in a folder that is not there or cannot be written; None is none.

    Parameters
    ----------
    file : Path, optional
        There or to be made; nothing is made here.
    option : str
        The option that names it, for the message.

    Raises
    ------
    ConfigError
        If its folder is none, or nothing can be written there.

    """
    if file is None:
        return
    if file.is_dir():
        msg = f"{option}: expected a file, found a folder at {file}"
        raise ConfigError(msg)
    _check_writable(file.absolute().parent, file, option)


def _check_writable(folder: Path, path: Path, option: str) -> None:
    try:
        # A mode or a mount alone does not say it: root passes modes, and /proc is neither.
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        msg = (
            f"{option}: {path} cannot be written: {folder}: {error.strerror}; "
            f"expected a path in a folder that may be written; give another with {option}"
        )
        raise ConfigError(msg) from None
