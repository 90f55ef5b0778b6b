"""Rules for the values of settings' fields, written in the ``Annotated`` of their types."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Rule(NamedTuple):
    """A condition that a field's value meets.

    Attributes
    ----------
    expected : str
        What was expected, as an error states it.
    accepts : callable
        Whether a value of the field's type meets the condition.

    """

    expected: str
    accepts: Callable[[Any], bool]


def at_least(low: float) -> Rule:
    """Return the rule for a finite number from ``low`` on."""
    return Rule(f"at least {low}" if low else "0 or more", lambda n: low <= n < math.inf)


def between(low: float, high: float) -> Rule:
    """Return the rule for a number from ``low`` to ``high``, both included."""
    return Rule(f"{low} to {high}", lambda n: low <= n <= high)


def more_than(low: float, *, at_most: float = math.inf) -> Rule:
    """Return the rule for a finite number above ``low``."""
    if at_most == math.inf:
        return Rule(f"more than {low}", lambda n: low < n < math.inf)
    return Rule(f"more than {low} and at most {at_most}", lambda n: low < n <= at_most)


def is_range(limits: Any) -> bool:
    """Return whether a value is a list of two finite numbers, the lower one first."""
    is_pair = isinstance(limits, list) and len(limits) == 2
    if not is_pair or any(isinstance(n, bool) or not isinstance(n, int | float) for n in limits):
        return False
    return bool(-math.inf < limits[0] < limits[1] < math.inf)


type Fee = Annotated[
    Decimal, Rule("a fraction such as 0.0005, between -1 and 1", lambda fee: abs(fee) < 1)
]
"""A fraction of the notional; negative for a rebate."""


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0  # a port beyond 65535 is a ValueError
    except ValueError:
        return False
    is_plain = url.isprintable() and not any(mark in url for mark in " ?#")
    return not url or (parts.scheme in {"http", "https"} and has_host and is_plain)


type Address = Annotated[str, Rule("an address such as http://127.0.0.1:8080", _is_address)]
"""A URL of HTTP or HTTPS; empty: the exchange's own."""


class Key(NamedTuple):
    """The key of a field in its TOML table, if it differs from the field's name."""

    name: str


class Marker(NamedTuple):
    """The origin of a field's value, if not a key of its own."""

    text: str


KEY_OF_TABLE: Final = Marker("the key under which the table itself stands")
OTHER_KEYS: Final = Marker("a dict of every key that no other field has")


class FieldType(NamedTuple):
    """The parts of a field's declared type.

    Attributes
    ----------
    plain : type
        Without ``Annotated``, ``None`` and type aliases.
    rule : Rule, optional
        The rule that the value must meet.
    key : str
        The TOML key; empty: the field's name.
    marker : Marker, optional
        The origin of the value, if not a key.

    """

    plain: Any
    rule: Rule | None = None
    key: str = ""
    marker: Marker | None = None

    @classmethod
    def of(cls, hint: Any) -> FieldType:
        """Split a declared type into its parts."""
        if isinstance(hint, typing.TypeAliasType):
            return cls.of(hint.__value__)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in {typing.Union, types.UnionType}:
            return cls.of(next(a for a in arguments if a is not type(None)))
        if origin is not Annotated:
            return cls(hint)
        parts = cls.of(arguments[0])
        for note in arguments[1:]:
            if isinstance(note, Rule):
                parts = parts._replace(rule=note)
            elif isinstance(note, Key):
                parts = parts._replace(key=note.name)
            elif isinstance(note, Marker):
                parts = parts._replace(marker=note)
        return parts

    def problem(self, value: Any) -> str:
        """Return why a value of the right type breaks the rule or the choices, else ``""``."""
        if typing.get_origin(self.plain) is Literal:
            choices = typing.get_args(self.plain)
            expected = " or ".join(map(repr, choices))
            return "" if value in choices else f"expected {expected}, found {value!r}"
        if self.rule is None:
            return ""
        try:
            if self.rule.accepts(value):
                return ""
        except ArithmeticError:  # a Decimal that is NaN has no order
            pass
        found = f"{value!r:.80}" if isinstance(value, str | dict | list | tuple) else str(value)
        return f"expected {self.rule.expected}, found {found}"


def field_types(cls: type[Any]) -> Mapping[str, FieldType]:
    """Return the parts of the type of each field of a dataclass's constructor."""
    found = _FIELD_TYPES.get(cls)
    if found is None:
        hints = typing.get_type_hints(cls, include_extras=True)
        found = {f.name: FieldType.of(hints[f.name]) for f in dataclasses.fields(cls) if f.init}
        _FIELD_TYPES[cls] = found
    return found


_FIELD_TYPES: Final[WeakKeyDictionary[type[Any], Mapping[str, FieldType]]] = WeakKeyDictionary()
"""Looking annotations up takes 0.1 ms; a registry makes hundreds of objects of one class."""


class CheckedFields:
    """Base of settings: the constructor checks the rules and choices of the fields.

    Raises
    ------
    ValueError
        With the field, what was expected and what was found.

    """

    def __post_init__(self) -> None:
        for name, field_type in field_types(type(self)).items():
            value = getattr(self, name)
            if value is not None and (problem := field_type.problem(value)):
                msg = f"{name}: {problem}"
                raise ValueError(msg)
