"""OrderRight: the right to send real orders, of an account or of some of its instruments."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from adapters.process.byte_lock import RangeLock
from adapters.process.safe_files import UnusableFileError, open_or_make, open_private_folder
from dolphin_strategies.errors import DolphinError, printable

if TYPE_CHECKING:
    from collections.abc import Collection

_FOLDER: Final = Path(f"/dev/shm/dolphin_order_rights_{os.geteuid()}")  # noqa: S108 - of this user
_INSTRUMENTS: Final = 1 << 40
"""Bytes of the lock's file, of which each instrument has one."""
_LONGEST_COMMAND: Final = 200


class RightHeldError(DolphinError):
    """Another process has the right to send these orders."""

    def __init__(self, what: str, pid: int) -> None:
        self.pid = pid
        super().__init__(
            f"real orders of {what} are the right of {_who(pid)}: stop it first; no order was sent"
        )


class OrderRight:
    """Holds the right from its making to its end; the kernel frees it with the process.

    Parameters
    ----------
    venue : str
        The venue.
    key : str
        The account's API key; of it only a hash is written anywhere.
    instruments : collection of str, optional
        The instruments; None: the whole account.
    folder : Path
        The folder of the locks.

    Raises
    ------
    RightHeldError
        If another process has it, with its pid and command.
    UnusableFileError
        If the lock's file cannot be used.

    Notes
    -----
    One file for each venue and key, in memory, of one user on one machine: two keys of one
    account, two users, or two machines do not see each other. The whole account is a range in
    which every instrument has a byte, so that neither can be held beside the other.

    """

    def __init__(
        self,
        venue: str,
        key: str,
        instruments: Collection[str] | None = None,
        folder: Path = _FOLDER,
    ) -> None:
        os.close(open_private_folder(folder, create=True))
        account = hashlib.sha256(f"{venue} {key}".encode()).hexdigest()[:24]
        path = folder / f"{venue}.{account}"
        what, ranges = f"account {account[:8]} at {venue}", [(0, _INSTRUMENTS)]
        if instruments is not None:
            what = f"{', '.join(sorted(instruments))} (account {account[:8]})"
            ranges = [(_byte_of(name), 1) for name in sorted(set(instruments))]
        # One descriptor: to close any other of this file would free all of this process's ranges.
        self._fd = open_or_make(path)
        try:
            held_by = self._take(ranges)
        except OSError as error:
            self.release()
            msg = f"{path} cannot be locked: {error.strerror}; real orders need that lock"
            raise UnusableFileError(msg) from None
        if held_by:
            self.release()
            raise RightHeldError(what, held_by)

    def _take(self, ranges: list[tuple[int, int]]) -> int:
        """Lock all ranges, or return the pid of who holds one of them."""
        for start, length in ranges:
            lock = RangeLock(self._fd, start, length)
            if not lock.is_held:
                # It may have been freed since: then whoever asks again gets it.
                return lock.holder() or -1
        return 0

    def release(self) -> None:
        """Give the right up; safe to call again."""
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _byte_of(instrument: str) -> int:
    return int.from_bytes(hashlib.sha256(instrument.encode()).digest()[:5], "big")


def _who(pid: int) -> str:
    if pid <= 0:
        return "a process without a pid here"
    with suppress(OSError):
        # A fork has its command line as one text, with spaces.
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
        text = printable(words.decode(errors="replace").partition(" ")[2])
        return f"process {pid} ({text[:_LONGEST_COMMAND]})"
    return f"process {pid}"
