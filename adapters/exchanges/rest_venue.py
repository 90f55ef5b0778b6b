"""RestVenue: the description of an exchange by which it is polled and its answers are read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dolphin_strategies.errors import DolphinError


class BadBodyError(DolphinError):
    """An answer differs from the exchange's documentation: none of its values are used."""


class RateLimitedError(BadBodyError):
    """An answer with a success status reports that this address sends too many requests."""


class Reading(NamedTuple):
    """The values of one answer."""

    values: dict[str, float]
    """Each field that the endpoint declares; NaN where the body has no usable number."""
    ts_event_ns: int = 0
    """The exchange's own time of the values, UNIX nanoseconds; 0 if it gives none."""
    server_ns: int = 0
    """The exchange's clock when it answered, UNIX nanoseconds; 0 if the body does not give it."""
    problems: tuple[str, ...] = ()
    """Why some of the values are NaN, where a reason is known."""
    closed: str = ""
    """Why the instrument is not traded, which makes every value NaN; empty: it is, or unknown."""

    def unless_closed(self, closed: str) -> Reading:
        """Return this reading, or one without values if there is a reason in ``closed``."""
        if not closed:
            return self
        return self._replace(values=dict.fromkeys(self.values, math.nan), closed=closed)


class Instrument(NamedTuple):
    """What an exchange's definition of an instrument states that its market data do not."""

    contract: float = 1.0
    """What a size of 1 stands for: an amount of the base currency; inverse: of the quote one."""
    closed: str = ""
    """Why it is not traded; empty: it is."""
    base: str = ""
    """The asset that it trades, in the venue's word; empty: assets are not looked up here."""
    quote: str = ""
    """The currency of its price."""
    is_inverse: bool = False
    """Whether it is worth a fixed amount of the quote currency."""


class MarketRule(NamedTuple):
    """Which market of an asset is a venue's main one."""

    kind: str
    """``"perpetual"`` or ``"spot"``."""
    quotes: tuple[str, ...]
    """The currencies that its price may be in, the preferred first."""


type Parser = Callable[[Any, str], Reading]
"""Parsed JSON and a symbol → a reading. Pure; raises BadBodyError."""
type DefinitionParser = Callable[[Any], Mapping[str, Instrument]]
"""Parsed JSON → symbol → its instrument. Pure; raises BadBodyError."""


class SymbolPattern(NamedTuple):
    """How a venue usually makes the symbol of an asset."""

    pattern: str
    """The symbol; ``{asset}`` stands for the asset, such as BTC."""
    exceptions: Mapping[str, str] = {}
    """Asset → its symbol, where the pattern does not hold."""

    def of(self, asset: str) -> str:
        """Return the symbol of an asset."""
        return self.exceptions.get(asset) or self.pattern.replace("{asset}", asset)

    def makes(self, symbol: str) -> bool:
        """Return whether this is how the venue makes the symbol of some asset."""
        before, _, after = self.pattern.partition("{asset}")
        rest = symbol.removeprefix(before).removesuffix(after)
        return symbol in self.exceptions.values() or (rest != "" and self.of(rest) == symbol)


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """One request of an exchange's public API.

    Attributes
    ----------
    path : str
        The path after the venue's base URL; ``{symbol}`` stands for the symbol.
    query : mapping of str to str
        Query parameters; ``{symbol}``, ``{now_ms}`` and ``{hour_ago_ms}`` are filled in.
    json : mapping of str to str, optional
        For a POST: the members of the body, filled in likewise.
    weight : float
        The cost of a request in units of the exchange's rate limit.

    """

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, str] | None = None
    weight: float = 1.0

    @property
    def names_symbol(self) -> bool:
        """Whether the request is about one symbol; else one answer is about all."""
        templates = (self.path, *self.query.values(), *(self.json or {}).values())
        return any("{symbol}" in template for template in templates)


@dataclass(frozen=True, kw_only=True)
class Definitions(ApiRequest):
    """The request for the definitions of instruments.

    Attributes
    ----------
    parse : callable
        Converts the body into instruments; a symbol without one is not listed.
    symbols : str
        A regular expression of the symbols that the answer can define.
    whole : ApiRequest, optional
        The request for those of all symbols, if this one names a symbol.
    market : MarketRule, optional
        The market of an asset among them; None: assets are not looked up in the answer.

    """

    parse: DefinitionParser
    symbols: str = ".+"
    whole: ApiRequest | None = None
    market: MarketRule | None = None

    @property
    def finds_assets(self) -> bool:
        """Whether the symbol of an asset can be looked up."""
        return self.market is not None and (self.whole is not None or not self.names_symbol)

    def about(self, symbol: str) -> ApiRequest:
        """Return the request for the definition of a symbol; empty: for those of all."""
        return self if symbol or self.whole is None else self.whole


@dataclass(frozen=True, kw_only=True)
class Endpoint(ApiRequest):
    """One request for values.

    Attributes
    ----------
    parse : callable
        Converts the body into a reading.
    fields : mapping of str to str
        The fields that ``parse`` returns: field → meaning with unit.
    definitions : tuple of str
        The venue's definitions of which one states whether the symbol is traded; none if the
        values are of no single instrument, or the answer itself states it.
    contract_fields : collection of str
        Fields that ``parse`` returns for contracts of 1, to be multiplied by the contract's size.
    symbols : SymbolPattern, optional
        How the symbol of an asset is made, if not in the venue's way.

    """

    parse: Parser
    fields: Mapping[str, str]
    definitions: tuple[str, ...] = ()
    contract_fields: Collection[str] = ()
    symbols: SymbolPattern | None = None

    def in_coins(self, values: Mapping[str, float], units: float) -> dict[str, float]:
        """Return values of an instrument whose unit is many coins as values of one coin.

        Parameters
        ----------
        values : mapping of str to float
            The fields; prices are divided, amounts of the base currency multiplied, others stay.
        units : float
            How many coins a unit is.

        """
        return {
            name: value / units
            if is_price(name)
            else value * units
            if self.fields[name].startswith("base currency")
            else value
            for name, value in values.items()
        }


def is_price(field_name: str) -> bool:
    """Return whether a field is a price of one unit, by its name."""
    return field_name in {"mid", "microprice"} or field_name.endswith("_price")


@dataclass(frozen=True, kw_only=True)
class RestVenue:
    """An exchange's public API.

    Attributes
    ----------
    name : str
        Its name in the registry.
    base_url : str
        Scheme and host.
    weight_per_minute : float
        The exchange's limit for one address per minute, in the units of ``ApiRequest.weight``.
    documentation : str
        Where the exchange describes the bodies.
    endpoints : mapping of str to Endpoint
        The endpoints by the names that the registry uses; none if it is only streamed.
    definitions : mapping of str to Definitions
        The requests for its instruments' definitions.
    symbols : SymbolPattern, optional
        How the symbol of an asset is usually made, which is used while no definition is known.
    instruments : SymbolPattern, optional
        NautilusTrader's usual id of an asset's instrument, where it has a data client.
    market : MarketRule, optional
        The market of an asset among the instruments of that data client.

    """

    name: str
    base_url: str
    weight_per_minute: float
    documentation: str
    endpoints: Mapping[str, Endpoint]
    definitions: Mapping[str, Definitions] = field(default_factory=dict)
    symbols: SymbolPattern | None = None
    instruments: SymbolPattern | None = None
    market: MarketRule | None = None

    def symbol_of(self, endpoint: Endpoint, asset: str) -> str:
        """Return the symbol of an asset at an endpoint; empty if it takes none."""
        pattern = endpoint.symbols or self.symbols
        return pattern.of(asset) if pattern else ""

    def definitions_of(self, endpoint: Endpoint, symbol: str) -> str:
        """Return the name of the definitions of a symbol at an endpoint; empty: there are none."""
        for name in endpoint.definitions:
            if re.fullmatch(self.definitions[name].symbols, symbol):
                return name
        return ""
