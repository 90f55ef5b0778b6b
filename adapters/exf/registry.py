"""FactorRegistry: which factors there are, and where each comes from; read from TOML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.venue import Venue
from adapters.exf.derived import RULES
from adapters.exf.registry_tables import checked_table
from adapters.toml_tables import read_tables
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.schema import FactorSchema, is_factor_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from adapters.exchanges.venue import Endpoint

PACKAGED: Final = Path(__file__).with_name("factors.toml")
SHORTEST_PERIOD_S: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Source:
    """One request that is polled: an endpoint of a venue for a symbol."""

    venue: str
    endpoint: str
    symbol: str
    period_s: float

    @property
    def key(self) -> str:
        """How logs and ``status`` call it."""
        return "/".join(filter(None, (self.venue, self.endpoint, self.symbol)))


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One named number.

    Attributes
    ----------
    name : str
        How strategies call it. A name that begins with ``_`` is an intermediate value, not
        published.
    unit, about : str
        For people.
    low, high : float
        The valid range, both included; what lies outside becomes NaN.
    source, field : str
        The key of its source and the endpoint's field; empty for a derived factor.
    time_to_live_s : float
        How old it may be; 0 for a derived factor, which lives as long as its inputs.
    rule, inputs
        How a derived factor is made, and of which factors.

    """

    name: str
    unit: str
    about: str
    low: float
    high: float
    source: str = ""
    field: str = ""
    time_to_live_s: float = 0.0
    rule: str = ""
    inputs: tuple[str, ...] = ()

    @property
    def is_published(self) -> bool:
        """Whether the name appears in the region."""
        return not self.name.startswith("_")


@dataclass(frozen=True, kw_only=True)
class FactorRegistry:
    """Every source and factor; derived factors come after what they are made of."""

    sources: tuple[Source, ...]
    factors: tuple[Factor, ...]
    venues: Mapping[str, Venue]

    @property
    def schema(self) -> FactorSchema:
        """The names that are published, in order."""
        return FactorSchema(f.name for f in self.factors if f.is_published)

    def endpoint(self, source: Source) -> Endpoint:
        """Return the endpoint of a source."""
        return self.venues[source.venue].endpoints[source.endpoint]

    def factors_of(self, source: Source) -> tuple[Factor, ...]:
        """Return the factors that come from a source."""
        return tuple(f for f in self.factors if f.source == source.key)

    def with_period(self, period_s: float) -> FactorRegistry:
        """Return the same with one period for every source."""
        return replace(
            self, sources=tuple(replace(source, period_s=period_s) for source in self.sources)
        )

    def only_venues(self, names: Collection[str]) -> FactorRegistry:
        """Return what these venues give. Other sources go, and the factors made of nothing else.

        Raises
        ------
        ConfigError
            If a name is no venue, with the nearest.

        """
        for name in names:
            if name not in self.venues:
                msg = f"no venue named {name!r}{did_you_mean(name, self.venues)}"
                raise ConfigError(msg)
        sources = tuple(s for s in self.sources if s.venue in names)
        keys = {s.key for s in sources}
        kept: list[Factor] = []
        for factor in self.factors:
            known = tuple(name for name in factor.inputs if any(f.name == name for f in kept))
            if factor.source in keys:
                kept.append(factor)
            elif known and (len(known) == len(factor.inputs) or _takes_any(factor)):
                kept.append(replace(factor, inputs=known))
        return replace(self, sources=sources, factors=tuple(kept))


def _takes_any(factor: Factor) -> bool:
    return RULES[factor.rule][1] == 0


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
