"""Placeholders: what stands for an asset in the texts of a table that is for several."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from dolphin_strategies.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACEHOLDER: Final = re.compile(r"\{(\w*)\}")


class Placeholders(NamedTuple):
    """The values of one asset.

    Attributes
    ----------
    asset : str
        ``{asset}``, such as BTC, and ``{asset_lc}``, the same in lower case; empty: there are
        none, because the table has no assets.
    symbol : str
        ``{symbol}``, the venue's symbol or the instrument; empty: there is none.

    """

    asset: str = ""
    symbol: str = ""

    def fill(self, text: str) -> str:
        """Return a text with the values in it.

        Raises
        ------
        ValueError
            If it has a placeholder that there is not.

        """
        values = {"symbol": self.symbol} if self.symbol else {}
        if self.asset:
            values |= {"asset": self.asset, "asset_lc": self.asset.lower()}

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name not in values:
                known = ", ".join(f"{{{known}}}" for known in values) or "none without assets"
                near = did_you_mean(name, values)
                msg = f"placeholders: expected {known}, found {{{name}}}{near}"
                raise ValueError(msg)
            return values[name]

        return PLACEHOLDER.sub(value, text)


def assets_of(own: list[str], of_table: Iterable[str]) -> list[str]:
    """Return the assets of a factor, which may be some of its table's.

    Raises
    ------
    ValueError
        If one is not among them, with the nearest.

    """
    known = list(of_table)
    for asset in own:
        if asset not in known:
            msg = f"assets: {asset!r} is none of the table's{did_you_mean(asset, known)}"
            raise ValueError(msg)
    return own or known
