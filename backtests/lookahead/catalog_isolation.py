"""Out of reach: another folder where a process expects the catalog, and no way to the original."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

NO_NAMESPACES: Final = "DOLPHIN_NO_NAMESPACES"
"""Environment variable: do without them, where they are permitted but do harm."""
_MS_BIND: Final = 4096
_MS_REC: Final = 1 << 14
_MS_PRIVATE: Final = 1 << 18


class IsolationError(OSError):
    """A process may not have a view of files of its own on this machine."""


def cover(catalog: Path, copy: Path) -> None:
    """Show this process, and its children, the copy where the catalog is.

    Nobody else notices; it ends with the process, however that ends. Whoever opens the catalog
    by its path, by a link or by another name of its folder gets the copy.

    Raises
    ------
    IsolationError
        If the kernel does not permit it.

    Notes
    -----
    Linux namespaces: call it while the process has one thread.

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
        # Without user namespaces only root may.
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
