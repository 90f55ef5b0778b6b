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

_ATTEMPTS: Final = 8
"""A region that is replaced by its writer is opened anew."""


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
        If it is a link, may not be opened, is refused by the check, or is replaced again and
        again.

    """
    for _ in range(_ATTEMPTS):
        try:
            fd = os.open(path, flags | SAFE_FLAGS)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise unusable(path, error) from None
        try:
            found = os.fstat(fd)
            check_file(found, path, trusted_uids)
            if is_at(path, found):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
    raise _changing(path)


def open_or_make(path: Path) -> int:
    """Open a file of this user to read and write; make a missing one, with mode 0600.

    Parameters
    ----------
    path : Path
        The file; what is in it stays.

    Returns
    -------
    int
        The descriptor.

    Raises
    ------
    UnusableFileError
        See :func:`open_private`.

    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | SAFE_FLAGS, 0o600)
    except OSError as error:
        raise unusable(path, error) from None
    try:
        found = os.fstat(fd)
        check_file(found, path, any_mode=True)
        check_is_at(path, found)
        os.fchmod(fd, 0o600)
    except BaseException:
        os.close(fd)
        raise
    return fd


def open_private(path: Path, *, appends: bool = False) -> int:
    """Open a file to write, which then only its owner may read; return the descriptor.

    Parameters
    ----------
    path : Path
        The file; made if missing. A device such as ``/dev/null`` is taken as it is.
    appends : bool
        Whether what is in the file stays.

    Raises
    ------
    UnusableFileError
        If it is a link, cannot be made or opened, is no regular file with one name, belongs to
        another user, or is replaced meanwhile.

    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | SAFE_FLAGS, 0o600)
    except OSError as error:
        raise unusable(path, error) from None
    try:
        found = os.fstat(fd)
        if not stat.S_ISCHR(found.st_mode):
            check_file(found, path, any_mode=True)
            check_is_at(path, found)
            os.fchmod(fd, 0o600)
            if not appends:
                os.ftruncate(fd, 0)
    except BaseException:
        os.close(fd)
        raise
    return fd


def is_at(path: Path, opened: os.stat_result) -> bool:
    """Return whether an open file has the path as its one name.

    A second name that was removed between the open and the check would hide that the file is
    somebody's under another name.
    """
    try:
        now = path.lstat()
    except FileNotFoundError:
        return False
    return (now.st_dev, now.st_ino, now.st_nlink) == (opened.st_dev, opened.st_ino, 1)


def check_is_at(path: Path, opened: os.stat_result) -> None:
    """Refuse an open file that is not the path's, see :func:`is_at`.

    Raises
    ------
    UnusableFileError
        If another one is there, or none.

    """
    if not is_at(path, opened):
        raise _changing(path)


def _changing(path: Path) -> UnusableFileError:
    msg = f"{path} is refused: it was replaced while it was opened; find out by whom"
    return UnusableFileError(msg)


def unusable(path: Path, error: OSError) -> UnusableFileError:
    """Return the error of a path that cannot be opened."""
    if path.is_symlink():
        return UnusableFileError(f"{path} is a symbolic link, which is never followed; remove it")
    msg = f"{path} cannot be opened: {error.strerror}; check its type, owner and mode"
    return UnusableFileError(msg)


def check_file(
    found: os.stat_result,
    path: Path,
    trusted_uids: Collection[int] = (),
    *,
    any_mode: bool = False,
) -> None:
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
    any_mode : bool
        Whether others may write it at present.

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
    elif not any_mode and found.st_mode & 0o022:
        wrong = f"that only its owner may write, found mode {found.st_mode & 0o777:04o}"
    if wrong:
        msg = f"{path} is refused: expected {wrong}; check who made it before you remove it"
        raise UnusableFileError(msg)


def _refuse_open_parent(parent: Path) -> None:
    """Refuse a folder in which everybody may rename and remove what is not theirs."""
    try:
        mode = parent.stat().st_mode
    except OSError:
        return  # what follows fails with the reason
    if mode & 0o002 and not mode & stat.S_ISVTX:
        msg = (
            f"{parent} is refused: expected a folder that others may not write, or with the "
            f"sticky bit, as /dev/shm has; found mode {mode & 0o7777:04o}; choose another path"
        )
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
        If it cannot be made, is something else, of another owner or open to others, or lies where
        others may put another one in its place.

    """
    _refuse_open_parent(folder.parent)
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
