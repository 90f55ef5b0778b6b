"""ExfSettings: the configuration of an ExtF service, read from TOML and checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from adapters.aeron_stream.channel import check_channel
from adapters.command.field_rules import Address, CheckedFields, Rule, at_least, between
from adapters.command.settings_file import from_table, read_tables
from adapters.exchanges import known_venues
from adapters.exf.polling.venue_host import USED_SHARE
from adapters.shm import DEFAULT_PATH
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from adapters.exf.registry.factor_registry import FactorRegistry
    from dolphin_strategies.factors.schema import FactorSchema

POLL_PERIOD: Final = Rule("0.1 to 3600, or 0", lambda s: s == 0 or 0.1 <= s <= 3600)
CLOCK: Final = "clock"
"""The venue whose values are the calendar factors."""


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(CheckedFields):
    """The ``[exf]`` table.

    Attributes
    ----------
    region : Path
        The region to write.
    hazelcast : str
        URL of a Hazelcast entry to write as well, see docs/hazelcast.md; empty: none.
    aeron : str
        Aeron channel to stream onto as well, see docs/aeron.md; empty: none.
    period_s : float
        The longest time between two published states, seconds.
    factors : list of str
        Factor files of your own, on top of the packaged one; relative to the configuration.
    venues : list of str
        Poll these only; empty: all.
    base_url : str
        The address of all venues, instead of the exchanges' own; empty: their own.
    poll_period_s : float
        The period of every source, seconds; 0: each source's own.
    deadline_s : float
        The limit of one request, from connecting to its last byte, seconds.
    largest_body : int
        The largest answer, bytes after decompression.
    record : Path, optional
        A catalog to record everything into.
    record_market : Path, optional
        A catalog to record the market data into from which streamed factors are computed.
    replay : Path, optional
        A catalog to publish from, at recorded pace, instead of polling.
    definition_period_s : float
        How often the exchanges' definitions of instruments are asked for, seconds.
    speed : float
        The speed of the replay, recorded seconds per second.
    calendar : bool
        Publish the calendar factors too, which need no exchange.
    streams : bool
        Stream the computed factors from the exchanges as well.
    min_interval_s : float
        The shortest time between two records of streamed factors, seconds; 0: each burst at once.
    age_from : "exchange" or "receipt"
        Count a value's age from the exchange's own time where it gives one, or from its receipt.

    """

    region: Path = DEFAULT_PATH
    hazelcast: str = ""
    aeron: str = ""
    period_s: Annotated[float, between(0.01, 60)] = 0.5
    factors: list[str] = field(default_factory=list)
    venues: list[str] = field(default_factory=list)
    base_url: Address = ""
    poll_period_s: Annotated[float, POLL_PERIOD] = 0.0
    definition_period_s: Annotated[float, between(1, 3600)] = 60.0
    deadline_s: Annotated[float, between(0.05, 30)] = 0.4
    largest_body: Annotated[int, between(1_000, 100_000_000)] = 1_000_000
    record: Path | None = None
    record_market: Path | None = None
    replay: Path | None = None
    speed: Annotated[float, between(0.001, 1000)] = 1.0
    calendar: bool = False
    streams: bool = False
    min_interval_s: Annotated[float, between(0, 60)] = 0.0
    age_from: Literal["exchange", "receipt"] = "exchange"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.replay is not None and self.record is not None:
            msg = "record: a replay is recorded already; expected one of record and replay"
            raise ValueError(msg)
        if self.replay is not None and self.streams:
            msg = "streams: a replay publishes recorded factors; expected one of the two"
            raise ValueError(msg)
        if self.record_market is not None and not self.streams:
            msg = "record_market: market data comes with streams; expected streams = true as well"
            raise ValueError(msg)
        if self.hazelcast:
            from adapters.hazelcast_map.settings import HazelcastSettings  # noqa: PLC0415 - takes 1 s

            HazelcastSettings.from_url(self.hazelcast)
        if self.aeron:
            check_channel(self.aeron)


@dataclass(frozen=True, kw_only=True)
class HostSettings(CheckedFields):
    """A ``[venues.NAME]`` table.

    Attributes
    ----------
    base_url : str
        The address of the venue; empty: the exchange's own.
    weight_per_minute : float
        The rate limit, of which 80 % are used; 0: the exchange's own, and none with a
        ``base_url``.

    """

    base_url: Address = ""
    weight_per_minute: Annotated[float, at_least(0)] = 0.0


@dataclass(frozen=True, kw_only=True)
class ExfSettings:
    """The configuration of a service."""

    exf: ServiceSettings = field(default_factory=ServiceSettings)
    venues: dict[str, HostSettings] = field(default_factory=dict)


def load(path: Path | None) -> ExfSettings:
    """Read a TOML file; without one, the defaults.

    Raises
    ------
    ConfigError
        If the file cannot be read, or has an unknown key or a value that cannot be used.

    """
    if path is None:
        return ExfSettings()
    settings = from_table(ExfSettings, read_tables(path), str(path))
    for name in settings.venues:
        if name not in known_venues():
            msg = f"{path}: [venues]: no venue {name!r}{did_you_mean(name, known_venues())}"
            raise ConfigError(msg)
    factors = [str(path.parent / Path(name).expanduser()) for name in settings.exf.factors]
    return dataclasses.replace(settings, exf=dataclasses.replace(settings.exf, factors=factors))


def registry_of(settings: ExfSettings) -> FactorRegistry:
    """Return the sources and factors that these settings select.

    Raises
    ------
    ConfigError
        If a factor file is wrong, or the polls would break an exchange's rate limit.

    """
    # The classes of computed factors, which the other commands do without.
    from adapters.exf.reading.calendar_source import calendar_definitions  # noqa: PLC0415
    from adapters.exf.registry.registry_file import load as load_registry  # noqa: PLC0415

    exf = settings.exf
    registry = load_registry(
        known_venues(),
        [Path(name).expanduser() for name in exf.factors],
        calendar_definitions() if exf.calendar or CLOCK in exf.venues else (),
    )
    if exf.venues:
        registry = registry.only_venues(exf.venues)
    if exf.poll_period_s:
        registry = registry.with_period(exf.poll_period_s)
    hosts = hosts_of(settings)
    for name, (_, limit) in hosts.items():
        planned = registry.weight_per_minute(name, exf.definition_period_s)
        if limit is not None and planned > limit * USED_SHARE:
            msg = (
                f"{name}: the polls weigh {planned:,.0f} a minute, expected at most "
                f"{limit * USED_SHARE:,.0f} ({USED_SHARE:.0%} of the exchange's {limit:,.0f}): "
                "lengthen the periods of its sources"
            )
            raise ConfigError(msg)
    return registry


def published_schema(settings: ExfSettings, registry: FactorRegistry) -> FactorSchema:
    """Return the names that a service with these settings publishes.

    Raises
    ------
    ConfigError
        If there are none, or more than a region holds.

    """
    streams = settings.exf.streams
    try:
        return (registry if streams else registry.without_streams()).schema
    except ValueError as error:
        of_venues = ", ".join(settings.exf.venues) or "all venues"
        hint = "" if streams else "; with --streams there are the computed ones too"
        msg = f"factors of {of_venues}: {error}{hint}"
        raise ConfigError(msg) from None


def hosts_of(settings: ExfSettings) -> dict[str, tuple[str, float | None]]:
    """Return each venue's address and the rate limit to observe; None: no limit."""
    hosts: dict[str, tuple[str, float | None]] = {}
    for name, venue in known_venues().items():
        own = settings.venues.get(name, HostSettings())
        # The clock is in this process, wherever the exchanges are.
        url = "" if name == CLOCK else own.base_url or settings.exf.base_url
        limit = own.weight_per_minute or (None if url else venue.weight_per_minute)
        hosts[name] = (url or venue.base_url, limit)
    return hosts
