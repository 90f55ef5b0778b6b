"""The option ``--tail``: where in which recording a node begins to read."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from adapters.catalog.tailing.recorded.tail_start import TailStart
from adapters.command.instants import Instant, show_instant
from adapters.shm import FactorReader
from adapters.shm.region.region_errors import RegionError
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
        16 hexadecimal digits, an instant ISO 8601, UTC unless it states an offset, or UNIX
        nanoseconds. A folder whose own name has an ``@`` is taken whole if it exists.

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


def check_recorded(start: TailStart, region: Path) -> None:
    """Refuse a start in a catalog that does not know the region, or the stream to begin in.

    Parameters
    ----------
    start : TailStart
        The catalog, and where to begin.
    region : Path
        The region that the tail goes on with.

    Raises
    ------
    ConfigError
        With what the catalog has instead, or why it cannot be read.

    """
    from adapters.catalog.reading.factor_catalog import FactorCatalog  # noqa: PLC0415 - slow to load

    try:
        recordings = FactorCatalog(start.catalog).recordings()
    except OSError as error:
        msg = (
            f"tail: {start.catalog} cannot be read: {error}; what a recorder writes is for its "
            "own user, see docs/catalog.md"
        )
        raise ConfigError(msg) from None
    ours = [r for r in recordings if r.source == str(region.absolute())]
    if not ours:
        found = {r.source or f"{r.name}, which does not say of what" for r in recordings}
        recorded = ", ".join(sorted(found)) or "nothing"
        msg = (
            f"tail: expected a recording of the region {region.absolute()} in {start.catalog}, "
            f"found {recorded}; see --region, or start record_factors.py"
        )
        raise ConfigError(msg)
    streams = dict.fromkeys(s for r in ours for s in r.stream_ids)
    with suppress(RegionError, OSError), FactorReader(region) as reader:
        streams[reader.stream_id] = None
    if start.stream_id and start.stream_id not in streams:
        newest = ", ".join(f"{s:016x}" for s in list(streams)[-3:]) or "none"
        msg = (
            f"tail: expected a stream of the region {region.absolute()}, found "
            f"{start.stream_id:016x}, which is neither recorded in {start.catalog} nor there now; "
            f"the newest are {newest}; or begin with an INSTANT"
        )
        raise ConfigError(msg)
