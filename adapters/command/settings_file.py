"""TOML tables: read from a file and turned into frozen dataclasses, unknown keys refused."""

from __future__ import annotations

import dataclasses
import errno
import os
import select
import stat
import time
import tomllib
import typing
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from adapters.command.field_rules import KEY_OF_TABLE, OTHER_KEYS, FieldType, field_types
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MOST_BYTES: Final = 4 << 20
"""Of a file of settings."""
PIPE_S: Final = 60.0
"""How long the end of a pipe is waited for, seconds."""
_NUMBERS: Final = (int, float, Decimal)


def read_tables(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    ConfigError
        If it cannot be read, has more than ``MOST_BYTES``, or is not TOML.

    """
    try:
        content = _content_of(path)
    except OSError as error:
        msg = f"{path}: {error.strerror}; expected the path of a TOML file"
        raise ConfigError(msg) from None
    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        msg = f"{path} is not TOML: {error}"
        raise ConfigError(msg) from None


def _content_of(path: Path) -> bytes:
    """Return the content of a file, or of a pipe such as a shell's ``<(…)``; wait for no other."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        os.close(fd)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    content, deadline_s = b"", time.monotonic() + PIPE_S
    with os.fdopen(fd, "rb", buffering=0) as file:
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            msg = f"{path}: expected the path of a TOML file, found a device or a socket"
            raise ConfigError(msg)
        while (piece := file.read(MOST_BYTES + 1 - len(content))) != b"":
            if piece is not None:
                content += piece
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or (piece is None and not select.select([fd], [], [], left_s)[0]):
                msg = f"{path}: expected TOML, found a pipe without an end after {PIPE_S:g} s"
                raise ConfigError(msg)
            if len(content) > MOST_BYTES:
                msg = f"{path}: expected at most {MOST_BYTES:,} bytes of TOML, found more"
                raise ConfigError(msg)
    if not content and stat.S_ISFIFO(mode):
        msg = (
            f"{path}: expected TOML, found an empty pipe: its command has printed nothing, or it "
            "is a FIFO into which nobody writes"
        )
        raise ConfigError(msg)
    return content


def override[T: DataclassInstance](settings: T, **given: Any) -> T:
    """Return settings overridden by values of the command line; None leaves a field as it is.

    Raises
    ------
    ConfigError
        If a value cannot be used, or contradicts another.

    """
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        return dataclasses.replace(settings, **chosen)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def from_table[T](cls: type[T], table: Any, where: str, key: str = "") -> T:
    """Make a dataclass from a TOML table, converting each value to its field's type.

    A field that is a dataclass, or a dict or sequence of dataclasses, is made of nested tables.

    Parameters
    ----------
    cls : type
        The dataclass; :mod:`adapters.command.field_rules` describes its annotations.
    table : object
        The value in the file; refused if it is not a table.
    where : str
        File and table, for messages.
    key : str
        The key of the table, for a field marked with ``KEY_OF_TABLE``.

    Raises
    ------
    ConfigError
        With the place and the key, if a key is unknown (with the nearest name) or missing, or a
        value does not fit.

    """
    if not isinstance(table, dict):
        msg = f"{where}: expected a table, found {table!r:.80}"
        raise ConfigError(msg)
    fields = field_types(cls)
    names = {t.key or name: name for name, t in fields.items() if t.marker is not OTHER_KEYS}
    others: dict[str, Any] = {}
    values: dict[str, Any] = {n: others for n, t in fields.items() if t.marker is OTHER_KEYS}
    takes_others = bool(values)
    for toml_key, value in table.items():
        if toml_key in names:
            name = names[toml_key]
            values[name] = _convert(fields[name], value, f"{where}: {_label(toml_key, value)}")
        elif takes_others:
            others[toml_key] = value
        else:
            what = f"table [{toml_key}]" if isinstance(value, dict) else f"key {toml_key!r}"
            msg = f"{where}: unknown {what}{did_you_mean(toml_key, names)}"
            raise ConfigError(msg)
    missing: list[str] = []
    for f in dataclasses.fields(cls):  # type: ignore[arg-type]
        if f.name in values or f.name not in fields:
            continue
        field_type = fields[f.name]
        if field_type.marker is KEY_OF_TABLE:
            values[f.name] = key
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            rule = field_type.rule
            expected = "" if rule is None else f"; expected {rule.expected}"
            missing.append(f"{field_type.key or f.name} is missing{expected}")
    if missing:
        msg = f"{where}: {', '.join(missing)}"
        raise ConfigError(msg)
    try:
        return cls(**values)
    except (TypeError, ValueError, ConfigError) as error:
        msg = f"{where}: {error}"
        raise ConfigError(msg) from None


def _label(key: str, value: Any) -> str:
    """Return a key as TOML writes it: a table in brackets, an array of tables in double ones."""
    if isinstance(value, dict):
        return f"[{key}]"
    is_tables = isinstance(value, list) and value and isinstance(value[0], dict)
    return f"[[{key}]]" if is_tables else key


def _convert(field_type: FieldType, value: Any, where: str, key: str = "") -> Any:
    """Return a TOML value as the type that a field declares."""
    hint, rule = field_type.plain, field_type.rule
    if hint is Any:
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    from_str = getattr(hint, "from_str", None)
    is_table = dataclasses.is_dataclass(hint) and from_str is None
    if is_table and isinstance(value, dict):
        return from_table(typing.cast("type[Any]", hint), value, where, key)
    expected = "a table" if is_table else getattr(hint, "__name__", str(hint))
    if rule is not None and hint not in _NUMBERS:
        expected = rule.expected
    wrong = ConfigError(f"{where}: expected {expected}, found {value!r:.80}")
    if typing.get_origin(hint) is not None:
        return _convert_generic(field_type, value, where, wrong)
    if hint is float and is_number:
        try:
            return float(value)
        except OverflowError:
            raise wrong from None
    if hint is Decimal and (is_number or isinstance(value, str)):
        try:
            return Decimal(str(value))
        except InvalidOperation:
            raise wrong from None
    if hint is Path and isinstance(value, str):
        return Path(value).expanduser()
    if from_str is not None and isinstance(value, str | date):
        try:
            return from_str(value if isinstance(value, str) else value.isoformat())
        except ValueError as error:
            msg = f"{where}: {error}"
            raise ConfigError(msg) from None
    is_flag_for_number = hint is int and isinstance(value, bool)
    if isinstance(hint, type) and (is_flag_for_number or not isinstance(value, hint)):
        raise wrong
    return value


def _convert_generic(field_type: FieldType, value: Any, where: str, wrong: ConfigError) -> Any:
    """Return a TOML value as a choice, or as a sequence or dict of converted values."""
    hint = field_type.plain
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        if problem := field_type.problem(value):
            msg = f"{where}: {problem}"
            raise ConfigError(msg)
        return value
    inner = FieldType.of(arguments[-1] if origin is dict else arguments[0])
    if origin is dict and isinstance(value, dict):
        return {k: _convert(inner, v, f"{where} {k!r}", k) for k, v in value.items()}
    is_sequence = origin is list or (origin is tuple and arguments[1:] == (Ellipsis,))
    if is_sequence and dataclasses.is_dataclass(inner.plain):
        if not (isinstance(value, list) and all(isinstance(v, dict) for v in value)):
            msg = f"{where}: expected tables with double brackets, found {value!r:.80}"
            raise ConfigError(msg)
        first = next(iter(field_types(typing.cast("type[Any]", inner.plain))))
        places = [f"{where} {i} {v.get(first, '')!s:.80}".rstrip() for i, v in enumerate(value, 1)]
        return origin(_convert(inner, v, at) for v, at in zip(value, places, strict=True))
    if is_sequence and isinstance(value, list):
        return origin(_convert(inner, v, f"{where} {i}") for i, v in enumerate(value, 1))
    if not isinstance(value, origin):
        raise wrong
    return value
