"""The service's log: written by a thread, to standard error or to a file that is kept small."""

from __future__ import annotations

import atexit
import logging
import os
import queue
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.json_lines import json_line
from adapters.process.safe_files import UnusableFileError, open_private
from dolphin_strategies.errors import ConfigError, printable

if TYPE_CHECKING:
    from io import TextIOWrapper

log: Final = logging.getLogger("exf")

LOG_BYTES: Final = 1_000_000
LOGS_KEPT: Final = 3
LINES_WAITING: Final = 10_000
"""Further lines are dropped: a full disk or a blocked terminal must not stop the polls."""


_listeners: Final[list[QueueListener]] = []


def end_log() -> None:
    """Write the lines that wait: for a process that ends without Python's own end."""
    while _listeners:
        listener = _listeners.pop()
        atexit.unregister(listener.stop)
        listener.stop()


class OneLineFormatter(logging.Formatter):
    """Makes one line of a message that a terminal or a reader of the log cannot mistake."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        record.message = printable(record.message.replace("\n", "\\n"))
        return super().formatMessage(record)


class JsonFormatter(logging.Formatter):
    """Makes an object of a message, as the other programs do with ``--log-json``."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return json_line("run_exf.py", record.levelname.lower(), text)


class PrivateLogHandler(RotatingFileHandler):
    """Writes files that only their owner may read, and follows no link."""

    def _open(self) -> TextIOWrapper:
        return os.fdopen(
            open_private(Path(self.baseFilename), appends=True), "a", encoding="utf-8"
        )


def log_to(path: Path | None, *, as_json: bool = False) -> None:
    """Send the log to a file, or to standard error, as text or JSON; to be called once.

    Raises
    ------
    ConfigError
        If the file cannot be written.

    """
    handler: logging.Handler
    if path is None:
        handler = logging.StreamHandler()
    else:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handler = PrivateLogHandler(path, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT)
        except (OSError, UnusableFileError) as error:
            msg = f"--log: {error}"
            raise ConfigError(msg) from None
    text = OneLineFormatter("%(asctime)s %(levelname)-7s %(message)s")
    handler.setFormatter(JsonFormatter() if as_json else text)
    lines: queue.Queue[logging.LogRecord] = queue.Queue(maxsize=LINES_WAITING)
    listener = QueueListener(lines, handler)
    listener.start()
    atexit.register(listener.stop)
    _listeners.append(listener)
    logging.raiseExceptions = False
    log.addHandler(QueueHandler(lines))
    log.setLevel(logging.INFO)
    log.propagate = False
