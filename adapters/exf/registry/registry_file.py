"""Reading a FactorRegistry from TOML: the packaged file, and the user's own on top."""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.settings_file import from_table, read_tables
from adapters.exf.registry.computed_tables import ComputedTable, definitions_of
from adapters.exf.registry.derived_factors import RULES
from adapters.exf.registry.factor_registry import (
    ComputedDefinition,
    FactorDefinition,
    FactorRegistry,
    PolledSource,
)
from adapters.exf.registry.factor_tables import DerivedFactorTable, SourceTable
from adapters.exf.registry.placeholders import Placeholders, assets_of
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from adapters.exchanges.rest_venue import Endpoint, RestVenue

PACKAGED: Final = tuple(
    Path(__file__).with_name(name) for name in ("factors.toml", "streams.toml")
)


@dataclass(frozen=True, kw_only=True)
class RegistryTables:
    """The content of a factor file: what is polled, derived from it, and computed."""

    source: tuple[SourceTable, ...] = ()
    derived: dict[str, DerivedFactorTable] = dataclass_field(default_factory=dict)
    computed: tuple[ComputedTable, ...] = ()


def load(
    venues: Mapping[str, RestVenue],
    more: Iterable[Path] = (),
    first: Iterable[tuple[PolledSource, FactorDefinition]] = (),
) -> FactorRegistry:
    """Read the packaged registry and the user's own files on top.

    A polled or derived factor of a later file replaces all of the same name. A computed one
    replaces a computed one, and is added to a polled one. Before the packaged file come
    ``first``: factors that no file names, each with its source.

    Raises
    ------
    ConfigError
        If a file cannot be read, or has an unknown key or an invalid value.

    """
    sources: dict[str, PolledSource] = {}
    factors: dict[str, FactorDefinition] = {}
    computed: dict[str, ComputedDefinition] = {}
    for known_source, factor in first:
        sources[known_source.key], factors[factor.name] = known_source, factor
    for path in (*PACKAGED, *more):
        tables = from_table(RegistryTables, read_tables(path), str(path))
        found: dict[str, FactorDefinition] = {}
        for source, factor in _definitions(tables, venues, path):
            _add(found, factor.name, factor, path)
            if source is None:
                continue
            known = sources.get(source.key)
            sources[source.key] = source if known is None else _both(known, source)
        found_computed: dict[str, ComputedDefinition] = {}
        for definition in _computed(tables, venues, path):
            _add(found_computed, definition.spec.name, definition, path)
        factors |= found
        computed = {k: v for k, v in computed.items() if k not in found} | found_computed
        _check_units(factors, computed, path)
    used = {factor.source for factor in factors.values()}
    return FactorRegistry(
        sources=tuple(s for key, s in sources.items() if key in used),
        factors=_in_order(_with_computed(factors, computed)),
        venues=venues,
    )


def _both(known: PolledSource, more: PolledSource) -> PolledSource:
    """Return a source that two tables request.

    The shorter period applies, and a symbol that one of them gives is not looked up.
    """
    return replace(
        known,
        period_s=min(known.period_s, more.period_s),
        asset=known.asset if more.asset else "",
    )


def _add[T](found: dict[str, T], name: str, factor: T, path: Path) -> None:
    if name in found:
        msg = (
            f"{path}: the factor {name!r} is defined twice; of several assets each needs a name "
            "of its own, with {asset_lc} in it"
        )
        raise ConfigError(msg)
    found[name] = factor


def _check_units(
    factors: Mapping[str, FactorDefinition], computed: Mapping[str, ComputedDefinition], path: Path
) -> None:
    """Refuse a factor that is polled in one unit and computed in another."""
    for name, definition in computed.items():
        if name in factors and factors[name].unit != definition.spec.unit:
            msg = (
                f"{path}: the factor {name!r} is polled in {factors[name].unit!r}: expected the "
                f"same unit of the computed one, found {definition.spec.unit!r}"
            )
            raise ConfigError(msg)


def _with_computed(
    factors: Mapping[str, FactorDefinition], computed: Mapping[str, ComputedDefinition]
) -> dict[str, FactorDefinition]:
    """Return the factors with how they are computed, and those that are only computed."""
    both = {name: replace(f, computed=computed.get(name)) for name, f in factors.items()}
    only = {
        name: FactorDefinition(
            name=name,
            unit=definition.spec.unit,
            about=definition.spec.about,
            low=definition.spec.low,
            high=definition.spec.high,
            computed=definition,
        )
        for name, definition in computed.items()
        if name not in factors
    }
    return both | only


def _computed(
    tables: RegistryTables, venues: Mapping[str, RestVenue], path: Path
) -> Iterator[ComputedDefinition]:
    for number, table in enumerate(tables.computed, 1):
        try:
            yield from definitions_of(table, venues)
        except ValueError as error:
            msg = f"{path}: [[computed]] {number} {table.name}: {error}"
            raise ConfigError(msg) from None


def _definitions(
    tables: RegistryTables, venues: Mapping[str, RestVenue], path: Path
) -> Iterator[tuple[PolledSource | None, FactorDefinition]]:
    """Yield each factor of a file with its source; a derived one without."""
    for number, table in enumerate(tables.source, 1):
        where = f"{path}: [[source]] {number} {table.venue}"
        try:
            yield from _polled(table, venues)
        except ValueError as error:
            msg = f"{where}: {error}"
            raise ConfigError(msg) from None
    for derived in tables.derived.values():
        try:
            for factor in _derived(derived):
                yield None, factor
        except ValueError as error:
            msg = f"{path}: [derived] {derived.name!r}: {error}"
            raise ConfigError(msg) from None


def _polled(
    table: SourceTable, venues: Mapping[str, RestVenue]
) -> Iterator[tuple[PolledSource, FactorDefinition]]:
    """Yield the factors of one table, asset by asset. Raises ValueError."""
    venue = venues.get(table.venue)
    if venue is None:
        msg = f"no venue {table.venue!r}{did_you_mean(table.venue, venues)}"
        raise ValueError(msg)
    endpoint = venue.endpoints.get(table.endpoint)
    if endpoint is None:
        near = did_you_mean(table.endpoint, venue.endpoints)
        msg = f"no endpoint {table.endpoint!r}{near}"
        raise ValueError(msg)
    for placeholders in _symbols(table, venue, endpoint):
        source = PolledSource(
            venue=table.venue,
            endpoint=table.endpoint,
            symbol=placeholders.symbol,
            period_s=table.period_s,
            asset=_looked_up(table, venue, endpoint, placeholders),
        )
        for factor in table.factors.values():
            if factor.field not in endpoint.fields:
                near = did_you_mean(factor.field, endpoint.fields)
                msg = f"{factor.name!r}: {source.key} has no field {factor.field!r}{near}"
                raise ValueError(msg)
            try:
                if placeholders.asset not in (assets_of(factor.assets, table.assets) or [""]):
                    continue
                definition = factor.definition(
                    placeholders,
                    source=source.key,
                    field=factor.field,
                    time_to_live_s=factor.time_to_live_s or table.time_to_live_s,
                )
            except ValueError as error:
                msg = f"{factor.name!r}: {error}"
                raise ValueError(msg) from None
            yield source, definition


def _looked_up(
    table: SourceTable, venue: RestVenue, endpoint: Endpoint, placeholders: Placeholders
) -> str:
    """Return the asset if its symbol is to be found among the venue's instruments."""
    name = venue.definitions_of(endpoint, placeholders.symbol)
    is_found = name and venue.definitions[name].finds_assets
    return placeholders.asset if is_found and placeholders.asset not in table.symbols else ""


def _symbols(table: SourceTable, venue: RestVenue, endpoint: Endpoint) -> list[Placeholders]:
    """Return the symbol of each asset of a table, or its one symbol. Raises ValueError."""
    if not table.assets:
        if table.symbols:
            msg = "symbols: expected assets too, found none"
            raise ValueError(msg)
        if not table.symbol and endpoint.names_symbol:
            msg = f"{table.endpoint}: needs a symbol, or assets, found none"
            raise ValueError(msg)
        return [Placeholders(symbol=table.symbol)]
    if table.symbol:
        msg = "expected one of symbol and assets, found both"
        raise ValueError(msg)
    assets_of(list(table.symbols), table.assets)
    found = []
    for asset in table.assets:
        symbol = table.symbols.get(asset) or venue.symbol_of(endpoint, asset)
        if not symbol:
            msg = f"{table.endpoint}: takes no symbol, found assets"
            raise ValueError(msg)
        found.append(Placeholders(asset, symbol))
    return found


def _derived(table: DerivedFactorTable) -> Iterator[FactorDefinition]:
    """Yield a derived factor, asset by asset. Raises ValueError."""
    rule = RULES.get(table.rule)
    if rule is None:
        msg = f"no rule {table.rule!r}{did_you_mean(table.rule, RULES)}"
        raise ValueError(msg)
    if not table.of or (rule[1] and len(table.of) != rule[1]):
        count = rule[1] or "at least 1"
        msg = f"{table.rule} takes {count} factors, found {len(table.of)}"
        raise ValueError(msg)
    for asset in table.assets or [""]:
        placeholders = Placeholders(asset)
        inputs = tuple(map(placeholders.fill, table.of))
        yield table.definition(placeholders, rule=table.rule, inputs=inputs)


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
