"""The region's files: opened, made and removed, and the lock of its one writer."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from adapters.process import safe_files
from adapters.process.pid_lock import LockHeldError, PidLock
from adapters.process.safe_files import SAFE_FLAGS, UnusableFileError
from adapters.shm.region.region_errors import RegionError, RegionNotReadyError, WriterLockedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

_NEW_FILE: Final = "new"


def folder_of(path: Path) -> Path:
    """Return the 0700 folder beside a region: its lock, its waiters page and their FIFOs."""
    return path.with_name(path.name + ".d")


@contextmanager
def _region_errors(path: Path) -> Iterator[None]:
    """Convert the errors of a file into errors of the region."""
    try:
        yield
    except FileNotFoundError:
        msg = f"{path} does not exist yet: its producer has not started"
        raise RegionNotReadyError(msg) from None
    except UnusableFileError as error:
        raise RegionError(str(error)) from None


def open_region(path: Path, flags: int, trusted_uids: Collection[int] = ()) -> int:
    """Open a region file that may be trusted; return the descriptor.

    Parameters
    ----------
    path : Path
        The region's file.
    flags : int
        ``os.O_RDONLY`` or ``os.O_RDWR``.
    trusted_uids : collection of int
        Users besides this process's own whose file is opened.

    Raises
    ------
    RegionNotReadyError
        If there is nothing at the path.
    RegionError
        If it is a link, not a regular file, has another owner or more names, or may not be
        opened.

    """
    with _region_errors(path):
        return safe_files.open_file(path, flags, trusted_uids)


def refuse_foreign_file(path: Path) -> None:
    """Check that the path holds nothing, or a file that a writer may replace.

    Raises
    ------
    RegionError
        If it is a link, not a regular file, or has another owner or more names.

    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    with _region_errors(path):
        safe_files.check_file(found, path)


def create_file(
    folder_fd: int, path: Path, content: Mapping[int, bytes], size: int, mode: int
) -> int:
    """Make a whole file in the region's folder, return its descriptor; ``place_file`` follows.

    For the holder of the writer's lock: an incomplete file of a killed writer is removed.

    Parameters
    ----------
    folder_fd : int
        Descriptor of the folder beside the region.
    path : Path
        The region's file, for which it is made.
    content : mapping of int to bytes
        What stands at each offset; the rest is zeros.
    size : int
        Bytes of the whole file.
    mode : int
        ``0o600`` or ``0o640``.

    Raises
    ------
    RegionError
        If the folder is missing or there is no space.

    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | SAFE_FLAGS
    try:
        with suppress(FileNotFoundError):
            os.unlink(_NEW_FILE, dir_fd=folder_fd)
        fd = os.open(_NEW_FILE, flags, 0o600, dir_fd=folder_fd)
    except OSError as error:
        msg = f"cannot create a region in {folder_of(path)}: {error.strerror}"
        raise RegionError(msg) from None
    try:
        # Allocates every page now: a sparse file on a full tmpfs causes SIGBUS later.
        os.posix_fallocate(fd, 0, size)
        for offset, part in content.items():
            os.pwrite(fd, part, offset)
        os.fchmod(fd, mode)
    except OSError as error:
        os.close(fd)
        discard_file(folder_fd)
        msg = (
            f"{path} needs {size:,} bytes in {path.parent}: {error.strerror}; "
            "free some space there, use a smaller capacity, or give a container more (shm_size)"
        )
        raise RegionError(msg) from None
    return fd


def place_file(folder_fd: int, path: Path) -> None:
    """Move the file that was made to its path, in the place of what is there.

    Raises
    ------
    RegionError
        If it cannot be moved there.

    """
    try:
        os.rename(_NEW_FILE, path, src_dir_fd=folder_fd)
    except OSError as error:
        discard_file(folder_fd)
        msg = f"cannot put a region at {path}: {error.strerror}"
        raise RegionError(msg) from None


def discard_file(folder_fd: int) -> None:
    """Remove a file that was made and not placed."""
    with suppress(OSError):
        os.unlink(_NEW_FILE, dir_fd=folder_fd)


def open_folder(path: Path, *, create: bool, trusted_uids: Collection[int] = ()) -> int:
    """Open the folder beside a region, a real folder with mode 0700.

    Parameters
    ----------
    path : Path
        The region's file.
    create : bool
        Whether to make a missing folder.
    trusted_uids : collection of int
        Users besides this process's own whose folder is opened.

    Raises
    ------
    RegionNotReadyError
        If it does not exist and ``create`` is false.
    RegionError
        If it is something else, of another owner, or open to others.

    """
    folder = folder_of(path)
    with _region_errors(folder):
        return safe_files.open_private_folder(folder, create=create, trusted_uids=trusted_uids)


def open_lock(path: Path, trusted_uids: Collection[int] = ()) -> int:
    """Open the lock of a region's writer, to query whether a process holds it.

    Raises
    ------
    RegionNotReadyError
        If the folder or the lock does not exist yet.
    RegionError
        If the folder is something else, of another owner, or open to others.

    """
    folder_fd = open_folder(path, create=False, trusted_uids=trusted_uids)
    try:
        return os.open("lock", os.O_RDONLY | SAFE_FLAGS, dir_fd=folder_fd)
    except OSError as error:
        msg = f"{folder_of(path)}/lock: {error.strerror}; its producer is starting"
        raise RegionNotReadyError(msg) from None
    finally:
        os.close(folder_fd)


def lock_writer(folder_fd: int, path: Path) -> PidLock:
    """Take the lock of the region's one writer.

    Raises
    ------
    WriterLockedError
        If another writer holds it, with its pid.
    RegionError
        If the lock's file cannot be made or written.

    """
    try:
        return PidLock("lock", dir_fd=folder_fd)
    except LockHeldError as error:
        raise WriterLockedError(str(path), error.pid) from None
    except OSError as error:
        msg = f"{folder_of(path)}/lock cannot be written: {error.strerror}"
        raise RegionError(msg) from None


def remove(path: Path) -> None:
    """Remove a region's file and the folder beside it; a missing one is not an error."""
    with suppress(FileNotFoundError):
        path.unlink()
    remove_folder(path)


def remove_folder(path: Path) -> None:
    """Remove the folder beside a region; a missing one is not an error."""
    folder = folder_of(path)
    with suppress(FileNotFoundError, NotADirectoryError):
        for entry in list(folder.iterdir()):
            with suppress(FileNotFoundError):
                entry.unlink()
        folder.rmdir()
