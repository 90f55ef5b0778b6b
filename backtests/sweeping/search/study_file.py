"""StudyFile: Optuna's journal in a file of this user that one sweep at a time writes."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

import optuna
from optuna.storages.journal import BaseJournalBackend
from optuna.storages.journal._storage import JournalOperation

from adapters.process.byte_lock import try_lock
from adapters.process.safe_files import UnusableFileError, open_or_make
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from optuna.storages import BaseStorage

_OF_PROPOSALS: Final = {
    JournalOperation.CREATE_TRIAL,
    JournalOperation.SET_TRIAL_PARAM,
    JournalOperation.SET_TRIAL_SYSTEM_ATTR,
    JournalOperation.SET_TRIAL_USER_ATTR,
}
"""Of a proposal, or of a result that is told by a later line."""


def study_in(storage: BaseStorage, name: str) -> optuna.Study:
    """Return the study of a name, made if missing; one that exists is not written to.

    Optuna's own ``load_if_exists`` adds a line to the journal each time.
    """
    if any(study.study_name == name for study in storage.get_all_studies()):
        return optuna.load_study(study_name=name, storage=storage)
    return optuna.create_study(storage=storage, study_name=name, direction="maximize")


class StudyFile(BaseJournalBackend):  # type: ignore[misc] # Optuna's classes are not checked
    """A line of JSON for each change of a study; a result is on the disk before the next line.

    Parameters
    ----------
    path : Path
        The file; made with mode 0600 if missing. A line that a killed process left unfinished is
        removed: what it would have said was not acted upon.

    Raises
    ------
    UnusableFileError
        If it is a link, or no file of this user.
    ConfigError
        If another sweep has it open, or a line of it is no JSON.

    Notes
    -----
    Optuna's own file backend opens its path again for every line and follows links, waits half a
    minute for the lock of a killed process, and cannot go on after an unfinished line.

    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._fd = open_or_make(path)
        try:
            if not try_lock(self._fd):
                msg = f"{path}: another sweep has it open; wait for its end, or choose --out"
                raise ConfigError(msg)  # noqa: TRY301 - closed below
            self._logs: list[dict[str, Any]] = self._read()
        except BaseException:
            self.close()
            raise

    def _read(self) -> list[dict[str, Any]]:
        size = os.fstat(self._fd).st_size
        content = os.pread(self._fd, size, 0)
        while len(content) < size and (more := os.pread(self._fd, size, len(content))):
            content += more
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.ftruncate(self._fd, whole)
        logs: list[dict[str, Any]] = []
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                logs.append(json.loads(line))
            except (ValueError, RecursionError):
                msg = (
                    f"{self.path}: line {number} is no line of a study, found {line[:40]!r}; "
                    "choose another --out, or restore the file"
                )
                raise ConfigError(msg) from None
        return logs

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any]]:
        """Yield the changes from a number on."""
        yield from self._logs[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write changes; wait until they are on the disk if one of them is more than a proposal.

        A proposal that a power cut takes is made again, and is the same.

        Raises
        ------
        UnusableFileError
            If they cannot be written, and none of them is in the file.

        """
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        end = os.fstat(self._fd).st_size
        at = end
        try:
            while lines:
                written = os.pwrite(self._fd, lines, at)
                lines, at = lines[written:], at + written
            if any(log["op_code"] not in _OF_PROPOSALS for log in logs):
                os.fdatasync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, end)
            msg = (
                f"{self.path} cannot be written: {error.strerror}; make room there, then the same "
                "command goes on"
            )
            raise UnusableFileError(msg) from None
        self._logs += logs

    def close(self) -> None:
        """Close the file, which frees it for others; safe to call again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
