"""RankScores: values as standard normal scores of their ranks among earlier values."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right, insort
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_NORMAL: Final = NormalDist()
_HASH_BYTES: Final = 8
_HASHES: Final = 2.0 ** (8 * _HASH_BYTES)


class RankScores:
    """Scores each new value by its rank among the backtest's values and those before it.

    If the new values come from the backtest's distribution, in any order, their ranks are
    independent and uniform, whatever that distribution is and however few values there are, so
    that the scores are independent and standard normal (V. Vovk, A. Gammerman, G. Shafer,
    *Algorithmic Learning in a Random World*, 2005, smoothed conformal p-values). What the
    backtest does not know about its own mean is thereby in the scores.

    Parameters
    ----------
    values : iterable of float
        The backtest's values.
    salt : str
        Decides how ties are broken, so that the same values have the same scores again.

    """

    def __init__(self, values: Iterable[float], salt: str) -> None:
        self._sorted: Final = sorted(values)
        self._salt: Final = salt
        self._taken = 0

    def score(self, value: float) -> float:
        """Return a value's score, and remember the value.

        Parameters
        ----------
        value : float
            Finite.

        """
        found = self._sorted
        below, upto = bisect_left(found, value), bisect_right(found, value)
        rank = below + self._uniform() * (upto - below + 1)
        insort(found, value)
        return _NORMAL.inv_cdf(rank / len(found))

    def _uniform(self) -> float:
        """Return the next number in the open interval from 0 to 1."""
        self._taken += 1
        text = f"{self._salt}/{self._taken}".encode()
        digest = hashlib.blake2b(text, digest_size=_HASH_BYTES).digest()
        return (int.from_bytes(digest) + 0.5) / (_HASHES + 1)
