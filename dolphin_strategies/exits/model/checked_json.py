"""Checked JSON: values of a document from outside, each with its place, type and range."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final, NoReturn

from dolphin_strategies import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

LONGEST_NAME: Final = 200
"""Characters of a name."""


def parse_json(text: str | bytes, most_bytes: int) -> Any:
    """Parse a document; keys that stand twice, NaN and infinite numbers are refused.

    Raises
    ------
    ConfigError
        If it is too large, or no such document.

    """
    if len(text) > most_bytes:
        msg = f"expected at most {most_bytes:,} bytes, found {len(text):,}"
        raise ConfigError(msg)
    try:
        return json.loads(
            text,
            object_pairs_hook=_once_each,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_short,
        )
    except (ValueError, RecursionError) as error:
        msg = f"expected a JSON document, found {type(error).__name__}: {error!s:.200}"
        raise ConfigError(msg) from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "a key stands twice in one object"
        raise ValueError(msg)
    return found


def _no_number(text: str) -> NoReturn:
    msg = f"{text} is no number"
    raise ValueError(msg)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        msg = f"{text:.40} is no finite number"
        raise ValueError(msg)
    return value


def _short(text: str) -> int:
    if len(text) > 20:
        msg = f"{text:.40} is out of range"
        raise ValueError(msg)
    return int(text)


def refuse(where: str, expected: str, found: Any) -> NoReturn:
    """Refuse a value.

    Raises
    ------
    ConfigError
        Always.

    """
    msg = f"{where}: expected {expected}, found {found!r:.80}"
    raise ConfigError(msg)


def table(value: Any, where: str, keys: Collection[str]) -> dict[str, Any]:
    """Return an object that has exactly these keys.

    Raises
    ------
    ConfigError
        If it is none, or a key is missing or unknown.

    """
    if not isinstance(value, dict):
        refuse(where, "an object", value)
    for key in keys:
        if key not in value:
            refuse(where, f"the key {key!r}", sorted(value))
    for key in value:
        if key not in keys:
            refuse(where, f"only the keys {', '.join(sorted(keys))}", key)
    return value


def entries[T](value: Any, where: str, most: int, each: Callable[[Any, str], T]) -> dict[str, T]:
    """Return an object with any names as keys, of a bounded number.

    Raises
    ------
    ConfigError
        If it is none, too large, or a name or a value cannot be used.

    """
    if not isinstance(value, dict) or len(value) > most:
        refuse(where, f"an object with at most {most:,} entries", value)
    return {name(key, where): each(v, f"{where}.{key:.80}") for key, v in value.items()}


def items[T](value: Any, where: str, most: int, each: Callable[[Any, str], T]) -> tuple[T, ...]:
    """Return a list of a bounded length.

    Raises
    ------
    ConfigError
        If it is none, too long, or a value cannot be used.

    """
    if not isinstance(value, list) or len(value) > most:
        refuse(where, f"a list of at most {most:,}", value)
    return tuple(each(v, f"{where}[{i}]") for i, v in enumerate(value))


def number(value: Any, where: str, low: float, high: float) -> float:
    """Return a number from ``low`` to ``high``.

    Raises
    ------
    ConfigError
        If it is none.

    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        refuse(where, f"a number from {low:g} to {high:g}", value)
    return float(value)


def whole(value: Any, where: str, low: int, high: int) -> int:
    """Return a whole number from ``low`` to ``high``.

    Raises
    ------
    ConfigError
        If it is none.

    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        refuse(where, f"a whole number from {low:,} to {high:,}", value)
    return value


def name(value: Any, where: str) -> str:
    """Return a printable name that is not too long.

    Raises
    ------
    ConfigError
        If it is none.

    """
    is_name = isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()
    if not is_name:
        refuse(where, f"a printable name of at most {LONGEST_NAME} characters", value)
    return str(value)
