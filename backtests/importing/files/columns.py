"""Columns of a file as numbers or booleans; a value that does not fit is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.importing.files.tables import Table

EMPTY: Final = ("", "nan", "null", "none", "na", "n/a")
"""Texts that mean: no value."""
_TRUE: Final = ("true", "1", "buy", "b", "bid")
_FALSE: Final = ("false", "0", "sell", "s", "ask")


def numbers(table: Table, name: str) -> NDArray[np.float64]:
    """Return a column as numbers.

    Returns
    -------
    float64 array of shape (rows,)
        NaN where there is no value.

    Raises
    ------
    ConfigError
        If a value is neither a number nor empty.

    """
    column = table.columns[name]
    if pa.types.is_string(column.type):
        column = without_empty(column)
    elif not (
        pa.types.is_integer(column.type)
        or pa.types.is_floating(column.type)
        or pa.types.is_decimal(column.type)
        or pa.types.is_null(column.type)
    ):
        msg = f"{table.name}: column {name!r}: expected numbers, found {column.type}"
        raise ConfigError(msg)
    try:
        found = column.cast(pa.float64(), safe=False)
    except pa.ArrowInvalid:
        raise table.wrong(name, _first_that_is_no(float, column), "a number") from None
    values: NDArray[np.float64] = found.to_numpy(zero_copy_only=False)
    return values


def booleans(table: Table, name: str, meaning: str) -> NDArray[np.bool_]:
    """Return a column of true and false, 1 and 0, or buy and sell.

    Parameters
    ----------
    table : Table
        The rows.
    name : str
        The column.
    meaning : str
        The expected values, for the message.

    Returns
    -------
    bool array of shape (rows,)

    Raises
    ------
    ConfigError
        If a value is none of these.

    """
    column = table.columns[name]
    text = pc.utf8_lower(pc.utf8_trim_whitespace(column.cast(pa.string())))
    is_true = pc.fill_null(pc.is_in(text, pa.array(_TRUE)), fill_value=False)
    is_false = pc.fill_null(pc.is_in(text, pa.array(_FALSE)), fill_value=False)
    known = np.asarray(pc.or_(is_true, is_false))
    if not known.all():
        raise table.wrong(name, int(np.argmin(known)), meaning)
    return np.asarray(is_true)


def without_empty(column: Any) -> Any:
    """Return a column of text, trimmed, with null where a text means: no value."""
    column = pc.utf8_trim_whitespace(column)
    is_empty = pc.is_in(pc.utf8_lower(column), pa.array(EMPTY))
    return pc.if_else(is_empty, pa.scalar(None, pa.string()), column)


def _first_that_is_no(kind: Any, column: Any) -> int:
    for i, value in enumerate(column.to_pylist()):
        try:
            if value is not None:
                kind(value.replace("_", "?"))
        except ValueError:
            return i
    return 0
