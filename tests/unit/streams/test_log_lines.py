"""LogLines: the lines of a file that is written as Nautilus writes its log."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from adapters.process.run_folder import RunFolder
from adapters.streams.joining.log_lines import READ_BYTES, SHOWN, LogLine, LogLines

if TYPE_CHECKING:
    from collections.abc import Iterator


def line(level: str, component: str, message: str) -> bytes:
    """Return a line as NautilusTrader 2.0.0rc7 writes it."""
    stamp = {"timestamp": "2026-11-28T15:00:35.663314817Z", "trader_id": "X-001"}
    fields = {"level": level, "color": "RED", "component": component, "message": message}
    return json.dumps({**stamp, **fields}, separators=(",", ":")).encode() + b"\n"


class Log:
    """A log that is read, and what was taken of it."""

    def __init__(self, folder: RunFolder) -> None:
        self.taken: list[LogLine] = []
        self.lines = LogLines(folder.path, self.taken.append)
        self.path = folder.path / "warnings.jsonl"

    def write(self, text: bytes) -> None:
        """Append, as another thread does."""
        with self.path.open("ab") as file:
            file.write(text)


@pytest.fixture
def log() -> Iterator[Log]:
    """Give a log in a folder of its own."""
    with RunFolder() as folder:
        found = Log(folder)
        yield found
        found.lines.close()


def test_lines_come_once_and_whole(log: Log) -> None:
    """In their order, whatever part of a line is there at a look."""
    assert log.path.stat().st_mode & 0o777 == 0o600
    text = line("ERROR", "nautilus_okx::data", 'no "x"') + line("WARN", "RiskEngine", "late")
    for at in range(len(text)):
        log.write(text[at : at + 1])
        log.lines.look()
    log.lines.look()
    assert log.taken == [
        LogLine(is_error=True, component="nautilus_okx::data", message='no "x"'),
        LogLine(is_error=False, component="RiskEngine", message="late"),
    ]


def test_a_line_of_any_length_is_one_line(log: Log) -> None:
    """A client puts the message that it could not read into its line."""
    log.write(line("ERROR", "nautilus_bybit::data", "x" * 3 * READ_BYTES))
    log.write(line("WARN", "RiskEngine", "late"))
    for _ in range(6):
        log.lines.look()
    assert [(found.component, len(found.message)) for found in log.taken] == [
        ("nautilus_bybit::data", SHOWN),
        ("RiskEngine", 4),
    ]


def test_a_line_of_another_form_counts_as_an_error(log: Log) -> None:
    """Another release of Nautilus must not make errors disappear."""
    log.write(b"something else\n")
    log.lines.look()
    assert log.taken == [LogLine(is_error=True, component="", message="something else")]


def test_what_was_read_takes_no_memory(log: Log) -> None:
    """Twenty megabytes went through the file; what is left of them is less than a look."""
    text = line("ERROR", "nautilus_okx::data", "y" * 1_000) * 200
    for _ in range(100):
        log.write(text)
        log.lines.look()
    assert len(log.taken) == 20_000
    found = os.stat(log.path)  # noqa: PTH116 - for its blocks
    assert found.st_size > 20_000_000
    assert found.st_blocks * 512 < READ_BYTES
