"""RecordedSession: a session's folder, read back in the order of delivery."""

from __future__ import annotations

import heapq
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import damaged_lines, read_journal
from adapters.catalog.files.recording_lock import is_written
from adapters.catalog.files.recovery import recover
from adapters.catalog.files.spool_conversion import sha256_of
from adapters.session.recorded_inputs import (
    SessionError,
    as_history,
    inputs_of,
    rows_in_time,
)
from adapters.session.session_files import FORMAT, HISTORY_SUFFIX, LINES_FILE, SESSION_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.session.recorded_inputs import Input


class RecordedSession:
    """The session that a node recorded.

    Parameters
    ----------
    folder : Path
        The folder given to ``run_node.py --record``.

    Attributes
    ----------
    header : dict
        ``session.json``.
    lines : list of dict
        ``decisions.jsonl``, without a torn last line.
    lines_through : int
        The number of the input up to which the lines are complete.
    remarks : list of str
        What is incomplete in the session, as text for the user.
    dropped : int
        Inputs that could not be written.
    recorded : int or None
        How many inputs the writer recorded at its end; None if it was killed.

    Raises
    ------
    SessionError
        If there is no session, one of its files is damaged, or it is still being recorded.

    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = Path(folder)
        self.remarks: list[str] = []
        self.header: Final = self._read_header()
        home = (
            self.folder
            / catalog_layout.RECORDINGS
            / catalog_layout.check_recording_name(self.recording)
        )
        if is_written(home):
            msg = f"{folder}: the session is still being recorded; wait for its end"
            raise SessionError(msg)
        try:
            recover(self.folder)
        except OSError as error:
            msg = f"{folder}: what a killed writer left cannot be made files: {error}"
            raise SessionError(msg) from None
        events = []
        for name in (home.name, f"{home.name}{HISTORY_SUFFIX}"):
            journal = home.with_name(name) / catalog_layout.JOURNAL
            if damaged_lines(journal):
                msg = f"{journal} is damaged: a line is not as it was written; restore it"
                raise SessionError(msg)
            events += read_journal(journal)
        if not events:
            msg = f"{home / catalog_layout.JOURNAL}: expected the journal of the session's inputs"
            raise SessionError(msg)
        self.dropped: Final = sum(e["count"] for e in events if e["event"] == "dropped")
        ends = [e for e in events if e["event"] == "end"]
        starts = sum(e["event"] == "start" for e in events)
        is_closed = bool(ends) and len(ends) == starts
        self.recorded: Final = sum(e.get("recorded", 0) for e in ends) if is_closed else None
        if not is_closed:
            self.remarks.append("the session writer was killed: its last second is missing")
        elif "ended" not in self.header:
            self.remarks.append("the node was killed: inputs that it had not sent are missing")
        if self.dropped:
            self.remarks.append(f"{self.dropped:,} inputs could not be written when they came")
        self._files: Final = [self._checked(e) for e in events if e["event"] == "file"]
        self.lines_through = 0
        self.lines: Final = self._read_lines()

    @property
    def recording(self) -> str:
        """The name of the recording that holds the inputs."""
        return str(self.header["recording"])

    def inputs(self) -> Iterator[Input]:
        """Yield the inputs in the order of their delivery numbers, in bounded memory."""
        tables: dict[Path, list[Path]] = {}
        for path in self._files:
            tables.setdefault(path.parent, []).append(path)
        chunks = {n["input"]: n["history"] for n in self.lines if "history" in n}
        rows = [
            as_history(inputs_of(row), chunks)
            if folder.name.endswith(HISTORY_SUFFIX)
            else inputs_of(row)
            for folder, paths in tables.items()
            for row in rows_in_time(paths)
        ]
        return heapq.merge(*rows, key=lambda i: i.number)

    def _read_header(self) -> dict[str, Any]:
        path = self.folder / SESSION_FILE
        try:
            header = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            msg = f"{path}: {error.strerror}; expected the folder of a recorded session"
            raise SessionError(msg) from None
        except (ValueError, RecursionError) as error:
            msg = f"{path} is damaged: {error}"
            raise SessionError(msg) from None
        wanted = ("recording", "strategy", "sandbox", "format")
        missing = [n for n in wanted if not isinstance(header, dict) or n not in header]
        if "strategy" in missing and "recording" not in missing:
            why = header.get("ended", "it was killed")
            msg = f"{path}: nothing was recorded, the run ended before its strategy ({why})"
            raise SessionError(msg)
        if missing:
            msg = f"{path} is damaged: expected {missing[0]!r} in it, found none"
            raise SessionError(msg)
        if header["format"] != FORMAT:
            msg = f"{path}: expected a session of format {FORMAT}, found {header['format']}"
            raise SessionError(msg)
        return header  # type: ignore[no-any-return]

    def _checked(self, event: dict[str, Any]) -> Path:
        path: Path = self.folder / event["path"]
        try:
            is_whole = path.stat().st_size == event["bytes"] and sha256_of(path) == event["sha256"]
        except OSError as error:
            msg = f"{path}: {error.strerror}; the session's journal names it"
            raise SessionError(msg) from None
        if not is_whole:
            msg = f"{path} is damaged: it is not the file that was written; restore it"
            raise SessionError(msg)
        return path

    def _read_lines(self) -> list[dict[str, Any]]:
        path = self.folder / LINES_FILE
        try:
            texts = path.read_bytes().split(b"\n")
        except OSError as error:
            msg = f"{path}: {error.strerror}; a session has its decisions there"
            raise SessionError(msg) from None
        if texts.pop():
            self.remarks.append(f"{LINES_FILE}: its last line is torn and left out")
        lines = []
        for number, text in enumerate(texts, start=1):
            try:
                line = json.loads(text)
                if "through" in line:
                    self.lines_through = int(line["through"])
                    continue
                lines.append({"input": int(line["input"]), "line": int(line["line"]), **line})
            except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
                msg = f"{path} is damaged: line {number} is not what was written"
                raise SessionError(msg) from None
        return lines
