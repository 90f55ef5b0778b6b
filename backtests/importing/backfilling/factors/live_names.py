"""LiveNames: the factor names, units, ranges and periods that the registry has for a field."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.command.settings_file import from_table, read_tables
from adapters.exchanges import known_venues
from adapters.exf.registry.factor_tables import limits_of, name_of
from adapters.exf.registry.placeholders import Placeholders
from adapters.exf.registry.registry_file import PACKAGED, RegistryTables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from adapters.exf.registry.factor_tables import DerivedFactorTable, SourceTable


@dataclass(frozen=True, kw_only=True)
class LiveFactor:
    """A factor as the live service has it.

    Attributes
    ----------
    name, unit : str
        For the user; a name that begins with ``_`` is not published.
    low, high : float
        The valid range; a value outside becomes NaN.
    period_ns : int
        How often the live source is polled, nanoseconds: a value is seen that late.
    rule : str
        Of a derived factor: how it is made of others; else empty.
    inputs : tuple of str
        Those others.

    """

    name: str
    unit: str
    low: float = -math.inf
    high: float = math.inf
    period_ns: int = 0
    rule: str = ""
    inputs: tuple[str, ...] = ()


class LiveNames:
    """The registry's tables, for any asset.

    A table holds for the assets that it lists; the names of others are made by the same patterns.

    Parameters
    ----------
    more : sequence of Path
        The user's own factor files.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """

    def __init__(self, more: Sequence[Path] = ()) -> None:
        self._sources: list[SourceTable] = []
        self._derived: dict[str, DerivedFactorTable] = {}
        for path in (*PACKAGED, *more):
            tables = from_table(RegistryTables, read_tables(path), str(path))
            self._sources = [*tables.source, *self._sources]
            self._derived |= tables.derived

    def asset_of(self, venue: str, symbol: str) -> str:
        """Return the asset of a symbol, such as BTC; empty if its venue has no such symbols."""
        known = known_venues().get(venue)
        if known is None or known.symbols is None:
            return ""
        before, _, after = known.symbols.pattern.partition("{asset}")
        found = next((a for a, s in known.symbols.exceptions.items() if s == symbol), "")
        asset = found or symbol.removeprefix(before).removesuffix(after)
        return asset if known.symbols.of(asset) == symbol else ""

    def of_field(self, source: str, field: str, symbol: str) -> list[LiveFactor]:
        """Return the factors of a field of a source.

        Parameters
        ----------
        source : str
            Venue and endpoint, ``binance_usdm/open_interest``.
        field : str
            The endpoint's field.
        symbol : str
            The venue's symbol; empty for a source without symbols.

        """
        venue, _, endpoint = source.partition("/")
        found: dict[str, LiveFactor] = {}
        for table in self._sources:
            if (table.venue, table.endpoint) != (venue, endpoint):
                continue
            asset = self._asset(table, symbol)
            if asset is None:
                continue
            for factor in table.factors.values():
                if factor.field != field or _leaves_out(factor, table, asset):
                    continue
                live = _live(factor, Placeholders(asset, symbol), table.period_s)
                found.setdefault(live.name, live)
        return list(found.values())

    def period_ns_of(self, source: str) -> int:
        """Return how often a source is polled, nanoseconds; 0 if there is none of the name."""
        for table in self._sources:
            if f"{table.venue}/{table.endpoint}" == source:
                return round(table.period_s * 1e9)
        return 0

    def derived(self, assets: Sequence[str]) -> Iterator[LiveFactor]:
        """Yield the factors that are made of others, of these assets and of no single one."""
        for table in self._derived.values():
            is_of_assets = "{asset" in table.name
            for asset in dict.fromkeys([*table.assets, *assets]) if is_of_assets else [""]:
                if is_of_assets and asset not in assets:
                    continue
                placeholders = Placeholders(asset)
                live = _live(table, placeholders, 0.0)
                inputs = tuple(map(placeholders.fill, table.of))
                yield LiveFactor(**{**vars(live), "rule": table.rule, "inputs": inputs})

    def named(self, name: str, assets: Sequence[str]) -> LiveFactor | None:
        """Return the derived factor of a name; None if there is none."""
        return next((live for live in self.derived(assets) if live.name == name), None)

    def _asset(self, table: SourceTable, symbol: str) -> str | None:
        """Return the asset of a symbol in a table; None if the table is not for it."""
        if table.symbol or not table.assets:
            return "" if table.symbol == symbol else None
        given = next((a for a, s in table.symbols.items() if s == symbol), "")
        if given:
            return given
        venue = known_venues()[table.venue]
        pattern = venue.endpoints[table.endpoint].symbols or venue.symbols
        if pattern is None:
            return None
        before, _, after = pattern.pattern.partition("{asset}")
        asset = next((a for a, s in pattern.exceptions.items() if s == symbol), "")
        asset = asset or symbol.removeprefix(before).removesuffix(after)
        # Hyperliquid's symbols are the assets; a listed one is never mistaken.
        return asset if asset and pattern.of(asset) == symbol else None


def _leaves_out(factor: Any, table: SourceTable, asset: str) -> bool:
    """Return whether a factor of a table is of other assets only."""
    if not asset or asset in (factor.assets or table.assets):
        return False
    return "{asset" not in factor.name


def _live(factor: Any, placeholders: Placeholders, period_s: float) -> LiveFactor:
    try:
        low, high = limits_of(factor.range, placeholders.asset)
    except ValueError:  # limits of each asset, without this one's
        low, high = -math.inf, math.inf
    return LiveFactor(
        name=name_of(factor.name, placeholders),
        unit=placeholders.fill(factor.unit),
        low=low,
        high=high,
        period_ns=round(period_s * 1e9),
    )
