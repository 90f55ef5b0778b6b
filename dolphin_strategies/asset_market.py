"""AssetMarket: the market of an asset, found among the instruments that a venue lists."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALIASES: Final[Mapping[str, str]] = {"XBT": "BTC", "XDG": "DOGE"}
"""What some venues call an asset → what it is called here."""
_UNITS: Final = re.compile(r"(?P<many>10{2,7})|(?P<million>1M)|(?P<thousand>k)")
"""What stands before an asset of which many are one unit: 1000PEPE, 1MBABYDOGE, kPEPE."""
_UNITS_BEHIND: Final = re.compile(r"10{2,7}")
"""The same behind it: SHIB1000."""
_KINDS: Final[Mapping[str, str]] = {
    "CryptoPerpetual": "perpetual",
    "PerpetualContract": "perpetual",
    "CurrencyPair": "spot",
}
"""The class of a Nautilus instrument → the kind of its market."""


class Listed(NamedTuple):
    """One instrument of a venue."""

    name: str
    """Its symbol, or Nautilus's id of it."""
    base: str
    """What is traded, in the venue's own word: BTC, XBT, 1000PEPE."""
    quote: str
    is_open: bool = True
    is_inverse: bool = False


class FoundMarket(NamedTuple):
    """The instrument of an asset."""

    name: str
    units: float
    """How many coins of the asset one unit of its base is, of which its prices are: 1000."""


class AssetMarket(NamedTuple):
    """Which market of an asset is meant at a venue.

    Attributes
    ----------
    asset : str
        The coin, such as BTC.
    kind : str
        ``"perpetual"`` or ``"spot"``.
    quotes : tuple of str
        The currencies that its price may be in, the preferred first.
    usual : str
        What the venue usually calls it, which decides between equals.

    """

    asset: str
    kind: str
    quotes: tuple[str, ...]
    usual: str = ""

    def among(self, listed: Iterable[Listed]) -> FoundMarket | None:
        """Return the asset's market among those of its kind; None: there is none.

        An open one goes before a closed one, then the order of ``quotes`` counts, then coins
        before thousands of coins, then linear before inverse contracts.
        """
        ranks = {quote: i for i, quote in enumerate(self.quotes)}
        coin = ALIASES.get(self.asset, self.asset)
        best: tuple[Any, ...] | None = None
        for row in listed:
            rank = ranks.get(row.quote)
            if rank is None:
                continue
            units = units_of(row.base, coin)
            if not units:
                continue
            name = row.name
            key = (
                not row.is_open, rank, units != 1, row.is_inverse, name != self.usual, name, units
            )  # fmt: skip
            if best is None or key < best:
                best = key
        return None if best is None else FoundMarket(best[-2], best[-1])

    def why_missing(self, listed: Iterable[Listed]) -> str:
        """Return the sentence that there is none, with the nearest asset that there is."""
        bases = sorted({row.base for row in listed if row.quote in self.quotes})
        near = get_close_matches(self.asset, bases, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"no {self.kind} of {self.asset} in {' or '.join(self.quotes)} is listed{hint}"


def units_of(base: str, asset: str) -> float:
    """Return how many coins of an asset one unit of a base is; 0: it is of another asset.

    Parameters
    ----------
    base : str
        What an instrument trades, in the venue's word.
    asset : str
        The coin, by no alias.

    Notes
    -----
    Binance and Bybit write 1000PEPE, 1000000MOG, 1MBABYDOGE and SHIB1000, Hyperliquid kPEPE.

    """
    if base == asset or ALIASES.get(base) == asset:
        return 1.0
    if base.endswith(asset):
        found = _UNITS.fullmatch(base, 0, len(base) - len(asset))
        if found:
            many = found["many"]
            return float(many) if many else 1e6 if found["million"] else 1e3
    if base.startswith(asset) and _UNITS_BEHIND.fullmatch(base, len(asset)):
        return float(base[len(asset) :])
    return 0.0


def listed_of(instruments: Iterable[Any], kind: str) -> list[Listed]:
    """Return those of Nautilus's instruments that are of a kind.

    Parameters
    ----------
    instruments : iterable of Instrument
        What a venue's data client, or a catalog, has.
    kind : str
        ``"perpetual"`` or ``"spot"``.

    """
    return [
        Listed(
            str(instrument.id),
            _base_of(instrument),
            str(instrument.quote_currency),
            is_inverse=bool(instrument.is_inverse),
        )
        for instrument in instruments
        if _KINDS.get(type(instrument).__name__) == kind
    ]


def _base_of(instrument: Any) -> str:
    """Return what an instrument trades; of a pair such as SOL/USD what stands before the stroke.

    Kraken's client names some currencies by Kraken's internal codes (2.0.0rc7).
    """
    symbol = str(instrument.id.symbol)
    pair, stroke, _ = symbol.partition("/")
    return pair if stroke else str(instrument.base_currency)
