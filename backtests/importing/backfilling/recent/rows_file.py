"""RowsFile: the rows of one history, kept in a file as they come, so that none is asked twice."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from backtests.importing.backfilling.formats.venues.endpoints.endpoint_rows import NAME, STAMP
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from adapters.exchanges.venues.histories.history import HistoryRow

FOLDER: Final = ".recent"
"""The folder in a catalog in which rows are kept until they are written into it."""
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class RowsName(NamedTuple):
    """What the name of a file states.

    Attributes
    ----------
    venue, history, symbol : str
        Whose rows they are; ``history`` of a combination is its endpoint and field.
    start_ms : int
        The first stamp that was asked for, UNIX milliseconds.

    """

    venue: str
    history: str
    symbol: str
    start_ms: int

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.venue}~{self.history}~{self.symbol}~{self.start_ms:013d}.csv"


def parsed_name(name: str) -> RowsName | None:
    """Return what a file's name states; None if it is of another kind."""
    found = NAME.fullmatch(name)
    return RowsName(found[1], found[2], found[3], int(found[4])) if found else None


def kept_file(folder: Path, venue: str, history: str, symbol: str) -> RowsName | None:
    """Return the name of the file that an earlier run kept; None if there is none."""
    found = (parsed_name(path.name) for path in sorted(folder.glob(f"{venue}~*.csv")))
    return next((n for n in found if n and n[:3] == (venue, history, symbol)), None)


class RowsFile:
    """Appends rows to a file, in the order of their stamps.

    Parameters
    ----------
    folder : Path
        Where it lies.
    name : RowsName
        Its name; a file that is there is continued.
    fields : sequence of str
        The fields of the rows.

    Attributes
    ----------
    next_ms : int
        The first stamp that it lacks, UNIX milliseconds.

    Raises
    ------
    ConfigError
        If the file cannot be written, or has other fields.

    Notes
    -----
    A context. A killed process leaves whole lines and perhaps a part of one, which the next one
    takes away. Files are 0600 and no symbolic link is followed.

    """

    def __init__(self, folder: Path, name: RowsName, fields: Sequence[str]) -> None:
        self.path: Final = folder / name.file
        self.next_ms = name.start_ms
        self._fields: Final = tuple(fields)
        self._waiting: list[HistoryRow] = []
        header = ",".join((STAMP, *fields)) + "\n"
        try:
            self._fd: Final = os.open(self.path, _FLAGS, 0o600)
        except OSError as error:
            msg = f"{self.path} cannot be written: {error.strerror}; remove it"
            raise ConfigError(msg) from None
        try:
            self._continue(header)
        except BaseException:
            os.close(self._fd)
            raise

    def add(self, rows: Iterable[HistoryRow], done_ms: int) -> None:
        """Take rows, and write those before a stamp, up to which there will come no others.

        Parameters
        ----------
        rows : iterable of HistoryRow
            In any order.
        done_ms : int
            UNIX milliseconds.

        Raises
        ------
        OSError
            If they cannot be written.

        """
        self._waiting += rows
        ready = sorted(row for row in self._waiting if row.stamp_ms < done_ms)
        if not ready:
            return
        self._waiting = [row for row in self._waiting if row.stamp_ms >= done_ms]
        lines = [
            ",".join((str(row.stamp_ms), *(row.values[name] for name in self._fields)))
            for row in ready
        ]
        _write(self._fd, ("\n".join(lines) + "\n").encode())
        self.next_ms = ready[-1].stamp_ms + 1

    def close(self) -> None:
        """Close the file; one without rows is removed."""
        with suppress(OSError):
            if os.fstat(self._fd).st_size <= len(",".join((STAMP, *self._fields))) + 1:
                self.path.unlink()
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _continue(self, header: str) -> None:
        """Go on after the last whole line; write the header into a new file."""
        text = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
        whole = text[: text.rfind(b"\n") + 1]
        if whole and not whole.startswith(header.encode()):
            msg = f"{self.path} has other rows than this program writes: remove it"
            raise ConfigError(msg)
        os.ftruncate(self._fd, len(whole))
        os.lseek(self._fd, 0, os.SEEK_END)
        if not whole:
            _write(self._fd, header.encode())
        elif (last := whole.rstrip(b"\n").rpartition(b"\n")[2]) and last[:1].isdigit():
            self.next_ms = int(last.partition(b",")[0]) + 1


def _write(fd: int, text: bytes) -> None:
    view = memoryview(text)
    while view:
        view = view[os.write(fd, view) :]
