"""The tables of a factor file, as they stand in it: sources, derived factors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Annotated, Any, Final

from adapters.command.field_rules import (
    KEY_OF_TABLE,
    CheckedFields,
    Rule,
    at_least,
    is_range,
    more_than,
)
from adapters.exf.registry.factor_registry import FactorDefinition
from adapters.exf.registry.placeholders import PLACEHOLDER, Placeholders
from dolphin_strategies.factors.schema import is_factor_name

SHORTEST_PERIOD_S: Final = 0.1
ASSET: Final = re.compile(r"[A-Za-z0-9]{1,20}")


def _is_name(text: str) -> bool:
    # Names with placeholders are checked again when these are filled in.
    return is_factor_name(PLACEHOLDER.sub("x", text).removeprefix("_"))


def _is_range_or_one_each(limits: Any) -> bool:
    if isinstance(limits, dict):
        return bool(limits) and all(map(is_range, limits.values()))
    return is_range(limits)


NAME: Final = Rule(
    "a factor name (a name has a letter and then letters, digits, '_', '.' or '-', at most 63)",
    _is_name,
)
RANGE: Final = Rule(
    "two numbers, the lower limit first, or a table with those of each asset",
    _is_range_or_one_each,
)
ASSETS: Final = Rule(
    "assets such as BTC, each once",
    lambda names: all(ASSET.fullmatch(name) for name in names) and len(set(names)) == len(names),
)
type Assets = Annotated[list[str], ASSETS]


@dataclass(frozen=True, kw_only=True)
class DefinitionTable(CheckedFields):
    """The keys of every factor's table; see :class:`FactorDefinition`.

    Attributes
    ----------
    name : str
        The factor's name, with placeholders such as ``{asset_lc}`` or without.
    unit, about : str
        Its unit, and what it is; placeholders are filled in.
    range : list or dict
        The lowest and the highest value, both included; one outside is no value. Or a table with
        those of each asset.
    assets : list of str
        The assets of the source that have this factor; empty: all of them.

    """

    name: Annotated[str, KEY_OF_TABLE, NAME]
    unit: str
    about: str
    range: Annotated[Any, RANGE]
    assets: Assets = dataclass_field(default_factory=list)

    def definition(self, placeholders: Placeholders, **origin: Any) -> FactorDefinition:
        """Return the factor's definition, given the source of its value.

        Raises
        ------
        ValueError
            If a placeholder, the name or the range cannot be used.

        """
        low, high = limits_of(self.range, placeholders.asset)
        return FactorDefinition(
            name=name_of(self.name, placeholders),
            unit=placeholders.fill(self.unit),
            about=placeholders.fill(self.about),
            low=low,
            high=high,
            **origin,
        )


def name_of(text: str, placeholders: Placeholders) -> str:
    """Return a factor's name with its placeholders filled in.

    Raises
    ------
    ValueError
        If that is no name.

    """
    name = placeholders.fill(text)
    if problem := "" if NAME.accepts(name) else f"expected {NAME.expected}, found {name!r}":
        raise ValueError(problem)
    return name


def limits_of(limits: Any, asset: str) -> tuple[float, float]:
    """Return the two limits of a range, which may be a table by asset.

    Raises
    ------
    ValueError
        If the table has none of the asset.

    """
    if isinstance(limits, dict):
        if asset not in limits:
            found = ", ".join(limits)
            msg = f"range: expected limits of {asset or 'no asset'} too, found those of {found}"
            raise ValueError(msg)
        limits = limits[asset]
    return float(limits[0]), float(limits[1])


@dataclass(frozen=True, kw_only=True)
class PolledFactorTable(DefinitionTable):
    """An entry of ``[source.factors]``: a field of the source's answers.

    Attributes
    ----------
    field : str
        The field, as ``run_exf.py fields`` lists it.
    time_to_live_s : float, optional
        The largest age of its value, seconds; by default the source's.

    """

    field: str
    time_to_live_s: Annotated[float, more_than(0)] | None = None


@dataclass(frozen=True, kw_only=True)
class DerivedFactorTable(DefinitionTable):
    """An entry of ``[derived]``: a rule, and the factors that it is applied to.

    Attributes
    ----------
    rule : str
        ``bps_over``, ``per_8h``, ``product``, ``difference`` or ``ratio`` of two factors;
        ``median``, ``dispersion``, ``sum`` or ``count`` of any number.
    of : list of str
        The names of these factors, in the order of the rule.

    """

    rule: str
    of: list[str]


@dataclass(frozen=True, kw_only=True)
class SourceTable(CheckedFields):
    """``[[source]]``: one request that is polled, or one for each asset, and its factors.

    Attributes
    ----------
    venue, endpoint : str
        Whom to ask, and what; as ``run_exf.py fields`` lists them.
    symbol : str
        The venue's symbol, if the endpoint takes one and ``assets`` is not given.
    assets : list of str
        Assets, each of which gets a request of its own; the venue's definitions give the symbols.
    symbols : dict of str to str
        By asset, the symbol to ask for instead of the one in the venue's definitions.
    period_s : float
        How often to ask, seconds.
    time_to_live_s : float
        The largest age of a value, seconds; then it is NaN.
    factors : dict of str to PolledFactorTable
        The factors, by name.

    """

    venue: str
    endpoint: str
    symbol: str = ""
    assets: Assets = dataclass_field(default_factory=list)
    symbols: dict[str, str] = dataclass_field(default_factory=dict)
    period_s: Annotated[float, at_least(SHORTEST_PERIOD_S)]
    time_to_live_s: Annotated[float, more_than(0)]
    factors: dict[str, PolledFactorTable]
