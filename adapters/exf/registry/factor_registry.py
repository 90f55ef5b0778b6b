"""FactorRegistry: the factors, and the source of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from adapters.exchanges.rest_venue import RestVenue
from adapters.exf.registry.derived_factors import RULES
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from adapters.exchanges.rest_venue import Endpoint
    from dolphin_strategies.computed.spec import ComputedSpec


@dataclass(frozen=True, kw_only=True)
class PolledSource:
    """One request that is polled: an endpoint of a venue for a symbol, or for an asset.

    Attributes
    ----------
    venue, endpoint : str
        Where.
    symbol : str
        The symbol; of an asset that which is usual at the venue.
    period_s : float
        How often, seconds.
    asset : str
        The asset whose symbol is looked up among the venue's instruments; empty: the symbol is
        given.

    """

    venue: str
    endpoint: str
    symbol: str
    period_s: float
    asset: str = ""

    @property
    def key(self) -> str:
        """Its name in logs and ``status``."""
        return "/".join(filter(None, (self.venue, self.endpoint, self.symbol)))


class ComputedDefinition(NamedTuple):
    """How a factor is computed from the market data that venues push."""

    spec: ComputedSpec
    venues: tuple[str, ...]
    """The venue of each of the spec's instruments."""


@dataclass(frozen=True, kw_only=True)
class FactorDefinition:
    """One named number, which may be polled (or made of others), computed, or both.

    Attributes
    ----------
    name : str
        The name that strategies use. A name that begins with ``_`` is an intermediate value, not
        published.
    unit, about : str
        Descriptions for the user.
    low, high : float
        The valid range, both included; a value outside becomes NaN.
    source, field : str
        The key of its source and the endpoint's field; empty for one that is not polled.
    time_to_live_s : float
        The largest age of a polled value; 0 for a derived factor, which is valid as long as its
        inputs.
    rule, inputs
        The rule of a derived factor, and the factors that it is applied to.
    computed : ComputedDefinition, optional
        How it is computed from streams; while such a value is alive, it takes precedence.

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
    computed: ComputedDefinition | None = None

    @property
    def is_only_computed(self) -> bool:
        """Whether there is no value of it without streams."""
        return not self.source and not self.rule

    @property
    def is_published(self) -> bool:
        """Whether the name appears in the region."""
        return not self.name.startswith("_")


@dataclass(frozen=True, kw_only=True)
class FactorRegistry:
    """Every source and factor; derived factors come after their inputs.

    Attributes
    ----------
    sources : tuple of PolledSource
        What is polled.
    factors : tuple of FactorDefinition
        Polled, derived and computed factors.
    venues : mapping of str to RestVenue
        All venues by name.

    """

    sources: tuple[PolledSource, ...]
    factors: tuple[FactorDefinition, ...]
    venues: Mapping[str, RestVenue]

    @property
    def schema(self) -> FactorSchema:
        """The names that are published, in order."""
        return FactorSchema(f.name for f in self.factors if f.is_published)

    @property
    def computed(self) -> tuple[ComputedDefinition, ...]:
        """The factors that are computed from streams, in order."""
        return tuple(f.computed for f in self.factors if f.computed is not None)

    def endpoint(self, source: PolledSource) -> Endpoint:
        """Return the endpoint of a source."""
        return self.venues[source.venue].endpoints[source.endpoint]

    def requests(self) -> tuple[tuple[PolledSource, ...], ...]:
        """Return the sources by their requests: those of one answer about all symbols together."""
        groups: dict[tuple[str, str, str], list[PolledSource]] = {}
        for source in self.sources:
            symbol = source.symbol if self.endpoint(source).names_symbol else ""
            groups.setdefault((source.venue, source.endpoint, symbol), []).append(source)
        return tuple(map(tuple, groups.values()))

    def definitions(self) -> dict[str, tuple[str, str, str]]:
        """Return the requests for definitions: key → venue, name, symbol (empty: of all)."""
        found: dict[str, tuple[str, str, str]] = {}
        for source in self.sources:
            if key := self.definition_key(source):
                venue, name, *symbol = key.split("/", 2)
                found[key] = venue, name, "".join(symbol)
        return found

    def definition_key(self, source: PolledSource) -> str:
        """Return the key of the request that defines a source's instrument; empty: none does."""
        venue = self.venues[source.venue]
        name = venue.definitions_of(self.endpoint(source), source.symbol)
        if not name:
            return ""
        is_of_one = venue.definitions[name].names_symbol and not source.asset
        symbol = source.symbol if is_of_one else ""
        return "/".join(filter(None, (source.venue, name, symbol)))

    def weight_per_minute(self, venue: str, definition_period_s: float) -> float:
        """Return what the polls of a venue cost of its rate limit, per minute.

        Parameters
        ----------
        venue : str
            The name of the venue.
        definition_period_s : float
            How often definitions are asked for, seconds.

        """
        polls = sum(
            self.endpoint(group[0]).weight * 60 / min(source.period_s for source in group)
            for group in self.requests()
            if group[0].venue == venue
        )
        definitions = self.venues[venue].definitions
        asked = [
            definitions[name].about(symbol)
            for at, name, symbol in self.definitions().values()
            if at == venue
        ]
        return polls + sum(request.weight for request in asked) * 60 / definition_period_s

    def factors_of(self, source: PolledSource) -> tuple[FactorDefinition, ...]:
        """Return the factors that come from a source."""
        return tuple(f for f in self.factors if f.source == source.key)

    def with_period(self, period_s: float) -> FactorRegistry:
        """Return a copy in which every source has the given period, seconds."""
        return replace(
            self, sources=tuple(replace(source, period_s=period_s) for source in self.sources)
        )

    def only_venues(self, names: Collection[str]) -> FactorRegistry:
        """Return the registry of these venues, without factors that need only other venues.

        Raises
        ------
        ConfigError
            If a name is not a venue, with the nearest.

        """
        for name in names:
            if name not in self.venues:
                msg = f"no venue named {name!r}{did_you_mean(name, self.venues)}"
                raise ConfigError(msg)
        sources = tuple(s for s in self.sources if s.venue in names)
        return self._with(
            sources,
            [
                factor
                if factor.computed is None or set(factor.computed.venues) <= set(names)
                else replace(factor, computed=None)
                for factor in self.factors
            ],
        )

    def without_streams(self) -> FactorRegistry:
        """Return the registry of what needs no streams: nothing in it is computed from them."""
        return self._with(self.sources, [replace(f, computed=None) for f in self.factors])

    def _with(
        self, sources: tuple[PolledSource, ...], factors: Iterable[FactorDefinition]
    ) -> FactorRegistry:
        """Return the registry of these sources and of the factors that still have a value."""
        keys = {s.key for s in sources}
        kept: dict[str, FactorDefinition] = {}
        for factor in factors:
            known = tuple(name for name in factor.inputs if name in kept)
            if factor.source in keys:
                kept[factor.name] = factor
            elif known and (len(known) == len(factor.inputs) or _takes_any(factor)):
                kept[factor.name] = replace(factor, inputs=known)
            elif factor.computed is not None:
                # What it was polled from, or made of, is gone.
                kept[factor.name] = replace(factor, source="", field="", rule="", inputs=())
        return replace(self, sources=sources, factors=tuple(kept.values()))


def _takes_any(factor: FactorDefinition) -> bool:
    return RULES[factor.rule][1] == 0
