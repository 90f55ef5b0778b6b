"""Hiding the catalog: a process finds a copy in its place and cannot reach the original."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

NO_NAMESPACES: Final = "DOLPHIN_NO_NAMESPACES"
"""Environment variable: do not use namespaces, where they are permitted but cause problems."""
_MS_BIND: Final = 4096
_MS_REC: Final = 1 << 14
_MS_PRIVATE: Final = 1 << 18


class IsolationError(OSError):
    """The machine does not permit a process its own view of the file system."""


def cover(catalog: Path, copy: Path) -> None:
    """Show this process and its children the copy in place of the catalog.

    Other processes are not affected, and the effect ends with the process. Opening the catalog by
    its path, by a link or by another name of its folder opens the copy.

    Raises
    ------
    IsolationError
        If the kernel does not permit it.

    Notes
    -----
    Uses Linux namespaces: to be called while the process has one thread.

    """
    catalog, copy = catalog.resolve(), copy.resolve()
    try:
        _enter_namespaces()
        libc = ctypes.CDLL(None, use_errno=True)
        _mount(libc, "none", "/", _MS_REC | _MS_PRIVATE)
        _mount(libc, str(copy), str(catalog), _MS_BIND)
        is_covered = catalog.samefile(copy)
    except OSError as error:
        raise IsolationError(error.errno, error.strerror) from None
    if not is_covered:
        raise IsolationError(0, "the copy does not cover the catalog")


def _enter_namespaces() -> None:
    if os.environ.get(NO_NAMESPACES):
        raise IsolationError(0, f"{NO_NAMESPACES} is set")
    uid, gid = os.geteuid(), os.getegid()
    try:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNS)
    except OSError:
        # Without user namespaces only root is permitted.
        os.unshare(os.CLONE_NEWNS)
        return
    process = Path("/proc/self")
    with suppress(OSError):
        (process / "setgroups").write_text("deny", encoding="ascii")
    (process / "uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
    (process / "gid_map").write_text(f"{gid} {gid} 1", encoding="ascii")


def _mount(libc: ctypes.CDLL, source: str, target: str, flags: int) -> None:
    if libc.mount(source.encode(), target.encode(), None, flags, None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
