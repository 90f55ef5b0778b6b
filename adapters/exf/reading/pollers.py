"""The pollers of a registry: one for each request, with a reader for each source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.exchanges.venues.clock import CLOCK_URL
from adapters.exf.polling.poller import RequestPoller
from adapters.exf.polling.request import FixedRequest, Request
from adapters.exf.reading.clock_fetcher import ClockFetcher
from adapters.exf.reading.definition_reader import DefinitionReader
from adapters.exf.reading.source_instrument import InstrumentRequest, SourceInstrument
from adapters.exf.reading.source_reader import SourceReader

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Mapping

    from adapters.exf.polling.http_client import Fetcher
    from adapters.exf.polling.venue_host import VenueHost
    from adapters.exf.reading.source_reader import OnBadBody, OnReading
    from adapters.exf.registry.factor_registry import FactorRegistry

DEFINITIONS_DEADLINE_S: Final = 5.0
DEFINITIONS_LARGEST_BODY: Final = 32_000_000
"""Binance's list of all instruments has more than a megabyte, and grows."""


class Pollers(NamedTuple):
    """What is polled, and what reads the answers."""

    pollers: tuple[RequestPoller, ...]
    sources: tuple[SourceReader, ...]
    definitions: tuple[DefinitionReader, ...]
    requests: Mapping[str, InstrumentRequest]
    """The key of a source → what is polled for it."""


def pollers_of(  # noqa: PLR0913 - the parts of the service by name
    registry: FactorRegistry,
    fetcher: Fetcher,
    hosts: Mapping[str, VenueHost],
    lateness_s: deque[float],
    *,
    on_reading: OnReading,
    on_bad_body: OnBadBody,
    trusts_exchange_time: bool,
    definition_period_s: float,
) -> Pollers:
    """Make the pollers of a registry.

    Parameters
    ----------
    registry : FactorRegistry
        The sources.
    fetcher : Fetcher
        Sends the requests.
    hosts : mapping of str to VenueHost
        Venue → its host.
    lateness_s : deque of float
        Receives how late each poll began, seconds.
    on_reading, on_bad_body, trusts_exchange_time
        See :class:`SourceReader`.
    definition_period_s : float
        How often the definitions of instruments are asked for, seconds.

    Returns
    -------
    Pollers
        Sources whose request is the same share a poller, at the shortest of their periods.

    """
    definitions: dict[str, DefinitionReader] = {}
    pollers: list[RequestPoller] = []
    for key, (venue, name, symbol) in registry.definitions().items():
        description = registry.venues[venue].definitions[name]
        definitions[key] = DefinitionReader(key, description)
        asked = description.about(symbol)
        pollers.append(
            RequestPoller(
                name=key,
                request=FixedRequest(Request.of(asked, symbol, hosts[venue].base_url)),
                weight=asked.weight,
                period_s=definition_period_s,
                host=hosts[venue],
                fetcher=fetcher,
                readers=[definitions[key]],
                lateness_s=lateness_s,
                deadline_s=DEFINITIONS_DEADLINE_S,
                largest_body=DEFINITIONS_LARGEST_BODY,
            )
        )
    readers: list[SourceReader] = []
    clock = ClockFetcher()
    requests: dict[str, InstrumentRequest] = {}
    for group in registry.requests():
        first = group[0]
        endpoint, host = registry.endpoint(first), hosts[first.venue]
        of = {s.key: definitions.get(registry.definition_key(s)) for s in group}
        instruments = [SourceInstrument(source, of[source.key]) for source in group]
        request = InstrumentRequest(endpoint, instruments[0], host.base_url)
        own = [
            SourceReader(
                instrument=instrument,
                endpoint=endpoint,
                skew=host.skew,
                definition=of[instrument.source.key],
                on_reading=on_reading,
                on_bad_body=on_bad_body,
                trusts_exchange_time=trusts_exchange_time,
            )
            for instrument in instruments
        ]
        readers += own
        requests |= {source.key: request for source in group}
        is_clock = host.base_url == CLOCK_URL
        pollers.append(
            RequestPoller(
                name=first.key,
                request=request,
                weight=endpoint.weight,
                period_s=min(source.period_s for source in group),
                host=host,
                fetcher=clock if is_clock else fetcher,
                readers=own,
                lateness_s=lateness_s,
            )
        )
    return Pollers(tuple(pollers), tuple(readers), tuple(definitions.values()), requests)
