"""SourceInstrument: the instrument that a source is about, given or found by its asset."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from adapters.exf.polling.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.exchanges.rest_venue import Endpoint
    from adapters.exf.reading.definition_reader import DefinitionReader
    from adapters.exf.registry.factor_registry import PolledSource

log: Final = logging.getLogger("exf")

LONGEST_WAIT_S: Final = 10.0
"""For the first answer to a request for definitions."""


class SourceInstrument:
    """Follow which instrument a source's asset is.

    Parameters
    ----------
    source : PolledSource
        The source.
    definition : DefinitionReader, optional
        Knows the venue's instruments.

    Attributes
    ----------
    symbol : str
        What the venue is asked about; empty: it lists nothing that is the source's asset, or is
        not known yet.
    units : float
        How many coins of the asset are one unit, of which the venue's prices are.
    problem : str
        Why there is no symbol.
    on_change : list of callable
        Called when the symbol is another one.

    """

    def __init__(self, source: PolledSource, definition: DefinitionReader | None) -> None:
        self.source: Final = source
        self.on_change: Final[list[Callable[[], None]]] = []
        self.symbol = "" if source.asset else source.symbol
        self.units = 1.0
        self.problem = f"the symbol of {source.asset} is not known yet" if source.asset else ""
        self._definition: Final = definition
        if source.asset and definition is not None:
            definition.on_change.append(self._look_up)

    async def wait(self, *, is_asked_about: bool) -> bool:
        """Wait until a request can be made, and return whether it could not before.

        Of an asset that is until its venue's definitions were asked for, at most ten seconds: if
        they cannot be had, the usual symbol counts.

        Parameters
        ----------
        is_asked_about : bool
            Whether the request names the symbol: then an asset that is not listed waits for a list
            that has it.

        """
        definition, has_waited = self._definition, False
        if not self.source.asset or definition is None:
            return False
        while definition.is_awaited or (is_asked_about and not self.symbol):
            has_waited = True
            try:
                limit_s = LONGEST_WAIT_S if definition.is_awaited else None
                await asyncio.wait_for(definition.changed(), limit_s)
            except TimeoutError:
                definition.wait_no_longer()
        return has_waited

    def _look_up(self) -> None:
        if self._definition is None:
            return
        before = self.symbol
        found = self._definition.find(self.source.asset, self.source.symbol)
        self.symbol, self.units, self.problem = found
        if self.symbol == before:
            return
        key = self.source.key
        if not self.symbol:
            log.warning("%s: %s", key, self.problem)
        elif before or self.symbol != self.source.symbol:
            log.info("%s: %s is %s", key, self.source.asset, self.symbol)
        for tell in self.on_change:
            tell()


class InstrumentRequest:
    """The request of a source, about its instrument of the moment.

    Parameters
    ----------
    endpoint : Endpoint
        The request's description.
    instrument : SourceInstrument
        What it is about, if it names a symbol.
    base_url : str
        Scheme and host.

    """

    def __init__(self, endpoint: Endpoint, instrument: SourceInstrument, base_url: str) -> None:
        self._endpoint: Final = endpoint
        self._instrument: Final = instrument
        self._base_url: Final = base_url
        self._symbol: str | None = None
        self._request: Request | None = None

    def now(self) -> Request:
        """Return the request; before the symbol is known, that about the usual one."""
        symbol = self._instrument.symbol or self._instrument.source.symbol
        if self._request is None or symbol != self._symbol:
            self._symbol = symbol
            self._request = Request.of(self._endpoint, symbol, self._base_url)
        return self._request

    async def wait(self) -> bool:
        """Wait until it can be made; return whether it could not."""
        return await self._instrument.wait(is_asked_about=self._endpoint.names_symbol)
