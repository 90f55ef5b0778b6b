"""Checking that a TOML table has the keys it must have, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Final = {str: "text", float: "a number", list: "an array", dict: "a table"}


def checked_table(
    table: Any,
    required: Mapping[str, type],
    where: str,
    optional: Mapping[str, type] | None = None,
) -> None:
    """Refuse a table with a key that is missing, unknown or of the wrong kind.

    Raises
    ------
    ConfigError
        With the key, and the nearest name for an unknown one.

    """
    if not isinstance(table, dict):
        msg = f"{where}: expected a table, found {table!r}"
        raise ConfigError(msg)
    kinds = {**required, **(optional or {})}
    for key in table:
        if key not in kinds:
            msg = f"{where}: unknown key {key!r}{did_you_mean(key, kinds)}"
            raise ConfigError(msg)
    for key, kind in kinds.items():
        if key not in table:
            if key in required:
                msg = f"{where}: the key {key!r} is missing"
                raise ConfigError(msg)
            continue
        found = table[key]
        fits = (
            isinstance(found, int | float) and not isinstance(found, bool)
            if kind is float
            else isinstance(found, kind)
        )
        if not fits:
            msg = f"{where}: {key}: expected {_NAMES[kind]}, found {found!r}"
            raise ConfigError(msg)
