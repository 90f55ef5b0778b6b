"""A strategy's inputs and instruments, read back from a session."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from nautilus_trader import model as nautilus_model

from adapters.catalog.files.delivered_tables import rows_from_arrow
from adapters.catalog.files.market_tables import (
    DELIVERED_NS,
    DELIVERY_NUMBER,
    quotes_from_arrow,
    trades_from_arrow,
)
from adapters.session import wire_format
from adapters.session.session_files import SESSION_FILE
from adapters.session.session_tables import CHECKSUM
from dolphin_strategies.errors import ConfigError, DolphinError
from dolphin_strategies.factors.arrow import from_arrow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


class SessionError(DolphinError):
    """A folder has no session that can be replayed."""


class Input(NamedTuple):
    """One input of a strategy.

    Attributes
    ----------
    number, delivered_ns : int
        Its delivery number and time, UNIX nanoseconds.
    kind : int
        One of ``wire_format.FACTORS``, ``QUOTE``, ``TRADE``, ``FUNDING``,
        ``HISTORY``, ``RELEASED``.
    datum : ExternalFactors, QuoteTick, TradeTick or FundingRateUpdate
        With its original stamps.
    checksum : int
        CRC-32 of the bytes that the strategy received.
    ends_chunk : bool
        Whether it is the last record of a chunk of history; True for every other kind.

    """

    number: int
    delivered_ns: int
    kind: int
    datum: Any
    checksum: int
    ends_chunk: bool = True


def inputs_of(paths: list[Path]) -> Iterator[Input]:
    """Yield the inputs of one table, whose files are in order of time.

    Raises
    ------
    SessionError
        If a file is damaged.

    """
    for path in paths:
        try:
            table = pq.read_table(path)
            numbers = table.column(DELIVERY_NUMBER).to_numpy()
            # Within a file the order is that of ts_init.
            table = table.take(pa.array(numbers.argsort(kind="stable")))
            columns = (
                table.column(DELIVERY_NUMBER).to_pylist(),
                table.column(DELIVERED_NS).cast(pa.int64()).to_pylist(),
                table.column(CHECKSUM).to_pylist(),
            )
            kind, read = _KINDS[(table.schema.metadata or {})[b"type_name"]]
            data = read(table)
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            msg = f"{path} is damaged: {error}"
            raise SessionError(msg) from None
        for number, delivered_ns, checksum, datum in zip(*columns, data, strict=True):
            yield Input(number, delivered_ns, kind, datum, checksum)


def rows_in_time(paths: list[Path]) -> list[list[Path]]:
    """Return the files of one table in rows whose files follow each other in time.

    A table has a file open for each schema, so that the files of two that alternate overlap.

    Parameters
    ----------
    paths : list of Path
        Files whose names are their first and their last instant.

    """
    rows: list[list[Path]] = []
    for path in sorted(paths, key=lambda p: p.name):
        first = path.stem.partition("_")[0]
        row = next((r for r in rows if r[-1].stem.partition("_")[2] < first), None)
        if row is None:
            rows.append([path])
        else:
            row.append(path)
    return rows


def as_history(inputs: Iterator[Input], chunks: dict[int, int]) -> Iterator[Input]:
    """Mark the ends of the history's chunks, and the record released after the history.

    Parameters
    ----------
    inputs : iterator of Input
        The inputs in the recording of the history.
    chunks : dict of int to int
        How many records each chunk had, by the number of its last one.

    """
    past = {
        number for last, count in chunks.items() for number in range(last - count + 1, last + 1)
    }
    for item in inputs:
        is_past = item.number in past
        yield item._replace(
            kind=wire_format.HISTORY if is_past else wire_format.RELEASED,
            ends_chunk=not is_past or item.number in chunks,
        )


def instruments_of(header: Mapping[str, Any]) -> list[Any]:
    """Return the instruments of a session's header, as they were at its start.

    Raises
    ------
    SessionError
        If one is damaged.

    """
    return [_instrument(values) for values in header.get("instruments", [])]


def session_instruments(folder: Path) -> list[Any]:
    """Return the instruments of a session's file; none where there is no session.

    Raises
    ------
    ConfigError
        If the file is damaged.

    """
    path = folder / SESSION_FILE
    try:
        return instruments_of(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        msg = f"{path} is damaged: {error}"
        raise ConfigError(msg) from None


def _instrument(values: dict[str, Any]) -> Any:
    try:
        return getattr(nautilus_model, values["type"]).from_dict(values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = f"session.json: instrument {values.get('id')}: {error!r}"
        raise SessionError(msg) from None


_KINDS: Final[dict[bytes, tuple[int, Callable[[pa.Table], list[Any]]]]] = {
    b"ExternalFactors": (wire_format.FACTORS, lambda table: from_arrow(table).records()),
    b"QuoteTick": (wire_format.QUOTE, quotes_from_arrow),
    b"TradeTick": (wire_format.TRADE, trades_from_arrow),
    b"FundingRateUpdate": (wire_format.FUNDING, partial(rows_from_arrow, "funding_rates")),
}
