"""RestVenue: the description of an exchange by which it is polled and its answers are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


type Parser = Callable[[Any, str], Reading]
"""Parsed JSON and a symbol → a reading. Pure; raises BadBodyError."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One request of an exchange's public API.

    Attributes
    ----------
    path : str
        The path after the venue's base URL; ``{symbol}`` stands for the symbol.
    parse : callable
        Converts the body into a reading.
    fields : mapping of str to str
        The fields that ``parse`` returns: field → meaning with unit.
    query : mapping of str to str
        Query parameters; ``{symbol}``, ``{now_ms}`` and ``{hour_ago_ms}`` are filled in.
    json : mapping of str to str, optional
        For a POST: the members of the body, filled in likewise.
    weight : float
        The cost of a request in units of the exchange's rate limit.

    """

    path: str
    parse: Parser
    fields: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, str] | None = None
    weight: float = 1.0


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
        The exchange's limit for one address per minute, in the units of ``Endpoint.weight``.
    documentation : str
        Where the exchange describes the bodies.
    endpoints : mapping of str to Endpoint
        The endpoints by the names that the registry uses.

    """

    name: str
    base_url: str
    weight_per_minute: float
    documentation: str
    endpoints: Mapping[str, Endpoint]
