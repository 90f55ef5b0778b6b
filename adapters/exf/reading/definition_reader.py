"""DefinitionReader: reads the definitions of instruments, which make values usable or not."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.rest_venue import BadBodyError, RateLimitedError
from adapters.exf.polling.source_health import SourceHealth
from dolphin_strategies.asset_market import AssetMarket, Listed
from dolphin_strategies.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from adapters.exchanges.rest_venue import Definitions, Instrument
    from adapters.exf.polling.http_client import Answer

log: Final = logging.getLogger("exf")

type Symbol = tuple[str, float, str]
"""A symbol, how many coins its unit is, and why there is no symbol."""

LOGGED_FAILURES: Final = 3
"""So many failures in a row are logged; fewer may be chance."""


class DefinitionReader:
    """Keep the newest definitions that a request brought.

    Parameters
    ----------
    key : str
        Its name in ``status``.
    definitions : Definitions
        The request's description.

    Attributes
    ----------
    on_change : list of callable
        Called when an answer differs from the one before.

    Notes
    -----
    Values wait for the first answer. If that fails they are usable, without a contract: an
    exchange that answers about prices and not about definitions has not closed its markets. What
    was known once stays known while later requests fail.

    """

    def __init__(self, key: str, definitions: Definitions) -> None:
        self.key: Final = key
        self.health: Final = SourceHealth()
        self._definitions: Final = definitions
        self.on_change: Final[list[Callable[[], None]]] = []
        self._instruments: Mapping[str, Instrument] | None = None
        self._listed: list[Listed] | None = None
        self._unlisted: dict[str, str] = {}
        self._found: dict[tuple[str, str], Symbol] = {}
        self._is_overdue = False
        self._next_change: Final = asyncio.Event()

    def failed(self, kind: str, text: str, body: bytes = b"") -> None:
        """Count a poll that brought no definitions."""
        self.health.failed(kind, text, body)
        if self.health.failures == LOGGED_FAILURES:
            log.warning("%s: no definitions: %s", self.key, self.health.last_error)
        if self._instruments is None and self.health.failures == 1 and not self._is_overdue:
            self._changed()

    def read(self, body: Any, answer: Answer) -> bool:
        """Read parsed JSON; return whether it has definitions.

        Raises
        ------
        RateLimitedError
            If the body reports that this address sends too many requests.

        """
        try:
            found = self._definitions.parse(body)
        except RateLimitedError:
            raise
        except BadBodyError as error:
            self.failed("bad_body", str(error), answer.body)
            return False
        except Exception as error:  # noqa: BLE001 - one venue's mistake must not end the others
            self.failed("parser", f"{type(error).__name__}: {error}", answer.body)
            return False
        if self.health.failures >= LOGGED_FAILURES:
            log.warning("%s: definitions again", self.key)
        self.health.succeeded(answer.latency_ns, 0)
        if found != self._instruments:
            self._instruments = found
            self._listed = None
            self._unlisted.clear()
            self._found.clear()
            self._changed()
        return True

    def _changed(self) -> None:
        for tell in self.on_change:
            tell()
        self._next_change.set()
        self._next_change.clear()

    async def changed(self) -> None:
        """Wait until an answer differs from the one before, or the first request fails."""
        await self._next_change.wait()

    @property
    def is_awaited(self) -> bool:
        """Whether the first request has neither been answered nor failed."""
        is_open = not self.health.failures and not self._is_overdue
        return self._instruments is None and is_open

    def wait_no_longer(self) -> None:
        """Count the first request as one that failed, if it has not been answered."""
        if self.is_awaited:
            self._is_overdue = True
            self._changed()

    def why_unusable(self, symbol: str) -> str:
        """Return why values of an instrument cannot be used now; empty if they can."""
        if self._instruments is None:
            return f"the definition of {symbol} is not known yet" if self.is_awaited else ""
        instrument = self._instruments.get(symbol)
        if instrument is None:
            # An answer about others to a question about one may use another name for it.
            is_unclear = self._definitions.names_symbol and self._instruments
            return "" if is_unclear else self._why_unlisted(symbol, self._instruments)
        return f"{symbol} is not traded: {instrument.closed}" if instrument.closed else ""

    def _why_unlisted(self, symbol: str, listed: Iterable[str]) -> str:
        """Return the reason with the nearest symbol, which takes long to find, once."""
        if symbol not in self._unlisted:
            near = did_you_mean(symbol, listed)
            self._unlisted[symbol] = f"{symbol} is not traded: the exchange does not list it{near}"
        return self._unlisted[symbol]

    @property
    def is_assumed(self) -> bool:
        """Whether usual symbols are used because there was no answer yet."""
        return self._instruments is None and not self.is_awaited

    def find(self, asset: str, usual: str) -> Symbol:
        """Return the symbol of an asset among the instruments.

        Parameters
        ----------
        asset : str
            The coin.
        usual : str
            What the venue usually calls its market: the answer as long as definitions cannot be
            had, and if they do not state what an instrument trades.

        """
        if self.is_awaited:
            return "", 1.0, f"the symbol of {asset} is not known yet"
        if self._instruments is None:
            return usual, 1.0, ""
        found = self._found.get((asset, usual))
        if found is None:
            found = self._found[asset, usual] = self._looked_up(asset, usual, self._instruments)
        return found

    def _looked_up(self, asset: str, usual: str, instruments: Mapping[str, Instrument]) -> Symbol:
        market = self._definitions.market
        if market is None:
            return usual, 1.0, ""
        if self._listed is None:
            self._listed = [
                Listed(name, i.base, i.quote, not i.closed, i.is_inverse)
                for name, i in instruments.items()
                if i.base
            ]
        wanted = AssetMarket(asset, market.kind, market.quotes, usual)
        found = wanted.among(self._listed)
        if found is not None:
            return found.name, found.units, ""
        if usual in instruments and not instruments[usual].base:
            return usual, 1.0, ""
        return "", 1.0, wanted.why_missing(self._listed)

    def contract(self, symbol: str) -> tuple[float, str]:
        """Return the contract size of an instrument; NaN with a reason if it is not known."""
        instrument = (self._instruments or {}).get(symbol)
        if instrument is None:
            why = self.health.last_error or "not in its answer"
            return math.nan, f"the contract size of {symbol} is not known: {self.key}: {why}"
        if math.isnan(instrument.contract):
            return math.nan, f"the definition of {symbol} gives no contract size"
        return instrument.contract, ""
