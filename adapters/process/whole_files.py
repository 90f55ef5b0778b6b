"""Writing a file whole or not at all, whatever ends the process meanwhile."""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from adapters.process.safe_files import (
    SAFE_FLAGS,
    UnusableFileError,
    check_file,
    check_is_at,
    is_at,
    open_file,
    unusable,
)

_UNFINISHED: Final = ".dolphin-new"
_RANDOM_BYTES: Final = 4
_HEX: Final = frozenset("0123456789abcdef")
_ATTEMPTS: Final = 8
"""A new file that another writer takes for one that was left is made anew."""


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner may read, whole or not at all; text as UTF-8.

    Parameters
    ----------
    path : Path
        The file; made if missing, else replaced. A device such as ``/dev/null`` is written to.
    content : str or bytes
        All of it.

    Raises
    ------
    UnusableFileError
        If a link, somebody else's file or no regular file is there, or it cannot be written;
        what was there is then as it was.

    Notes
    -----
    A kill at any instant leaves what was there, or the whole of the new. What it may leave beside
    it, ``.NAME.HEX.dolphin-new``, is removed by the next call for the path. A living writer
    holds a lock on its own.

    """
    data = content.encode() if isinstance(content, str) else content
    device = _device_at(path)
    try:
        if device is None:
            _write_beside(path, data)
        else:
            with os.fdopen(device, "wb") as file:
                file.write(data)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}; nothing was left there of it"
        raise UnusableFileError(msg) from None


def _device_at(path: Path) -> int | None:
    """Return the descriptor of a device; None if there is nothing, or a file of this user.

    Raises
    ------
    UnusableFileError
        If there is anything else.

    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | SAFE_FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(path, error) from None
    is_device = False
    try:
        found = os.fstat(fd)
        is_device = stat.S_ISCHR(found.st_mode)
        if not is_device:
            check_file(found, path, any_mode=True)
            check_is_at(path, found)
    finally:
        if not is_device:
            os.close(fd)
    return fd if is_device else None


def _write_beside(path: Path, data: bytes) -> None:
    # With the rest of its name at most as long as the longest name of a file.
    start = f".{path.name[:50]}."
    _remove_left(path.parent, start)
    new = path.with_name(f"{start}{os.urandom(_RANDOM_BYTES).hex()}{_UNFINISHED}")
    try:
        fd = _make_locked(new)
        try:
            # A second descriptor, because some file systems tell a full disk when one is closed.
            with os.fdopen(os.dup(fd), "wb") as file:
                file.write(data)
            new.replace(path)
        finally:
            os.close(fd)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def _make_locked(new: Path) -> int:
    """Make a file that no other writer removes while its descriptor is open."""
    for _ in range(_ATTEMPTS):
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFE_FLAGS, 0o600)
        try:
            with suppress(OSError):  # a file system without locks, where nobody can remove it
                fcntl.flock(fd, fcntl.LOCK_EX)
            if is_at(new, os.fstat(fd)):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
    msg = f"{new} was removed again and again; find out by whom"
    raise UnusableFileError(msg)


def _remove_left(folder: Path, start: str) -> None:
    """Remove the files of writers that were killed, which nobody has locked."""
    length = len(start) + 2 * _RANDOM_BYTES + len(_UNFINISHED)
    left = []
    with suppress(OSError), os.scandir(folder) as entries:  # who may write may not always list
        left = [
            Path(entry.path)
            for entry in entries
            if entry.name.startswith(start)
            and entry.name.endswith(_UNFINISHED)
            and len(entry.name) == length
            and _HEX.issuperset(entry.name[len(start) : -len(_UNFINISHED)])
        ]
    for path in left:
        with suppress(OSError, UnusableFileError):  # somebody else's, or removed meanwhile
            fd = open_file(path, os.O_WRONLY)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(fd)
