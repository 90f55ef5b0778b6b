"""Opening files and folders that other users may have replaced."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

SAFE_FLAGS: Final = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""No link is followed, no child inherits the descriptor, and no FIFO blocks the open."""


class UnusableFileError(DolphinError):
    """A file or folder cannot be made or opened, or its content cannot be trusted."""


def open_file(path: Path, flags: int, trusted_uids: Collection[int] = ()) -> int:
    """Open a file and check it as ``check_file`` does; return the descriptor.

    Parameters
    ----------
    path : Path
        The file.
    flags : int
        ``os.O_RDONLY`` or ``os.O_RDWR``.
    trusted_uids : collection of int
        Users besides this process's own whose file is opened.

    Raises
    ------
    FileNotFoundError
        If there is nothing at the path.
    UnusableFileError
        If it is a link, may not be opened, or is refused by the check.

    """
    try:
        fd = os.open(path, flags | SAFE_FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        if path.is_symlink():
            msg = f"{path} is a symbolic link, which is never followed; remove it"
            raise UnusableFileError(msg) from None
        msg = f"{path} cannot be opened: {error.strerror}; check its type, owner and mode"
        raise UnusableFileError(msg) from None
    try:
        check_file(os.fstat(fd), path, trusted_uids)
    except UnusableFileError:
        os.close(fd)
        raise
    return fd


def check_file(found: os.stat_result, path: Path, trusted_uids: Collection[int] = ()) -> None:
    """Refuse anything but a regular file with one name, of a trusted owner, that others cannot
    write.

    Parameters
    ----------
    found : os.stat_result
        The file's ``lstat`` or ``fstat``.
    path : Path
        The file, for the message.
    trusted_uids : collection of int
        Users besides this process's own who may own the file.

    Raises
    ------
    UnusableFileError
        With what was expected and found.

    """
    trusted = {os.geteuid(), *trusted_uids}
    wrong = None
    if not stat.S_ISREG(found.st_mode):
        wrong = f"a regular file, found {stat.filemode(found.st_mode)}"
    elif found.st_nlink > 1:
        wrong = f"a file with one name, found {found.st_nlink} hard links"
    elif found.st_uid not in trusted:
        wrong = f"owner {' or '.join(map(str, sorted(trusted)))}, found uid {found.st_uid}"
    elif found.st_mode & 0o022:
        wrong = f"that only its owner may write, found mode {found.st_mode & 0o777:04o}"
    if wrong:
        msg = f"{path} is refused: expected {wrong}; check who made it before you remove it"
        raise UnusableFileError(msg)


def open_private_folder(folder: Path, *, create: bool, trusted_uids: Collection[int] = ()) -> int:
    """Open a folder of mode 0700 that belongs to a trusted user; return the descriptor.

    Parameters
    ----------
    folder : Path
        The folder.
    create : bool
        Whether to make a missing folder.
    trusted_uids : collection of int
        Users besides this process's own whose folder is opened.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist and ``create`` is false.
    UnusableFileError
        If it cannot be made, or is something else, of another owner, or open to others.

    """
    if create:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            msg = f"cannot create {folder}: {error.strerror}"
            raise UnusableFileError(msg) from None
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        msg = f"{folder} cannot be opened: {error.strerror}"
        raise UnusableFileError(msg) from None
    found = os.fstat(fd)
    if found.st_uid not in {os.geteuid(), *trusted_uids} or found.st_mode & 0o077:
        os.close(fd)
        msg = (
            f"{folder} is refused: expected a folder of uid "
            f"{' or '.join(map(str, sorted({os.geteuid(), *trusted_uids})))} with mode 0700, "
            f"found uid {found.st_uid}, mode {found.st_mode & 0o777:04o}; "
            "remove the folder, or choose another path"
        )
        raise UnusableFileError(msg)
    return fd
