"""The region's files: created and opened safely, locked, mapped, and dropped in a fork."""

from __future__ import annotations

import fcntl
import mmap
import os
import stat
import struct
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from adapters.shm._region import ffi, lib
from dolphin_strategies.errors import RegionError, RegionNotReadyError, WriterLockedError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_FLOCK: Final = struct.Struct("hhqqi4x")
_NEW_FILE: Final = "new"
_OPEN_FLAGS: Final = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def folder_of(path: Path) -> Path:
    """Return the 0700 folder beside a region: its lock, its waiters page and their FIFOs."""
    return path.with_name(path.name + ".d")


def open_region(path: Path, flags: int, trusted_uids: Collection[int] = ()) -> int:
    """Open a region file after checking that it is what it should be; return the descriptor.

    Raises
    ------
    RegionNotReadyError
        If there is nothing at the path.
    RegionError
        If it is a link, not a regular file, has another owner or more names, or may not be
        opened.

    """
    try:
        fd = os.open(path, flags | _OPEN_FLAGS)
    except FileNotFoundError:
        msg = f"{path} does not exist yet: its producer has not started"
        raise RegionNotReadyError(msg) from None
    except OSError as error:
        if path.is_symlink():
            msg = f"{path} is a symbolic link, which is never followed; remove it"
            raise RegionError(msg) from None
        msg = f"{path} cannot be opened: {error.strerror}; check its type, owner and mode"
        raise RegionError(msg) from None
    try:
        check_file(os.fstat(fd), path, trusted_uids)
    except RegionError:
        os.close(fd)
        raise
    return fd


def check_file(found: os.stat_result, path: Path, trusted_uids: Collection[int] = ()) -> None:
    """Refuse anything but a regular file with one name, of a trusted owner, that others cannot
    write.

    Raises
    ------
    RegionError
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
        raise RegionError(msg)


def create_file(folder_fd: int, path: Path, content: bytes, size: int, mode: int) -> int:
    """Make a whole file in the region's folder, move it to ``path``, return its descriptor.

    For the holder of the writer's lock: what a killed writer left half made is removed.

    Raises
    ------
    RegionError
        If the folder is missing or there is no space.

    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN_FLAGS
    try:
        with suppress(FileNotFoundError):
            os.unlink(_NEW_FILE, dir_fd=folder_fd)
        fd = os.open(_NEW_FILE, flags, 0o600, dir_fd=folder_fd)
    except OSError as error:
        msg = f"cannot create a region in {folder_of(path)}: {error.strerror}"
        raise RegionError(msg) from None
    try:
        # Every page now: a sparse file on a full tmpfs is a SIGBUS later.
        os.posix_fallocate(fd, 0, size)
        os.pwrite(fd, content, 0)
        os.fchmod(fd, mode)
        os.rename(_NEW_FILE, path, src_dir_fd=folder_fd)
    except OSError as error:
        os.close(fd)
        with suppress(OSError):
            os.unlink(_NEW_FILE, dir_fd=folder_fd)
        msg = (
            f"{path} needs {size:,} bytes in {path.parent}: {error.strerror}; "
            "free some space there, or use a smaller capacity"
        )
        raise RegionError(msg) from None
    return fd


def open_folder(path: Path, *, create: bool, trusted_uids: Collection[int] = ()) -> int:
    """Open the folder beside a region, a real folder of ours with mode 0700.

    Raises
    ------
    RegionNotReadyError
        If it does not exist and ``create`` is false.
    RegionError
        If it is something else, of another owner, or open to others.

    """
    folder = folder_of(path)
    if create:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            msg = f"cannot create {folder}: {error.strerror}"
            raise RegionError(msg) from None
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        msg = f"{folder} does not exist yet: its producer has not started"
        raise RegionNotReadyError(msg) from None
    except OSError as error:
        msg = f"{folder} cannot be opened: {error.strerror}"
        raise RegionError(msg) from None
    found = os.fstat(fd)
    if found.st_uid not in {os.geteuid(), *trusted_uids} or found.st_mode & 0o077:
        os.close(fd)
        msg = (
            f"{folder} is refused: expected a folder of uid {os.geteuid()} with mode 0700, "
            f"found uid {found.st_uid}, mode {found.st_mode & 0o777:04o}"
        )
        raise RegionError(msg)
    return fd


def try_lock(fd: int, byte: int = 0) -> bool:
    """Take the open-file-description lock on one byte; the kernel frees it with the process."""
    request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, request)
    except (BlockingIOError, PermissionError):
        return False
    return True


def is_locked(fd: int, byte: int = 0) -> bool:
    """Return whether another open file holds the lock on a byte."""
    request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, request)
    return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)


def lock_writer(folder_fd: int, path: Path) -> int:
    """Take the one writer's lock; return the descriptor that holds it.

    Raises
    ------
    WriterLockedError
        If another writer holds it, with its pid.
    RegionError
        If the lock's file cannot be made or written.

    """
    flags = os.O_RDWR | os.O_CREAT | _OPEN_FLAGS
    fd = -1
    try:
        fd = os.open("lock", flags, 0o600, dir_fd=folder_fd)
        if try_lock(fd):
            os.ftruncate(fd, 0)
            os.pwrite(fd, b"%d\n" % os.getpid(), 0)
            return fd
        text = os.pread(fd, 32, 0).strip()
    except OSError as error:
        if fd >= 0:
            os.close(fd)
        msg = f"{folder_of(path)}/lock cannot be written: {error.strerror}"
        raise RegionError(msg) from None
    os.close(fd)
    raise WriterLockedError(str(path), int(text) if text.isdigit() else None)


class Mapping:
    """A shared mapping of an open file, and pointers into it for C.

    Raises
    ------
    RegionError
        If the file is shorter than ``size`` or there is no memory to map it.

    """

    def __init__(self, fd: int, size: int, *, writable: bool) -> None:
        lib.fault_guard_install()
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        # Populated: a page fault on first touch would cost a record tens of microseconds.
        flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
        try:
            self._map: mmap.mmap | None = mmap.mmap(fd, size, flags, protection)
        except (OSError, ValueError) as error:
            msg = f"cannot map {size:,} bytes of a file of {os.fstat(fd).st_size:,}: {error}"
            raise RegionError(msg) from None
        self._map.madvise(mmap.MADV_DONTFORK)
        self._bytes = ffi.from_buffer("uint8_t[]", self._map)

    def pointer(self, kind: str, offset: int = 0) -> Any:
        """Return a C pointer of type ``kind`` to an offset; valid until ``close``."""
        return ffi.cast(kind, self._bytes + offset)

    def close(self) -> None:
        """Unmap; safe to call again."""
        if self._map is not None:
            ffi.release(self._bytes)
            self._map.close()
            self._map = None


class _Handle(Protocol):
    def abandon(self) -> None:
        """Drop everything shared with the parent, in a forked child."""


_handles: weakref.WeakSet[Any] = weakref.WeakSet()


def close_in_forked_child(handle: _Handle) -> None:
    """Have ``handle.abandon()`` called in every forked child, so that a lock ends with its
    owner.
    """
    _handles.add(handle)


def _abandon_all() -> None:
    for handle in list(_handles):
        handle.abandon()


os.register_at_fork(after_in_child=_abandon_all)
