"""Reading a FactorRegistry from TOML: the packaged file, and the user's own on top."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.command.settings_file import read_tables
from adapters.exf.registry.derived_factors import RULES
from adapters.exf.registry.factor_registry import Factor, FactorRegistry, Source
from adapters.exf.registry.registry_tables import checked_table
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.schema import is_factor_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapters.exchanges.venue import Venue

PACKAGED: Final = Path(__file__).with_name("factors.toml")
SHORTEST_PERIOD_S: Final = 0.1


def load(venues: Mapping[str, Venue], more: Iterable[Path] = ()) -> FactorRegistry:
    """Read the packaged registry and the user's own files on top.

    A factor of a later file replaces one of the same name.

    Raises
    ------
    ConfigError
        If a file cannot be read, or something in it is unknown or makes no sense.

    """
    sources: dict[str, Source] = {}
    factors: dict[str, Factor] = {}
    for path in (PACKAGED, *more):
        _read(path, venues, sources, factors)
    used = {factor.source for factor in factors.values()}
    return FactorRegistry(
        sources=tuple(s for key, s in sources.items() if key in used),
        factors=_in_order(factors),
        venues=venues,
    )


def _read(
    path: Path,
    venues: Mapping[str, Venue],
    sources: dict[str, Source],
    factors: dict[str, Factor],
) -> None:
    tables = read_tables(path)
    checked_table(tables, {}, str(path), {"source": list, "derived": dict})
    seen: set[str] = set()

    def add(factor: Factor) -> None:
        if factor.name in seen:
            msg = f"{path}: the factor {factor.name!r} is defined twice"
            raise ConfigError(msg)
        seen.add(factor.name)
        factors[factor.name] = factor

    for table in tables.get("source", ()):
        source, time_to_live_s = _source(table, venues, str(path))
        # Two files may want the same answer at different paces: the faster one holds.
        known = sources.get(source.key)
        if known is None or source.period_s < known.period_s:
            sources[source.key] = source
        endpoint = venues[source.venue].endpoints[source.endpoint]
        for name, entry in table["factors"].items():
            where = f"{path}: factor {name!r}"
            keys = {"field": str, "unit": str, "about": str, "range": list}
            checked_table(entry, keys, where, {"time_to_live_s": float})
            if entry["field"] not in endpoint.fields:
                near = did_you_mean(entry["field"], endpoint.fields)
                msg = f"{where}: {source.key} has no field {entry['field']!r}{near}"
                raise ConfigError(msg)
            add(
                Factor(
                    **_common(name, entry, where),
                    source=source.key,
                    field=entry["field"],
                    time_to_live_s=_positive(
                        entry.get("time_to_live_s", time_to_live_s), f"{where}: time_to_live_s"
                    ),
                )
            )
    for name, entry in tables.get("derived", {}).items():
        where = f"{path}: derived factor {name!r}"
        checked_table(entry, {"rule": str, "of": list, "unit": str, "about": str, "range": list},
                      where)  # fmt: skip
        rule = RULES.get(entry["rule"])
        if rule is None:
            msg = f"{where}: no rule {entry['rule']!r}{did_you_mean(entry['rule'], RULES)}"
            raise ConfigError(msg)
        if not entry["of"] or (rule[1] and len(entry["of"]) != rule[1]):
            count = rule[1] or "at least 1"
            msg = f"{where}: {entry['rule']} takes {count} factors, found {len(entry['of'])}"
            raise ConfigError(msg)
        inputs = tuple(map(str, entry["of"]))
        add(Factor(**_common(name, entry, where), rule=entry["rule"], inputs=inputs))


def _source(table: Any, venues: Mapping[str, Venue], path: str) -> tuple[Source, float]:
    where = f"{path}: [[source]]"
    required = {"venue": str, "endpoint": str, "period_s": float, "time_to_live_s": float}
    checked_table(table, {**required, "factors": dict}, where, {"symbol": str})
    venue = venues.get(table["venue"])
    if venue is None:
        msg = f"{where}: no venue {table['venue']!r}{did_you_mean(table['venue'], venues)}"
        raise ConfigError(msg)
    name = table["endpoint"]
    where = f"{where} {venue.name}/{name}"
    if name not in venue.endpoints:
        msg = f"{where}: no such endpoint{did_you_mean(name, venue.endpoints)}"
        raise ConfigError(msg)
    if table["period_s"] < SHORTEST_PERIOD_S:
        msg = f"{where}: period_s: expected {SHORTEST_PERIOD_S} or more, found {table['period_s']}"
        raise ConfigError(msg)
    endpoint = venue.endpoints[name]
    symbol = table.get("symbol", "")
    templates = (endpoint.path, *endpoint.query.values(), *(endpoint.json or {}).values())
    if not symbol and any("{symbol}" in template for template in templates):
        msg = f"{where}: needs a symbol, found none"
        raise ConfigError(msg)
    source = Source(
        venue=venue.name,
        endpoint=name,
        symbol=symbol,
        period_s=_positive(table["period_s"], f"{where}: period_s"),
    )
    return source, _positive(table["time_to_live_s"], f"{where}: time_to_live_s")


def _common(name: str, entry: dict[str, Any], where: str) -> dict[str, Any]:
    if not is_factor_name(name.removeprefix("_")):
        msg = f"{where}: a name has a letter and then letters, digits, '_', '.' or '-', at most 63"
        raise ConfigError(msg)
    limits = entry["range"]
    if len(limits) != 2 or not all(
        isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in limits
    ):
        msg = f"{where}: range: expected two numbers, found {limits!r}"
        raise ConfigError(msg)
    if not limits[0] < limits[1]:
        msg = f"{where}: range: expected the lower limit first, found {limits!r}"
        raise ConfigError(msg)
    return {
        "name": name,
        "unit": entry["unit"],
        "about": entry["about"],
        "low": float(limits[0]),
        "high": float(limits[1]),
    }


def _positive(value: Any, where: str) -> float:
    if not 0 < value < math.inf:
        msg = f"{where}: expected a number above 0, found {value!r}"
        raise ConfigError(msg)
    return float(value)


def _in_order(factors: dict[str, Factor]) -> tuple[Factor, ...]:
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
