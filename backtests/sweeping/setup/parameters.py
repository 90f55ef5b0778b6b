"""Parameters: which values a search may give to the fields of a strategy's config."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from adapters.command.field_rules import field_types
from adapters.command.settings_file import from_table
from dolphin_strategies import FactorStrategyConfig
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.distributions import BaseDistribution

type Value = bool | int | float | str
type Kind = Literal["int", "float", "decimal", "choice"]

_KEYS: Final = ("low", "high", "step", "log", "choices")
_BELOW: Final = 0.25
_ABOVE: Final = 4.0
"""From a default, as far as the search goes if nothing else is said: a quarter to four times."""


@dataclass(frozen=True, kw_only=True)
class Range:
    """The table of one parameter in the file.

    Attributes
    ----------
    low, high : float, optional
        Both ends of a range, included.
    step : float, optional
        The distance of two values of a range, from ``low`` on.
    log : bool
        Whether a ratio counts, not a difference.
    choices : list, optional
        The values themselves, instead of a range.

    """

    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False
    choices: list[Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter, ready to be searched.

    Attributes
    ----------
    name : str
        The field of the strategy's config.
    kind : str
        The kind of its values.
    range : Range
        The values.

    """

    name: str
    kind: Kind
    range: Range

    def distribution(self) -> BaseDistribution:
        """Return what Optuna draws from."""
        from optuna import distributions  # noqa: PLC0415 - not in the workers

        given = self.range
        if self.kind == "choice":
            return distributions.CategoricalDistribution(given.choices or ())
        low, high = given.low or 0, given.high or 0
        if self.kind == "int":
            step = int(given.step or 1)
            return distributions.IntDistribution(int(low), int(high), given.log, step)
        return distributions.FloatDistribution(low, high, given.log, given.step)

    def value_of(self, drawn: Value) -> Value:
        """Return a drawn value as the TOML value of the config's field.

        A decimal has three significant digits, as sizes have.
        """
        return format(drawn, ".3g") if self.kind == "decimal" else drawn

    def as_dict(self) -> dict[str, Any]:
        """Return the parameter as plain data."""
        given = {k: v for k, v in dataclasses.asdict(self.range).items() if v not in (None, False)}
        return {"name": self.name, "kind": self.kind, **given}

    def __str__(self) -> str:
        given = self.range
        if given.choices is not None:
            return f"{self.name}: {', '.join(map(str, given.choices))}"
        step = f" in steps of {given.step:g}" if given.step else ""
        return f"{self.name}: {given.low:g} to {given.high:g}{step}{', log' if given.log else ''}"


def read_parameters(
    tables: Mapping[str, Any], config: type[FactorStrategyConfig], defaults: object, where: str
) -> list[Parameter]:
    """Return the parameters of a file, or of a config's defaults where it names none.

    Parameters
    ----------
    tables : mapping
        The table ``[sweep.parameters]``: by field a table of :class:`Range`, a list of choices, or
        true for the range about the default.
    config : type
        The class of the strategy's config.
    defaults : FactorStrategyConfig
        The config with which the strategy runs otherwise.
    where : str
        The file, for messages.

    Raises
    ------
    ConfigError
        If there is no such field, or values that it cannot have.

    """
    own = _own_fields(config)
    if not tables:
        found = [_about_default(name, own[name], getattr(defaults, name)) for name in own]
        chosen = [parameter for parameter in found if parameter is not None]
        if not chosen:
            msg = (
                f"{where}: {config.__name__} has no number, flag or choice of its own to search: "
                "name parameters in a table [sweep.parameters]"
            )
            raise ConfigError(msg)
        return chosen
    read = []
    for name, given in tables.items():
        place = f"{where}: [sweep.parameters] {name}"
        if name not in own:
            msg = f"{place}: {config.__name__} has no such field{did_you_mean(name, own)}"
            raise ConfigError(msg)
        read.append(_read(name, given, own[name], getattr(defaults, name), place))
    return read


def _own_fields(config: type[FactorStrategyConfig]) -> dict[str, Any]:
    """Return the types of the fields that the strategy's author added."""
    inherited = {f.name for f in dataclasses.fields(FactorStrategyConfig)}
    return {n: t.plain for n, t in field_types(config).items() if n not in inherited}


def _read(name: str, given: Any, hint: Any, default: Any, place: str) -> Parameter:
    if given is True:
        found = _about_default(name, hint, default)
        if found is None:
            msg = f"{place}: no range follows from {default!r}: give low and high, or choices"
            raise ConfigError(msg)
        return found
    if isinstance(given, list):
        given = {"choices": given}
    span = from_table(Range, given, place)
    if span.choices is not None:
        if len(span.choices) < 2 or len({repr(c) for c in span.choices}) < len(span.choices):
            msg = f"{place}: expected two different choices or more, found {span.choices!r:.80}"
            raise ConfigError(msg)
        if not all(isinstance(c, bool | int | float | str) for c in span.choices):
            msg = f"{place}: expected choices that are numbers, flags or texts"
            raise ConfigError(msg)
        return Parameter(name=name, kind="choice", range=span)
    kind = _kind_of(hint)
    if kind is None:
        expected = "choices, as the field is no number"
        msg = f"{place}: expected {expected}, found {', '.join(given) or 'nothing'}"
        raise ConfigError(msg)
    if span.low is None or span.high is None or not span.low < span.high:
        msg = f"{place}: expected low below high, found {span.low} and {span.high}"
        raise ConfigError(msg)
    if span.log and (span.low <= 0 or span.step is not None):
        msg = f"{place}: log needs a low above 0, and no step"
        raise ConfigError(msg)
    numbers = [n for n in (span.low, span.high, span.step) if n is not None]
    if kind == "int" and any(n != int(n) for n in numbers):
        msg = f"{place}: expected whole numbers, as the field is one, found {numbers}"
        raise ConfigError(msg)
    if span.step is not None and not 0 < span.step <= span.high - span.low:
        msg = f"{place}: step: expected more than 0 and at most high - low, found {span.step}"
        raise ConfigError(msg)
    return Parameter(name=name, kind=kind, range=span)


def _about_default(name: str, hint: Any, default: Any) -> Parameter | None:
    """Return the range about a default; None if none follows from it."""
    if hint is bool:
        return Parameter(name=name, kind="choice", range=Range(choices=[False, True]))
    kind = _kind_of(hint)
    if kind is None or isinstance(default, bool) or not default or default < 0:
        return None
    low, high = float(default) * _BELOW, float(default) * _ABOVE
    if kind == "int":
        low, high = max(1, int(low)), int(high)
    return Parameter(name=name, kind=kind, range=Range(low=low, high=high, log=True))


def _kind_of(hint: Any) -> Kind | None:
    kinds: dict[Any, Kind] = {int: "int", float: "float", Decimal: "decimal"}
    return kinds.get(hint)
