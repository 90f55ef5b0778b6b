"""TOML tables: read from a file and turned into frozen dataclasses, unknown keys refused."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal

from dolphin_strategies.errors import ConfigError, did_you_mean


def read_tables(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    ConfigError
        If it cannot be read or is not TOML.

    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path}: {error.strerror}; expected the path of a TOML file"
        raise ConfigError(msg) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path} is not TOML: {error}"
        raise ConfigError(msg) from None


def from_table[T](cls: type[T], values: dict[str, Any], where: str) -> T:
    """Make a dataclass from TOML values, converting each to its field's type.

    Raises
    ------
    ConfigError
        If a key is unknown, with the nearest name, or a value does not fit.

    """
    hints = typing.get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
    for key in values:
        if key not in names:
            msg = f"{where}: unknown key {key!r}{did_you_mean(key, names)}"
            raise ConfigError(msg)
    try:
        return cls(**{k: convert(hints[k], v, f"{where} {k}") for k, v in values.items()})
    except (TypeError, ValueError) as error:
        msg = f"{where}: {error}"
        raise ConfigError(msg) from None


def convert(hint: Any, value: Any, where: str) -> Any:
    """Convert a TOML value to the type that a field declares.

    Raises
    ------
    ConfigError
        If it does not fit.

    """
    if isinstance(hint, typing.TypeAliasType):
        hint = hint.__value__
    choices = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin is Literal:
        if value not in choices:
            msg = f"{where}: expected {' or '.join(map(repr, choices))}, found {value!r}"
            raise ConfigError(msg)
        return value
    if origin in {typing.Union, types.UnionType}:
        inner = next(c for c in choices if c is not type(None))
        return convert(inner, value, where)
    wrong = ConfigError(f"{where}: expected {_name_of(hint)}, found {value!r}")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float and is_number:
        return float(value)
    if hint is Decimal and (is_number or isinstance(value, str)):
        try:
            return Decimal(str(value))
        except InvalidOperation:
            raise wrong from None
    if hint is Path and isinstance(value, str):
        return Path(value).expanduser()
    if hint is bool and not isinstance(value, bool):
        raise wrong
    if hint is int and not (is_number and isinstance(value, int)):
        raise wrong
    from_str = getattr(hint, "from_str", None)
    if from_str is not None and isinstance(value, str):
        try:
            return from_str(value)
        except ValueError as error:
            msg = f"{where}: {error}"
            raise ConfigError(msg) from None
    plain = origin or hint
    if isinstance(plain, type) and not isinstance(value, plain):
        raise wrong
    return value


def _name_of(hint: Any) -> str:
    return getattr(hint, "__name__", str(hint))
