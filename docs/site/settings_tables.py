"""The tables and keys of settings files, as the code reads them: name, type, default, meaning."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from adapters.command.durations import Duration
from adapters.command.field_rules import KEY_OF_TABLE, OTHER_KEYS, FieldType, field_types

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUIRED: Final = "required"
_TYPES: Final[dict[Any, str]] = {
    bool: "true or false",
    date: "date",
    Decimal: "number",
    Duration: 'duration such as `"15m"`',
    float: "number",
    int: "whole number",
    Path: "path",
    str: "text",
}
_SECTION: Final = re.compile(
    r"(?:Attributes|Parameters)\n-+\n(.*?)(?:\n\n\w+\n-+\n|\Z)", re.DOTALL
)
_ENTRY: Final = re.compile(r"^(?P<names>[a-z_]\w*(?:, [a-z_]\w*)*)(?: : .*)?$")


@dataclasses.dataclass(frozen=True)
class SettingsKey:
    """A key of a table.

    Attributes
    ----------
    name, kind, default, meaning : str
        As a page shows them; an empty ``meaning`` is one that nobody wrote.

    """

    name: str
    kind: str
    default: str
    meaning: str


@dataclasses.dataclass(frozen=True)
class SettingsTable:
    """A table of a settings file.

    Attributes
    ----------
    heading : str
        As TOML writes it, such as ``[node]``; empty for keys that are in no table.
    sentence : str
        What it configures.
    keys : tuple of SettingsKey
        In the order of the code.

    """

    heading: str
    sentence: str
    keys: tuple[SettingsKey, ...]


def tables_of(cls: type[Any], name: str = "", *, many: bool = False) -> Iterator[SettingsTable]:
    """Yield the table that a dataclass is read from, and each one in it.

    Parameters
    ----------
    cls : type
        A dataclass that :func:`adapters.command.settings_file.from_table` makes.
    name : str
        The dotted name of its table; empty: the file itself.
    many : bool
        Whether the file has an array of such tables.

    """
    meanings = meanings_of(cls)
    keys: list[SettingsKey] = []
    inner: list[tuple[type[Any], str, bool]] = []
    for field in dataclasses.fields(cls):
        kind = field_types(cls).get(field.name)
        if kind is None or kind.marker is KEY_OF_TABLE:
            continue
        key = kind.key or field.name
        found = _table_in(kind.plain)
        if found is not None and kind.marker is not OTHER_KEYS:
            table, suffix, is_many = found
            inner.append((table, f"{name}.{key}".strip(".") + suffix, is_many))
            continue
        shown = "any other key" if kind.marker is OTHER_KEYS else f"`{key}`"
        keys.append(
            SettingsKey(shown, _kind_of(kind), _default_of(field), meanings.get(field.name, ""))
        )
    heading = f"[[{name}]]" if many else f"[{name}]" if name else ""
    if keys:
        sentence = (inspect.getdoc(cls) or "").partition("\n\n")[0].replace("\n", " ")
        yield SettingsTable(heading, _plain(sentence), tuple(keys))
    for table, inner_name, is_many in inner:
        yield from tables_of(table, inner_name, many=is_many)


def meanings_of(cls: type[Any]) -> dict[str, str]:
    """Return what the docstrings of a dataclass and its bases say of each field."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        text = inspect.cleandoc(base.__dict__.get("__doc__") or "")
        for section in re.findall(
            r"(?:Attributes|Parameters)\n-+\n(.*?)(?:\n\n\w+\n-+\n|\Z)", text, re.DOTALL
        ):
            names: list[str] = []
            for line in section.splitlines():
                entry = _ENTRY.match(line)
                if entry:
                    names = entry["names"].split(", ")
                    found |= dict.fromkeys(names, "")
                else:
                    for name in names:
                        found[name] = f"{found[name]} {line.strip()}".strip()
    return {name: _plain(text) for name, text in found.items()}


def _plain(text: str) -> str:
    """Return a text of a docstring as Markdown in a cell of a table."""
    text = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text)
    text = text.replace("``", "`").replace("|", "\\|")
    # A file has no None: the key is left out.
    return re.sub(r"\bNone: ", "left out: ", text)


def _table_in(plain: Any) -> tuple[type[Any], str, bool] | None:
    """Return the dataclass of a nested table, what its name ends with, and if there are many."""
    if dataclasses.is_dataclass(plain) and isinstance(plain, type) and plain not in _TYPES:
        return None if _is_value(plain) else (plain, "", False)
    origin, arguments = typing.get_origin(plain), typing.get_args(plain)
    if not arguments or not isinstance(origin, type):
        return None
    is_mapping = issubclass(origin, Mapping)
    last = FieldType.of(arguments[-1 if is_mapping else 0]).plain
    if not dataclasses.is_dataclass(last) or not isinstance(last, type) or _is_value(last):
        return None
    if is_mapping:
        return last, ".NAME", False
    return (last, "", True) if issubclass(origin, Sequence) else None


def _is_value(cls: type[Any]) -> bool:
    return hasattr(cls, "from_str") or hasattr(cls, "from_setting")


def _kind_of(kind: FieldType) -> str:
    plain = kind.plain
    origin, arguments = typing.get_origin(plain), typing.get_args(plain)
    if origin is Literal:
        return " or ".join(f'`"{choice}"`' for choice in arguments)
    if kind.rule is not None:
        return f"{_name_of(plain)}: {kind.rule.expected}".replace("|", "\\|")
    return _name_of(plain)


def _name_of(plain: Any) -> str:
    plain = FieldType.of(plain).plain
    origin, arguments = typing.get_origin(plain), typing.get_args(plain)
    if plain in _TYPES:
        return _TYPES[plain]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "table"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"list of {_name_of(arguments[0])}"
    if plain is Any:
        return "see its meaning"
    return f"`{getattr(plain, '__name__', plain)}`"


def _default_of(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    elif field.default is not dataclasses.MISSING:
        value = field.default
    else:
        return REQUIRED
    if value is None or value in ("", [], (), {}, Path()):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float | Decimal):
        return f"`{value}`"
    if isinstance(value, list | tuple):
        return "`[" + ", ".join(f'"{one}"' for one in value) + "]`"
    return f'`"{value}"`'
