"""The journal of a recording: one JSON object a line, only ever appended."""

from __future__ import annotations

import json
import os
import re
import zlib
from operator import itemgetter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

LOOKS_AHEAD: Final = "LOOK-AHEAD in "
"""Stands in a recording's source before the factors that nobody knew at their instants."""
_CHECKSUM: Final = b', "crc32": "%08x"}'
"""The end of each line: CRC-32 of the line without it, so that a flipped digit is seen."""
_MOST: Final = 2**64 - 1
_LAST_NS: Final = 2**63 - 1
_HEX64: Final = re.compile(r"[0-9a-f]{1,16}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class Journal:
    """Appends to a journal; its owner holds the recording's lock.

    A line is in the file whole or not at all: a line torn by a kill is cut off when the
    journal is opened, and one torn by a full disk at once.

    Raises
    ------
    OSError
        If the file cannot be opened.

    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, _FLAGS, 0o600)
        text = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
        os.ftruncate(self._fd, text.rfind(b"\n") + 1)
        self._keys = {(e["event"], e.get("key")) for e in read_journal(path)}

    def append(self, event: str, /, *, is_durable: bool = True, **data: Any) -> None:
        """Write a line.

        Parameters
        ----------
        event : str
            The event of the line.
        is_durable : bool
            Whether to sync the file, so that the line survives a loss of power.
        **data
            The other members of the line.

        Raises
        ------
        OSError
            If the line cannot be written; the journal is then as before.

        """
        line = _line_of({"event": event, **data}) + b"\n"
        size = os.fstat(self._fd).st_size
        try:
            write_all(self._fd, line)
            if is_durable:
                os.fsync(self._fd)
        except BaseException:  # a Ctrl-C may also leave half a line
            os.ftruncate(self._fd, size)
            raise

    def append_once(self, event: str, key: str, /, **data: Any) -> None:
        """Write a line unless the journal has one with this event and key.

        Parameters
        ----------
        event : str
            The event of the line.
        key : str
            Identifies the line among those of the event.
        **data
            The other members of the line.

        Raises
        ------
        OSError
            As :meth:`append`.

        """
        if (event, key) not in self._keys:
            self.append(event, key=key, **data)
            self._keys.add((event, key))

    def close(self) -> None:
        """Close the file; safe to call again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Return a journal's events; a missing file has none.

    Torn or damaged lines, lines that nothing of ours has written, and withdrawn gaps are left out.
    """
    return _without_withdrawn([e for e in _parsed(path) if e is not None])


def damaged_lines(path: Path) -> int:
    """Return how many whole lines of a journal differ from what was written, or are not ours."""
    return _parsed(path).count(None)


def _parsed(path: Path) -> list[dict[str, Any] | None]:
    if path.exists() and not path.is_file():
        return [None]  # a FIFO, which would be waited for
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [_event_of(line) for line in lines[:-1]]


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MOST


def _is_instant(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LAST_NS


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _HEX64.fullmatch(value) is not None


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _is_below(value: object) -> bool:
    """Whether it is a path that leads nowhere but down."""
    return (
        isinstance(value, str)
        and bool(value)
        and "\0" not in value
        and not {"..", "/"} & set(PurePosixPath(value).parts)
    )


def _is_file(value: object) -> bool:
    return _is_below(value) and str(value).startswith("data/")


def _are_names(value: object) -> bool:
    try:
        return isinstance(value, list) and bool(FactorSchema(value))
    except (ValueError, TypeError):
        return False


type _Checks = dict[str, Callable[[object], bool]]

_GAP: Final[_Checks] = {"stream_id": _is_id, "after_sequence": _is_count, "lost": _is_count}
_REQUIRED: Final[dict[str, _Checks]] = {
    "file": {
        "path": _is_file,
        "part": _is_count,
        "bytes": _is_count,
        "sha256": _is_sha256,
        "rows": _is_count,
        "first_ns": _is_instant,
        "last_ns": _is_instant,
    },
    "placing": {
        "part": _is_count,
        "folder": _is_below,
        "bytes": _is_count,
        "sha256": _is_sha256,
    },
    "schema": {"key": _is_id, "names": _are_names},
    "gap": _GAP,
    "gap_withdrawn": _GAP,
    "dropped": {"count": _is_count},
    "quarantine": {"path": _is_below},
}
"""What each event must have; events of other kinds are their readers' affair."""
_OPTIONAL: Final[dict[str, _Checks]] = {
    "file": {"schema": _is_id, "last_sequence": _is_count, "footer_crc32": _is_count},
    "dropped": {"last_sequence": _is_count},
    "end": {"recorded": _is_count},
}
_TOGETHER: Final = ("schema", "stream_id")


def _line_of(event: dict[str, Any]) -> bytes:
    """Return the line of an event, without its end."""
    return _with_checksum(json.dumps(event).encode())


def _event_of(line: bytes) -> dict[str, Any] | None:
    """Return the event of a line; None if it is none, or not as the project writes it.

    A checksum tells damage, and nothing of who wrote it: a path that leads out of the catalog, a
    count below 0 or text in its place make the line a damaged one.
    """
    body = line[: -len(_CHECKSUM % 0)] + b"}"
    if _with_checksum(body) != line:
        return None
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and _is_known(event) else None


def _is_known(event: dict[str, Any]) -> bool:
    kind = event.get("event")
    if not isinstance(kind, str) or not isinstance(event.get("key", ""), str):
        return False
    required, optional = _REQUIRED.get(kind, {}), _OPTIONAL.get(kind, {})
    return (
        all(name in event and holds(event[name]) for name, holds in required.items())
        and all(name not in event or holds(event[name]) for name, holds in optional.items())
        and (kind != "file" or len({name in event for name in _TOGETHER}) == 1)
        and ("stream_id" not in event or _is_id(event["stream_id"]))
    )


def _with_checksum(body: bytes) -> bytes:
    return body[:-1] + _CHECKSUM % zlib.crc32(body)


def last_sequences(events: Iterable[dict[str, Any]]) -> dict[int, int]:
    """Return for each stream the last sequence that a recording has accounted for.

    A record is accounted for if it was recorded, reported lost, or dropped; a recorder continues
    after it.
    """
    last: dict[int, int] = {}
    for event in events:
        if "stream_id" in event:
            stream_id = int(event["stream_id"], 16)
            if event["event"] == "gap":
                sequence = event["after_sequence"] + event["lost"]
            else:
                sequence = event.get("last_sequence", 0)
            last[stream_id] = max(sequence, last.get(stream_id, 0))
    return last


def unreached_gaps(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the gaps that come after records which were not recorded because of a kill.

    A gap's line is written before the records on both sides of it. A recorder that continues the
    stream finds the gap again, so that it counts only once it was reached.
    """
    events = list(events)
    reached = last_sequences(e for e in events if e["event"] != "gap")
    unreached = []
    gaps = [e for e in events if e["event"] == "gap"]
    for gap in sorted(gaps, key=itemgetter("after_sequence")):
        stream_id, after = int(gap["stream_id"], 16), gap["after_sequence"]
        if after > reached.get(stream_id, 0):
            unreached.append(gap)
        else:
            reached[stream_id] = max(reached.get(stream_id, 0), after + gap["lost"])
    return unreached


def _without_withdrawn(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    left: list[dict[str, Any]] = []
    for event in events:
        if event["event"] == "gap_withdrawn":
            gap = {**event, "event": "gap"}
            if gap in left:
                left.remove(gap)
        else:
            left.append(event)
    return left


def write_all(fd: int, content: bytes | memoryview) -> None:
    """Write everything to a descriptor.

    Raises
    ------
    OSError
        If not everything could be written; a part may be in the file.

    """
    left = memoryview(content).cast("B")
    while left:
        left = left[os.write(fd, left) :]
