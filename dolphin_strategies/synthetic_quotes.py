"""The synthetic quote around a last price: a pure function of spread and imbalance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

SPREAD: Final = "spread"
IMBALANCE: Final = "imbal_btc"
DEFAULT_SPREAD_BPS: Final = 5.0
DEFAULT_IMBALANCE: Final = 0.0
IMBALANCE_WEIGHT: Final = 0.1


class SyntheticQuote(NamedTuple):
    """A bid and an ask that no venue quotes."""

    bid: float
    ask: float

    @property
    def fair_price(self) -> float:
        """The middle of bid and ask."""
        return (self.bid + self.ask) / 2


def synthetic_quote(
    last_price: float,
    spread_bps: float = DEFAULT_SPREAD_BPS,
    imbalance: float = DEFAULT_IMBALANCE,
) -> SyntheticQuote | None:
    """Return the quote around a last price.

    ``half = spread / 10000 / 2``, ``bid = last * (1 - half * (1 - imbalance * 0.1))``,
    ``ask = last * (1 + half * (1 + imbalance * 0.1))``: a positive imbalance (more bids than
    asks) shifts both up.

    Parameters
    ----------
    last_price : float
        The newest real price, above 0.
    spread_bps : float
        Full spread in basis points of the price, at least 0.
    imbalance : float
        Order-book imbalance from -1 (only asks) to 1 (only bids).

    Returns
    -------
    SyntheticQuote or None
        None if an argument is NaN or out of its range.

    """
    if not (0 < last_price < math.inf and 0 <= spread_bps < 10_000 and -1 <= imbalance <= 1):
        return None
    half = spread_bps / 10_000 / 2
    return SyntheticQuote(
        bid=last_price * (1 - half * (1 - imbalance * IMBALANCE_WEIGHT)),
        ask=last_price * (1 + half * (1 + imbalance * IMBALANCE_WEIGHT)),
    )


def synthetic_quote_of(factors: Mapping[str, float], last_price: float) -> SyntheticQuote | None:
    """Return the quote around a last price by the factors ``spread`` and ``imbal_btc``.

    Parameters
    ----------
    factors : mapping of str to float
        Such as ExternalFactors. A name that is absent takes its default; NaN does not.
    last_price : float
        The newest real price, above 0.

    Returns
    -------
    SyntheticQuote or None
        None if the price or a factor is NaN or out of its range.

    """
    return synthetic_quote(
        last_price,
        factors.get(SPREAD, DEFAULT_SPREAD_BPS),
        factors.get(IMBALANCE, DEFAULT_IMBALANCE),
    )
