"""Saved answers of an endpoint: one, several in an array, or their rows joined in one array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from adapters.exchanges.rest_venue import BadBodyError
from backtests.importing.backfilling.archives.real_file import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.exchanges.venues.histories.history import HistoryRow
    from backtests.importing.backfilling.archives.archive_file import Archive
    from backtests.importing.backfilling.archives.csv_blocks import Sample

MOST_BYTES: Final = 256 << 20
"""The largest text; a year of a value a minute has an eighth of it."""
_BEGINNINGS: Final = (b"{", b"[")


def is_json(sample: Sample) -> bool:
    """Return whether a sample begins as JSON does."""
    return sample.text.lstrip()[:1] in _BEGINNINGS


def body_of(archive: Archive) -> Any:
    """Return the parsed text of an archive.

    Raises
    ------
    ArchiveError
        If it is no JSON, or too large.

    """
    text = archive.whole(MOST_BYTES)
    try:
        return orjson.loads(text.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        msg = f"is no JSON: {error}"
        raise ArchiveError(msg) from None


def rows_of(
    body: Any, read: Callable[[Any], list[HistoryRow]], wrap: Callable[[Any], Any]
) -> list[HistoryRow]:
    """Return the rows of an answer, of an array of answers, or of an array of rows.

    Parameters
    ----------
    body : object
        Parsed JSON.
    read : callable
        Converts one answer.
    wrap : callable
        Makes an answer of an array of rows.

    Raises
    ------
    ArchiveError
        If it is none of these.

    """
    try:
        return [row for answer in _answers(body, wrap) for row in read(answer)]
    except BadBodyError as error:
        msg = f"is no answer that was expected: {error}"
        raise ArchiveError(msg) from None


def _answers(body: Any, wrap: Callable[[Any], Any]) -> Iterator[Any]:
    if not isinstance(body, list):
        yield body
    elif body and all(isinstance(one, dict) and _is_answer(one) for one in body):
        yield from body
    else:
        yield wrap(body)


def _is_answer(one: dict[str, Any]) -> bool:
    return bool({"result", "data", "retCode", "code"} & set(one))
