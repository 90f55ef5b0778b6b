"""The folder of a media driver: of mode 0700, of this user, held by one driver at a time."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.process.safe_files import UnusableFileError, open_private_folder
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from pathlib import Path

DRIVER: Final = "driver"
"""Aeron's own folder in it: the driver makes it, and removes it when it ends."""
LOCK: Final = "in_use"


class NoDriverError(DolphinError):
    """There is no media driver that this process may use; the text states why."""


def driver_folder(directory: Path, *, create: bool = False) -> Path:
    """Return the folder that Aeron itself uses, after checking the one around it.

    Parameters
    ----------
    directory : Path
        The media driver's folder.
    create : bool
        Whether to make a missing one.

    Raises
    ------
    NoDriverError
        If it is missing and is not to be made.
    UnusableFileError
        If it is of another user, open to others, or no folder.

    """
    try:
        fd = open_private_folder(directory, create=create)
    except FileNotFoundError:
        msg = f"no media driver has been at {directory}: start one with live/aeron_driver.py"
        raise NoDriverError(msg) from None
    os.close(fd)
    found = directory / DRIVER
    with suppress(FileNotFoundError):
        if found.is_symlink() or found.stat().st_uid != os.geteuid():
            msg = f"{found} is refused: expected a folder of uid {os.geteuid()}; remove it"
            raise UnusableFileError(msg)
    return found
