"""The option ``--tail``: where in which recording a node begins to read."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Final

from adapters.catalog.tailing.recorded.tail_start import TailStart
from adapters.command.instants import Instant, show_instant
from dolphin_strategies.errors import ConfigError

BEGIN: Final = "begin"
NEWEST: Final = "newest"
_RECORD: Final = re.compile(r"(?:([0-9a-f]{16}):)?([0-9]{1,18})")
_EXPECTED: Final = (
    "expected CATALOG, CATALOG@begin, CATALOG@newest, CATALOG@SEQUENCE, CATALOG@STREAM:SEQUENCE "
    "or CATALOG@INSTANT, such as recordings@2026-04-28T00:00:00Z"
)


def read_tail(text: str) -> TailStart:
    """Return the start that a text describes.

    Parameters
    ----------
    text : str
        ``CATALOG[@begin | @newest | @SEQUENCE | @STREAM:SEQUENCE | @INSTANT]``: a stream is
        16 hexadecimal digits, an instant ISO 8601 with its offset from UTC. A folder whose
        own name has an ``@`` is taken whole if it exists.

    Raises
    ------
    ConfigError
        If it is none of these, or an instant in the future.

    """
    folder, at, place = text.rpartition("@")
    if not at or Path(text).is_dir():
        folder, place = text, BEGIN
    if not folder:
        msg = f"tail: {_EXPECTED}; found {text!r}"
        raise ConfigError(msg)
    catalog = Path(folder)
    if place in {BEGIN, NEWEST}:
        return TailStart(catalog=catalog, is_newest=place == NEWEST)
    if (found := _RECORD.fullmatch(place)) is not None:
        sequence = int(found[2])
        if not sequence:
            msg = "tail: sequences begin with 1, found 0; to begin with the first: @begin"
            raise ConfigError(msg)
        return TailStart(catalog=catalog, sequence=sequence, stream_id=int(found[1] or "0", 16))
    try:
        instant_ns = int(Instant.from_str(place))
    except ValueError:
        msg = f"tail: {_EXPECTED}; found {text!r}"
        raise ConfigError(msg) from None
    if instant_ns > time.time_ns():
        msg = f"tail: expected an instant that has passed, found {show_instant(instant_ns)}"
        raise ConfigError(msg)
    return TailStart(catalog=catalog, instant_ns=instant_ns)
