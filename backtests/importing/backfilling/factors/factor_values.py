"""FactorValues: the values that archives have for each factor, joined over files and ranges."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from adapters.command.durations import NEVER_NS
from backtests.importing.backfilling.factors.live_names import LiveFactor, LiveNames
from backtests.importing.content.publication import Publication

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.importing.backfilling.formats.archive_format import FieldSeries, Origin

_MADE_FIELDS: Final = (("basis_bps", "bps_over", ("mark_price", "index_price")),)
"""Fields that a live source makes of two others of its own: field, rule, fields."""
_HOLE: Final = 1.5
"""A value is missing where the next one is more than this many periods away."""


@dataclass
class _Parts:
    live: LiveFactor
    every_ns: int
    known: list[NDArray[np.int64]] = field(default_factory=list)
    values: list[NDArray[np.float64]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class BackfilledFactor:
    """A factor of one run.

    Attributes
    ----------
    live : LiveFactor
        Its name, unit and range.
    publication : Publication
        Its values, and when each is known.
    spans : list of tuple of int
        The first and the last instant of the values of each archive, UNIX nanoseconds.

    """

    live: LiveFactor
    publication: Publication
    spans: list[tuple[int, int]]


class FactorValues:
    """Gathers the values of archives by factor.

    Parameters
    ----------
    names : LiveNames
        The names of the live service; also an attribute.
    delays_ns : mapping of str to int
        Factor → the delay after the exchange's publication, nanoseconds, in place of the period
        at which the live source is polled.

    Attributes
    ----------
    outside : Counter
        How many values were outside their factor's range, by factor.
    repeated : Counter
        How many instants several archives had, by factor: the first archive's value was taken.
    unnamed : set of str
        The fields that have no factor.
    assets : list of str
        The assets of the archives.

    """

    def __init__(self, names: LiveNames, delays_ns: dict[str, int] | None = None) -> None:
        self.outside: Counter[str] = Counter()
        self.repeated: Counter[str] = Counter()
        self.unnamed: set[str] = set()
        self.assets: list[str] = []
        self.names: Final = names
        self._delays_ns: Final = delays_ns or {}
        self._parts: dict[str, _Parts] = {}
        self._sources: dict[tuple[str, str], None] = {}

    def add(self, origin: Origin, series: Sequence[FieldSeries]) -> list[str]:
        """Add the series of an archive; return the names of its factors."""
        asset = self.names.asset_of(origin.venue, origin.symbol)
        if asset and asset not in self.assets:
            self.assets.append(asset)
        found = []
        for one in series:
            lives = self._lives(one, origin, asset)
            if one.source:
                self._sources[one.source, origin.symbol] = None
            if not lives:
                self.unnamed.add(
                    f"{one.source or one.name} {one.field} of {origin.symbol}".strip()
                )
            for live in lives:
                if len(one.at_ns):
                    self._take(live, one)
                    found.append(live.name)
        return found

    def derived(self, assets: Sequence[str]) -> list[LiveFactor]:
        """Return the factors that the live service makes of others.

        Parameters
        ----------
        assets : sequence of str
            Of which assets, besides those of the archives.

        """
        made = [
            LiveFactor(
                name=live.name,
                unit=live.unit,
                low=live.low,
                high=live.high,
                rule=rule,
                inputs=tuple(found[0].name for found in inputs),
            )
            for source, symbol in self._sources
            for field, rule, fields in _MADE_FIELDS
            for live in self.names.of_field(source, field, symbol)
            if all(inputs := [self.names.of_field(source, f, symbol) for f in fields])
        ]
        return made + list(self.names.derived(list(dict.fromkeys([*assets, *self.assets]))))

    def factors(self) -> list[BackfilledFactor]:
        """Return every factor, its values in the order in which they are known."""
        return [self._joined(parts) for parts in self._parts.values()]

    def _lives(self, one: FieldSeries, origin: Origin, asset: str) -> list[LiveFactor]:
        if one.field and (found := self.names.of_field(one.source, one.field, origin.symbol)):
            return found
        name = one.name.replace("{asset_lc}", asset.lower()).replace(
            "{symbol_lc}", origin.symbol.lower().replace("-", "_")
        )
        if not name or (not asset and "{asset_lc}" in one.name):
            return []
        known = self.names.named(name, [asset] if asset else [])
        period_ns = self.names.period_ns_of(one.source)
        return [replace(known or LiveFactor(name=name, unit=one.unit), period_ns=period_ns)]

    def _take(self, live: LiveFactor, one: FieldSeries) -> None:
        delay_ns = self._delays_ns.get(live.name, live.period_ns)
        values = one.values
        is_outside = (values < live.low) | (values > live.high) | np.isinf(values)
        if is_outside.any():
            self.outside[live.name] += int(is_outside.sum())
            values = np.where(is_outside, np.nan, values)
        known = one.at_ns + delay_ns
        parts = self._parts.setdefault(live.name, _Parts(live, one.every_ns))
        parts.every_ns = max(parts.every_ns, one.every_ns)
        parts.known.append(known)
        parts.values.append(values)

    def _joined(self, parts: _Parts) -> BackfilledFactor:
        known = np.concatenate(parts.known)
        values = np.concatenate(parts.values)
        order = np.argsort(known, kind="stable")
        known, values = known[order], values[order]
        is_new = np.diff(known, prepend=known[0] - 1) > 0
        if not is_new.all():
            # Asked for more than once, counted once.
            self.repeated[parts.live.name] = int((~is_new).sum())
            known, values = known[is_new], values[is_new]
        spans = [(int(k[0]), int(k[-1])) for k in parts.known]
        publication = Publication(
            factor=parts.live.name,
            known=known,
            expires=_expires(known, parts.every_ns),
            values=values,
            every=None,
            missing=_missing(known, parts.every_ns),
        )
        return BackfilledFactor(live=parts.live, publication=publication, spans=spans)


def _expires(known: NDArray[np.int64], every_ns: int) -> NDArray[np.int64]:
    """Return until when each value is valid if no newer one comes: until the next was due."""
    expires = np.full(len(known), NEVER_NS)
    if every_ns:
        is_last = np.diff(known, append=NEVER_NS) > _HOLE * every_ns
        expires[is_last] = known[is_last] + every_ns
    return expires


def _missing(known: NDArray[np.int64], every_ns: int) -> int:
    if not every_ns or len(known) < 2:
        return 0
    distances = np.diff(known)
    holes = distances[distances > _HOLE * every_ns]
    return int((np.rint(holes / every_ns) - 1).sum())
