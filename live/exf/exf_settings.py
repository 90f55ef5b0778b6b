"""ExfSettings: what an ExtF service is configured with, read from TOML and checked."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from adapters.command.settings_file import from_table, read_tables
from adapters.exchanges import known_venues
from adapters.exf.polling.venue_host import USED_SHARE
from adapters.exf.registry.registry_file import load as load_registry
from adapters.shm import DEFAULT_PATH
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from adapters.exf.registry.factor_registry import FactorRegistry


@dataclass(frozen=True, kw_only=True)
class ExfSettings:
    """The ``[exf]`` table.

    Attributes
    ----------
    region : Path
        The region to write.
    hazelcast : str
        URL of a Hazelcast entry to write too, see docs/hazelcast.md; empty: none.
    period_s : float
        Publish at least this often.
    factors : list of str
        Factor files of your own, on top of the packaged one; relative to the configuration.
    venues : list of str
        Ask these only; empty: all.
    base_url : str
        Where all venues are, instead of at the exchanges.
    poll_period_s : float
        Poll every source at this period; 0: each at its own.
    deadline_s : float
        For one request, from connecting to its last byte.
    largest_body : int
        Bytes of an answer, unpacked.
    record : Path, optional
        A catalog to record everything into.
    replay : Path, optional
        A catalog to publish from, at recorded pace, instead of gathering.
    speed : float
        Of the replay: recorded seconds a second.
    age_from : "exchange" or "receipt"
        Count a value's age from the exchange's own time where it gives one, or from its receipt.

    """

    region: Path = DEFAULT_PATH
    hazelcast: str = ""
    period_s: float = 0.5
    factors: list[str] = field(default_factory=list)
    venues: list[str] = field(default_factory=list)
    base_url: str = ""
    poll_period_s: float = 0.0
    deadline_s: float = 0.4
    largest_body: int = 1_000_000
    record: Path | None = None
    replay: Path | None = None
    speed: float = 1.0
    age_from: Literal["exchange", "receipt"] = "exchange"


@dataclass(frozen=True, kw_only=True)
class VenueSettings:
    """A ``[venues.NAME]`` table.

    Attributes
    ----------
    base_url : str
        Where this venue is; empty: at the exchange.
    weight_per_minute : float
        The rate limit, of which 80 % are used; 0: the exchange's own, and none for a
        ``base_url`` of yours.

    """

    base_url: str = ""
    weight_per_minute: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a service is configured with."""

    exf: ExfSettings = field(default_factory=ExfSettings)
    venues: dict[str, VenueSettings] = field(default_factory=dict)


def load(path: Path | None) -> Settings:
    """Read a TOML file; without one, the defaults.

    Raises
    ------
    ConfigError
        If the file cannot be read, or has an unknown key or a value of the wrong kind.

    """
    if path is None:
        return Settings()
    tables = read_tables(path)
    known = [f.name for f in fields(Settings)]
    for name, table in tables.items():
        if name not in known:
            msg = f"{path}: unknown table [{name}]{did_you_mean(name, known)}"
            raise ConfigError(msg)
        if not isinstance(table, dict):
            msg = f"{path}: expected a table [{name}], found {table!r}"
            raise ConfigError(msg)
    exf = dict(tables.get("exf", {}))
    if isinstance(exf.get("factors"), list):
        exf["factors"] = [str(path.parent / str(name)) for name in exf["factors"]]
    venues: dict[str, VenueSettings] = {}
    for name, table in tables.get("venues", {}).items():
        where = f"{path}: [venues.{name}]"
        if name not in known_venues():
            msg = f"{where}: no such venue{did_you_mean(name, known_venues())}"
            raise ConfigError(msg)
        if not isinstance(table, dict):
            msg = f"{where}: expected a table, found {table!r}"
            raise ConfigError(msg)
        venues[name] = from_table(VenueSettings, table, where)
    return Settings(exf=from_table(ExfSettings, exf, f"{path}: [exf]"), venues=venues)


def check(settings: Settings) -> None:
    """Refuse settings that no service can follow.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    exf = settings.exf
    limits: dict[str, tuple[float, float, float]] = {
        "period_s": (exf.period_s, 0.01, 60.0),
        "deadline_s": (exf.deadline_s, 0.05, 30.0),
        "largest_body": (exf.largest_body, 1_000, 100_000_000),
        "speed": (exf.speed, 0.001, 1000.0),
    }
    if exf.poll_period_s:
        limits["poll_period_s"] = (exf.poll_period_s, 0.1, 3600.0)
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            msg = f"{name}: expected {low:g} to {high:g}, found {value:g}"
            raise ConfigError(msg)
    urls = {"base_url": exf.base_url, **{n: v.base_url for n, v in settings.venues.items()}}
    for name, url in urls.items():
        if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc):
            msg = f"{name}: expected an address such as http://127.0.0.1:8080, found {url!r}"
            raise ConfigError(msg)
    if exf.hazelcast:
        from adapters.hazelcast_map.settings import HazelcastSettings  # noqa: PLC0415 - takes 1 s

        HazelcastSettings.from_url(exf.hazelcast)
    if exf.replay is not None and exf.record is not None:
        msg = "record: a replay is recorded already; expected one of record and replay"
        raise ConfigError(msg)
    for name, venue in settings.venues.items():
        if not venue.weight_per_minute >= 0:
            msg = f"[venues.{name}] weight_per_minute: expected 0 or more"
            raise ConfigError(msg)


def registry_of(settings: Settings) -> FactorRegistry:
    """Return the sources and factors that these settings ask for.

    Raises
    ------
    ConfigError
        If a factor file is wrong, or the polls would break an exchange's rate limit.

    """
    exf = settings.exf
    registry = load_registry(known_venues(), [Path(name).expanduser() for name in exf.factors])
    if exf.venues:
        registry = registry.only_venues(exf.venues)
    if exf.poll_period_s:
        registry = registry.with_period(exf.poll_period_s)
    hosts = hosts_of(settings)
    for name, (_, limit) in hosts.items():
        planned = sum(
            registry.endpoint(source).weight * 60 / source.period_s
            for source in registry.sources
            if source.venue == name
        )
        if limit is not None and planned > limit * USED_SHARE:
            msg = (
                f"{name}: the polls weigh {planned:,.0f} a minute, expected at most "
                f"{limit * USED_SHARE:,.0f} ({USED_SHARE:.0%} of the exchange's {limit:,.0f}): "
                "lengthen the periods of its sources"
            )
            raise ConfigError(msg)
    return registry


def hosts_of(settings: Settings) -> dict[str, tuple[str, float | None]]:
    """Return each venue's address and the rate limit to keep there; None: no limit."""
    hosts: dict[str, tuple[str, float | None]] = {}
    for name, venue in known_venues().items():
        own = settings.venues.get(name, VenueSettings())
        url = own.base_url or settings.exf.base_url
        limit = own.weight_per_minute or (None if url else venue.weight_per_minute)
        hosts[name] = (url or venue.base_url, limit)
    return hosts


def with_overrides(settings: Settings, **values: Any) -> Settings:
    """Return settings with the command line's options on top; None leaves one as it is."""
    given = {name: value for name, value in values.items() if value is not None}
    exf = {f.name: getattr(settings.exf, f.name) for f in fields(ExfSettings)}
    return Settings(exf=ExfSettings(**{**exf, **given}), venues=settings.venues)


def state_home() -> Path:
    """Return where a user's programs keep what should outlive them, such as logs."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
