"""The content of a model's file: bounded, of a regular file only."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def read_content(path: Path, most_bytes: int, maker: str) -> bytes:
    """Return the content of a file, a byte more than the most if it is larger.

    Parameters
    ----------
    path : Path
        The file.
    most_bytes : int
        What a model has at most.
    maker : str
        The command that makes such files, for the message.

    Raises
    ------
    ConfigError
        If it is no regular file, or cannot be read.

    """
    try:
        # A FIFO would never end.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        msg = f"{path}: {error.strerror}; expected a file of {maker}"
        raise ConfigError(msg) from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        msg = f"{path}: expected a file of {maker}, found no regular file"
        raise ConfigError(msg)
    with os.fdopen(fd, "rb") as file:
        return file.read(most_bytes + 1)
