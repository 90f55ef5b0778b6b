"""AssetInstruments: which of the instruments that are listed the assets of specs are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.asset_market import AssetMarket, listed_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from dolphin_strategies.asset_market import Listed
    from dolphin_strategies.computed.factor_set import ComputedFactors


class AssetInstruments:
    """Tell computed factors which instruments stand for their assets.

    Parameters
    ----------
    factors : ComputedFactors
        The factors.

    Attributes
    ----------
    problems : dict of str to str
        The id that a spec names → why none is listed for its asset.

    """

    def __init__(self, factors: ComputedFactors) -> None:
        self._factors: Final = factors
        self.wanted: Final[dict[str, AssetMarket]] = {
            named: AssetMarket(*market)
            for spec in factors.specs
            for named, market in zip(spec.instruments, spec.assets, strict=False)
            if market is not None
        }
        self.problems: Final[dict[str, str]] = {}

    def find(self, instruments: Collection[Any], undefined: Collection[str] = ()) -> None:
        """Look the assets up among instruments.

        Parameters
        ----------
        instruments : collection of Instrument
            Nautilus's definitions. Assets at venues of which there is none keep what was found.
        undefined : collection of str
            Ids of which there are data and no definition; a spec that names one means it.

        """
        if not self.wanted:
            return
        by_id = {str(instrument.id): instrument for instrument in instruments}
        venues = {_venue_of(name) for name in by_id}
        listed: dict[tuple[str, str], list[Listed]] = {}
        for kind in {market.kind for market in self.wanted.values()}:
            for row in listed_of(instruments, kind):
                listed.setdefault((kind, _venue_of(row.name)), []).append(row)
        for named, market in self.wanted.items():
            venue = _venue_of(named)
            if venue not in venues or named in undefined:
                continue
            of_venue = listed.get((market.kind, venue), [])
            best = market.among(of_venue)
            if best is None:
                self.problems[named] = market.why_missing(of_venue)
                continue
            self.problems.pop(named, None)
            instrument = by_id[best.name]
            if self._factors.actual(named) != instrument.id:
                self._factors.follow(named, instrument, best.units)


def _venue_of(instrument: str) -> str:
    return instrument.rpartition(".")[2]
