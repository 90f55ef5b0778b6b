"""SessionSink: writes the frames of a node into a session's folder."""

from __future__ import annotations

import json
import os
import struct
import time
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog import RecordingWriter
from adapters.session import wire_format
from adapters.session.line_file import LineFile
from adapters.session.session_files import FORMAT, HISTORY_SUFFIX, LINES_FILE, SESSION_FILE
from adapters.session.session_tables import write_inputs
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

FLUSH_S: Final = 1.0
"""The time of inputs that a killed writer loses. Half of it would slow the node's slowest records:
on a machine with few cores they compete with this process, whose work is mostly per flush."""

_HEADER_FLAGS: Final = (
    os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
)
_NUMBER: Final = struct.Struct("<Q")


class SessionSink:
    """Writes a session: its inputs as a recording of a catalog, its lines, its header.

    Parameters
    ----------
    folder : Path
        The session's folder and catalog; made if missing.
    source : str
        A description of the recorded run, for the catalog's journal.

    Attributes
    ----------
    dropped_lines : int
        Lines that could not be written.

    Raises
    ------
    ConfigError
        If the folder cannot be written.

    Notes
    -----
    Inputs of one instant may be in two tables, which are flushed together every second.

    """

    def __init__(self, folder: Path, source: str) -> None:
        self._folder: Final = folder
        self._source: Final = source
        self._inputs: Final = RecordingWriter(folder, source=source, flush_s=FLUSH_S)
        self._history: RecordingWriter | None = None
        self._lines: Final = LineFile(folder / LINES_FILE)
        self._header: dict[str, Any] = {"format": FORMAT, "recording": self._inputs.name}
        self._header_is_written = False
        self._header_problem = ""
        self._unread = bytearray()
        self._streams: dict[int, dict[str, Any]] = {}
        self._bodies: dict[tuple[int, int], list[bytes]] = {}
        self._last_number = self._never_came = self._reported_through = 0
        self._flush_at_s = 0.0

    @property
    def recorded(self) -> int:
        """Inputs written to files."""
        return sum(w.recorded for w in self._writers)

    @property
    def dropped(self) -> int:
        """Inputs that were received and could not be written."""
        return sum(w.dropped for w in self._writers) - self._never_came

    @property
    def dropped_lines(self) -> int:
        """Lines that could not be written."""
        return self._lines.dropped

    def status(self) -> dict[str, Any]:
        """Return the counts and the problem, for the node."""
        return {
            "recorded": self.recorded,
            "dropped": self.dropped,
            "dropped_lines": self.dropped_lines,
            "problem": self.problem,
        }

    @property
    def problem(self) -> str:
        """Why a file cannot be written at present; empty if all can."""
        problems = [w.problem for w in self._writers]
        return next(filter(None, [*problems, self._lines.problem, self._header_problem]), "")

    @property
    def _writers(self) -> list[RecordingWriter]:
        return [self._inputs] if self._history is None else [self._inputs, self._history]

    def feed(self, content: bytes) -> None:
        """Add bytes from the pipe, in pieces of any size."""
        self._unread += content
        for kind, stream, body in wire_format.unpack(self._unread):
            if kind == wire_format.LINE:
                self._lines.append(body)
            elif kind == wire_format.DEFINE:
                self._streams[stream] = json.loads(body)
            elif kind == wire_format.HEADER:
                self._header |= json.loads(body)
                self._header_is_written = False
            else:
                self._take(kind, stream, body)

    def tick(self) -> None:
        """Write what is due; to be called a few times a second."""
        now_s = time.monotonic()
        if now_s >= self._flush_at_s:
            self._flush_at_s = now_s + FLUSH_S
            self.flush()
        for writer in self._writers:
            writer.tick()

    def flush(self) -> None:
        """Write everything received."""
        if not self._header_is_written:
            self._write_header()
        bodies, self._bodies = self._bodies, {}
        for (kind, stream), rows in bodies.items():
            is_live = kind not in {wire_format.HISTORY, wire_format.RELEASED}
            try:
                writer = self._inputs if is_live else self._history_writer()
            except ConfigError as error:
                # Its recording cannot be begun on a full disk: the node's session goes on.
                self._inputs.add_dropped(len(rows), str(error))
                continue
            write_inputs(writer, kind, self._streams[stream], rows)
        for writer in self._writers:
            writer.flush()
        # After the inputs, so that a decision is rarely written without its cause.
        if self._last_number != self._reported_through:
            self._reported_through = self._last_number
            self._lines.append(json.dumps({"through": self._reported_through}).encode())
        self._lines.flush()

    def close(self, **totals: int) -> None:
        """Write everything, make the catalog's files, and close them."""
        self._miss(self._header.get("published", 0) + 1)
        self.flush()
        for writer in self._writers:
            writer.close(**totals)
        self._lines.close()

    def _history_writer(self) -> RecordingWriter:
        """Return the writer of the history before the first live record."""
        if self._history is None:
            name = f"{self._inputs.name}{HISTORY_SUFFIX}"
            self._history = RecordingWriter(
                self._folder, source=self._source, name=name, flush_s=FLUSH_S
            )
        return self._history

    def _take(self, kind: int, stream: int, body: bytes) -> None:
        (number,) = _NUMBER.unpack_from(body)
        self._miss(number)
        self._last_number = number
        self._bodies.setdefault((kind, stream), []).append(body)

    def _miss(self, next_number: int) -> None:
        """Count the inputs that the node could not hand over before this one."""
        if (count := next_number - self._last_number - 1) > 0:
            self._never_came += count
            self._inputs.add_dropped(count, "the node could not hand them over")

    def _write_header(self) -> None:
        path = self._folder / SESSION_FILE
        temporary = path.with_suffix(".new")
        try:
            fd = os.open(temporary, _HEADER_FLAGS, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(self._header, file, indent=1)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        except OSError as error:
            self._header_problem = f"{path} cannot be written: {error}"
        else:
            self._header_problem = ""
            self._header_is_written = True
