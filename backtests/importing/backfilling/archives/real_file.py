"""Opening the files of others: real files only, and as their ``.CHECKSUM`` states."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHECKSUM: Final = re.compile(r"\s*([0-9a-fA-F]{64})\b")
_CHECKSUM_BYTES: Final = 4_096


class ArchiveError(DolphinError):
    """An archive cannot be used; nothing of it is written."""


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a real file for reading, never through a symbolic link.

    Raises
    ------
    ArchiveError
        If it is something else, or cannot be read.
    FileNotFoundError
        If there is none.

    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        msg = f"cannot be opened: {error.strerror}"
        raise ArchiveError(msg) from None
    with os.fdopen(fd, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            msg = "is no regular file"
            raise ArchiveError(msg)
        try:
            yield file
        except (OSError, EOFError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            msg = f"cannot be read: {error}"
            raise ArchiveError(msg) from None


def check_checksum(path: Path) -> bool:
    """Compare a file with the ``.CHECKSUM`` beside it; return whether there is one.

    Raises
    ------
    ArchiveError
        If it differs, or the checksum's file has none.

    """
    beside = path.with_name(f"{path.name}.CHECKSUM")
    try:
        with opened(beside) as file:
            found = _CHECKSUM.match(file.read(_CHECKSUM_BYTES).decode(errors="replace"))
    except FileNotFoundError:
        return False
    if found is None:
        msg = f"{beside.name} has no SHA-256"
        raise ArchiveError(msg)
    with opened(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != found[1].lower():
        msg = (
            f"its SHA-256 is {digest[:12]}..., {beside.name} states {found[1][:12].lower()}...; "
            "download it again"
        )
        raise ArchiveError(msg)
    return True
