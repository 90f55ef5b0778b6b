"""Reading a FactorRegistry from TOML: the packaged file, and the user's own on top."""

from __future__ import annotations

import math
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from adapters.command.field_rules import KEY_OF_TABLE, CheckedFields, Rule, at_least, more_than
from adapters.command.settings_file import from_table, read_tables
from adapters.exf.registry.derived_factors import RULES
from adapters.exf.registry.factor_registry import FactorDefinition, FactorRegistry, PolledSource
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.schema import is_factor_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from adapters.exchanges.rest_venue import RestVenue

PACKAGED: Final = Path(__file__).with_name("factors.toml")
SHORTEST_PERIOD_S: Final = 0.1
NAME: Final = Rule(
    "a factor name (a name has a letter and then letters, digits, '_', '.' or '-', at most 63)",
    lambda name: is_factor_name(name.removeprefix("_")),
)
RANGE: Final = Rule(
    "two numbers, the lower limit first",
    lambda limits: len(limits) == 2 and -math.inf < limits[0] < limits[1] < math.inf,
)


@dataclass(frozen=True, kw_only=True)
class DefinitionTable(CheckedFields):
    """The keys of every factor's table; see :class:`FactorDefinition`."""

    name: Annotated[str, KEY_OF_TABLE, NAME]
    unit: str
    about: str
    range: Annotated[list[float], RANGE]

    def definition(self, **origin: Any) -> FactorDefinition:
        """Return the factor's definition, given the source of its value."""
        low, high = self.range
        return FactorDefinition(
            name=self.name, unit=self.unit, about=self.about, low=low, high=high, **origin
        )


@dataclass(frozen=True, kw_only=True)
class PolledFactorTable(DefinitionTable):
    """An entry of ``[source.factors]``: a field of the source's answers."""

    field: str
    time_to_live_s: Annotated[float, more_than(0)] | None = None


@dataclass(frozen=True, kw_only=True)
class DerivedFactorTable(DefinitionTable):
    """An entry of ``[derived]``: a rule, and the factors that it is applied to."""

    rule: str
    of: list[str]


@dataclass(frozen=True, kw_only=True)
class SourceTable(CheckedFields):
    """``[[source]]``: one request that is polled, and the factors of its answers."""

    venue: str
    endpoint: str
    symbol: str = ""
    period_s: Annotated[float, at_least(SHORTEST_PERIOD_S)]
    time_to_live_s: Annotated[float, more_than(0)]
    factors: dict[str, PolledFactorTable]


@dataclass(frozen=True, kw_only=True)
class RegistryTables:
    """The content of a factor file."""

    source: tuple[SourceTable, ...] = ()
    derived: dict[str, DerivedFactorTable] = dataclass_field(default_factory=dict)


def load(venues: Mapping[str, RestVenue], more: Iterable[Path] = ()) -> FactorRegistry:
    """Read the packaged registry and the user's own files on top.

    A factor of a later file replaces one of the same name.

    Raises
    ------
    ConfigError
        If a file cannot be read, or has an unknown key or an invalid value.

    """
    sources: dict[str, PolledSource] = {}
    factors: dict[str, FactorDefinition] = {}
    for path in (PACKAGED, *more):
        tables = from_table(RegistryTables, read_tables(path), str(path))
        found: dict[str, FactorDefinition] = {}
        for source, factor in _definitions(tables, venues, path):
            if factor.name in found:
                msg = f"{path}: the factor {factor.name!r} is defined twice"
                raise ConfigError(msg)
            found[factor.name] = factor
            if source is None:
                continue
            # Two files may request the same answer at different periods: the shorter one applies.
            known = sources.get(source.key)
            if known is None or source.period_s < known.period_s:
                sources[source.key] = source
        factors |= found
    used = {factor.source for factor in factors.values()}
    return FactorRegistry(
        sources=tuple(s for key, s in sources.items() if key in used),
        factors=_in_order(factors),
        venues=venues,
    )


def _definitions(
    tables: RegistryTables, venues: Mapping[str, RestVenue], path: Path
) -> Iterator[tuple[PolledSource | None, FactorDefinition]]:
    """Yield each factor of a file with its source; a derived one without."""
    for number, table in enumerate(tables.source, 1):
        where = f"{path}: [[source]] {number} {table.venue}"
        source = _source(table, venues, where)
        fields = venues[source.venue].endpoints[source.endpoint].fields
        for factor in table.factors.values():
            if factor.field not in fields:
                near = did_you_mean(factor.field, fields)
                msg = f"{where}: {factor.name!r}: {source.key} has no field {factor.field!r}{near}"
                raise ConfigError(msg)
            time_to_live_s = factor.time_to_live_s or table.time_to_live_s
            yield (
                source,
                factor.definition(
                    source=source.key, field=factor.field, time_to_live_s=time_to_live_s
                ),
            )
    for derived in tables.derived.values():
        where = f"{path}: [derived] {derived.name!r}"
        rule = RULES.get(derived.rule)
        if rule is None:
            msg = f"{where}: no rule {derived.rule!r}{did_you_mean(derived.rule, RULES)}"
            raise ConfigError(msg)
        if not derived.of or (rule[1] and len(derived.of) != rule[1]):
            count = rule[1] or "at least 1"
            msg = f"{where}: {derived.rule} takes {count} factors, found {len(derived.of)}"
            raise ConfigError(msg)
        yield None, derived.definition(rule=derived.rule, inputs=tuple(derived.of))


def _source(table: SourceTable, venues: Mapping[str, RestVenue], where: str) -> PolledSource:
    venue = venues.get(table.venue)
    if venue is None:
        msg = f"{where}: no venue {table.venue!r}{did_you_mean(table.venue, venues)}"
        raise ConfigError(msg)
    endpoint = venue.endpoints.get(table.endpoint)
    if endpoint is None:
        near = did_you_mean(table.endpoint, venue.endpoints)
        msg = f"{where}: no endpoint {table.endpoint!r}{near}"
        raise ConfigError(msg)
    templates = (endpoint.path, *endpoint.query.values(), *(endpoint.json or {}).values())
    if not table.symbol and any("{symbol}" in template for template in templates):
        msg = f"{where}/{table.endpoint}: needs a symbol, found none"
        raise ConfigError(msg)
    return PolledSource(
        venue=table.venue, endpoint=table.endpoint, symbol=table.symbol, period_s=table.period_s
    )


def _in_order(factors: dict[str, FactorDefinition]) -> tuple[FactorDefinition, ...]:
    """Return polled factors first, then each derived one after its inputs."""
    ordered = {f.name: f for f in factors.values() if not f.rule}
    waiting = [f for f in factors.values() if f.rule]
    for factor in waiting:
        for name in factor.inputs:
            if name not in factors:
                near = did_you_mean(name, factors)
                msg = f"derived factor {factor.name!r}: no factor {name!r}{near}"
                raise ConfigError(msg)
    while waiting:
        ready = [f for f in waiting if all(name in ordered for name in f.inputs)]
        if not ready:
            names = ", ".join(f.name for f in waiting)
            msg = f"derived factors are made of each other in a circle: {names}"
            raise ConfigError(msg)
        ordered.update((f.name, f) for f in ready)
        waiting = [f for f in waiting if f.name not in ordered]
    return tuple(ordered.values())
