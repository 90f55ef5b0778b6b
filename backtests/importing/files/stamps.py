"""The stamp column of a file as instants; an ambiguous stamp is an error with file and row."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adapters.command.instants import FIRST_NS, LAST_NS, show_instant
from backtests.importing.files.columns import numbers, without_empty
from backtests.importing.spec.local_times import from_local, zone_of
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from backtests.importing.files.tables import Table
    from backtests.importing.spec.file_spec import FileSpec, StampSpec

_UNITS_NS: Final = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_LIKELY_NS: Final = (
    int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000,
    int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000,
)


@dataclass(frozen=True, kw_only=True)
class Stamps:
    """The stamps of a file's rows.

    Attributes
    ----------
    ns : int64 array of shape (rows,)
        UNIX nanoseconds.
    zone : tzinfo
        The time zone whose calendar days are used.
    ambiguous : int
        The number of local times that occurred twice; the later instant was used.

    """

    ns: NDArray[np.int64]
    zone: tzinfo
    ambiguous: int = 0


def stamps_of(table: Table, spec: FileSpec, source: StampSpec) -> Stamps:
    """Return the instants of a column of stamps.

    Parameters
    ----------
    table : Table
        The rows.
    spec : FileSpec
        The time zone, and what local times that occurred twice are.
    source : StampSpec
        The column, its unit or its format.

    Raises
    ------
    ConfigError
        If a stamp is absent or cannot be read, a unit or time zone is missing, or a local time
        never occurred or occurred twice.

    """
    name, column = source.column, table.columns[source.column]
    if pa.types.is_string(column.type):
        column = without_empty(column)
    if column.null_count:
        empty = np.asarray(pc.is_null(column))
        raise table.wrong(name, int(np.argmax(empty)), "a stamp")
    kind = column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    is_text = pa.types.is_string(kind)
    if is_number and not source.unit:
        sample = column[0].as_py()
        msg = (
            f"{table.name}: stamp column {name!r} has numbers: write {source.unit_key} = s, ms, "
            f"us or ns{_likely_unit(sample, source.unit_key)}"
        )
        raise ConfigError(msg)
    if source.unit and not (is_number or is_text):
        msg = f"{table.name}: {source.unit_key} is for numbers; stamp column {name!r} holds {kind}"
        raise ConfigError(msg)
    zone = zone_of(spec.timezone) if spec.timezone else UTC
    if source.unit:
        found = _from_numbers(table, name, column, source.unit)
        return Stamps(ns=_checked(table, name, found), zone=zone)
    if is_text:
        column = _from_text(table, column, source)
    elif pa.types.is_date(kind):
        column = column.cast(pa.timestamp("s"))
    elif not pa.types.is_timestamp(kind):
        msg = f"{table.name}: stamp column {name!r}: expected stamps, found {kind}"
        raise ConfigError(msg)
    try:
        ns = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid as error:
        msg = f"{table.name}: stamp column {name!r}: {error}"
        raise ConfigError(msg) from None
    if column.type.tz:
        return Stamps(ns=_checked(table, name, ns), zone=zone)
    if not spec.timezone:
        msg = (
            f"{table.name}: stamp column {name!r} states no offset from UTC "
            f"({table.place(0)}: {table.columns[name][0].as_py()!s}): write timezone, such as "
            'timezone = "UTC" or "America/New_York"'
        )
        raise ConfigError(msg)
    local = from_local(ns, zone)
    if local.nonexistent.any():
        raise _clock_error(table, name, zone, local.nonexistent, "which no clock there showed")
    if local.ambiguous.any() and spec.ambiguous == "refuse":
        raise _clock_error(
            table,
            name,
            zone,
            local.ambiguous,
            'which clocks there showed twice; write ambiguous = "later" to take the later one, '
            "which is never too early",
        )
    return Stamps(
        ns=_checked(table, name, local.later), zone=zone, ambiguous=int(local.ambiguous.sum())
    )


def _from_numbers(table: Table, name: str, column: Any, unit: str) -> NDArray[np.int64]:
    unit_ns = _UNITS_NS[unit]
    if pa.types.is_string(column.type):
        try:
            column = column.cast(pa.int64())
        except pa.ArrowInvalid:
            column = None
    if column is None or pa.types.is_floating(column.type):
        found = numbers(table, name)
        outside = ~(np.abs(found) <= LAST_NS / unit_ns)
        if not outside.any():
            whole = np.floor(found)
            return whole.astype(np.int64) * unit_ns + np.rint((found - whole) * unit_ns).astype(
                np.int64
            )
    else:
        exact: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
        outside = np.abs(exact) > LAST_NS // unit_ns
        if not outside.any():
            return exact * unit_ns
    at = int(np.argmax(outside))
    raise table.wrong(name, at, _a_stamp(table.columns[name][at].as_py(), unit))


def _checked(table: Table, name: str, ns: NDArray[np.int64]) -> NDArray[np.int64]:
    outside = (ns < FIRST_NS) | (ns > LAST_NS)
    if outside.any():
        at = int(np.argmax(outside))
        raise table.wrong(name, at, _a_stamp(table.columns[name][at].as_py(), ""))
    return ns


def _a_stamp(found: Any, unit: str) -> str:
    in_unit = f" in {unit}" if unit else ""
    return f"a stamp{in_unit} of the years 1971 to 2199{_likely_unit(found)}"


def _likely_unit(found: Any, key: str = "unit") -> str:
    try:
        number = float(found)
    except (TypeError, ValueError):
        return ""
    for unit, ns in _UNITS_NS.items():
        if _LIKELY_NS[0] <= number * ns < _LIKELY_NS[1]:
            return f' (with {key} = "{unit}" {found} is {show_instant(round(number * ns))})'
    return ""


def _from_text(table: Table, column: Any, source: StampSpec) -> Any:
    """Return text as timestamps: with a zone if it states offsets, without if it does not."""
    if source.text_format:
        return _by_format(table, source.column, column, source.text_format)
    for kind in (pa.timestamp("ns", "UTC"), pa.timestamp("ns")):
        try:
            return column.cast(kind)
        except pa.ArrowInvalid:
            continue
    # Some have an offset and some do not: report the first that differs from row 1.
    i = max(_stamps_before_a_bad_one(column, zone) for zone in ("UTC", None))
    hint = (
        _likely_unit(column[i].as_py(), source.unit_key)
        or f"; other formats need {source.format_key}"
    )
    raise table.wrong(
        source.column,
        i,
        f"an ISO 8601 stamp such as 2026-04-28T00:15:00Z, all with an offset or none{hint}",
    )


def _stamps_before_a_bad_one(column: Any, zone: str | None) -> int:
    def is_bad(length: int) -> bool:
        try:
            column[:length].cast(pa.timestamp("ns", zone))
        except pa.ArrowInvalid:
            return True
        return False

    return bisect_left(range(len(column) + 1), x=True, key=is_bad) - 1


def _by_format(table: Table, name: str, column: Any, stamp_format: str) -> Any:
    found = []
    for i, text in enumerate(column.to_pylist()):
        try:
            found.append(datetime.strptime(text, stamp_format))  # noqa: DTZ007 - may state none
        except ValueError:
            raise table.wrong(name, i, f"a stamp of format {stamp_format!r}") from None
    zone = "UTC" if found[0].tzinfo else None
    return pa.array(found, pa.timestamp("us", zone))


def _clock_error(
    table: Table, name: str, zone: tzinfo, rows: NDArray[np.bool_], what: str
) -> ConfigError:
    at = np.flatnonzero(rows)
    column = table.columns[name]
    shown = ", ".join(f"{column[int(i)].as_py()!s} ({table.place(int(i))})" for i in at[:3])
    return ConfigError(
        f"{table.name}: {len(at)} local times of {zone}, {what}; the first: {shown}"
    )
