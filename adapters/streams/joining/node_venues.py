"""NodeVenues: the venues whose data a node's computed factors are made of."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from adapters.computing.computing_actor import ComputingActorConfig
from adapters.streams.hosting.health.stream_health import StreamHealth
from adapters.streams.hosting.stream_actor import StreamActor
from adapters.streams.joining.client_naming import ClientNaming
from adapters.streams.joining.log_lines import LogLines
from adapters.streams.joining.venue_check import refused_venues
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.observation import observe

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from nautilus_trader.model import ClientId

    from adapters.computing.evaluation import RecordSink
    from adapters.streams.hosting.venue_link import VenueLink
    from adapters.streams.joining.log_lines import LogLine
    from adapters.streams.joining.venue_check import StartTrial
    from adapters.streams.stream_venue import StreamVenue
    from dolphin_strategies.computed.inputs import Input
    from dolphin_strategies.computed.spec import ComputedSpec
    from dolphin_strategies.factor_strategy import FactorStrategy

NETWORK_MODULE: Final = "nautilus_network"
"""What every client's connection logs under. It does not say whose it is."""


class NodeVenues:
    """What a node computes itself, from which venues, and what became of them.

    Parameters
    ----------
    specs : sequence of ComputedSpec
        What to compute.
    links : sequence of VenueLink
        The venues that it needs.
    own : mapping of Input to ClientId
        Inputs that other clients of the node deliver.
    others : collection of VenueLink
        Those of ``links`` whose trouble must not end the node: all but that of the orders.

    Attributes
    ----------
    log : LogLines, optional
        The node's log, if there is a venue whose trouble must not end the node.

    """

    def __init__(
        self,
        specs: Sequence[ComputedSpec],
        links: Sequence[VenueLink],
        own: Mapping[Input, ClientId],
        others: Collection[VenueLink] = (),
    ) -> None:
        self._specs: Final = specs
        self._own: Final = own
        self._others = {link.name: link for link in others}
        self._left_out: dict[str, str] = {}
        self._health = StreamHealth(links)
        self._connection_errors = 0
        self.log: LogLines | None = None

    @property
    def links(self) -> tuple[VenueLink, ...]:
        """The venues that get a data client, the trading venue among them."""
        return tuple(venue.link for venue in self._health.venues.values())

    def leave_out_refused(
        self, start: StartTrial, is_stopping: Callable[[], bool]
    ) -> dict[str, str]:
        """Leave out the venues that cannot be connected now, and return why, by name.

        One of them would end the node at its start.

        Parameters
        ----------
        start : callable
            Starts the process of the trial.
        is_stopping : callable
            Whether the run was asked to stop.

        """
        self._left_out = refused_venues([*self._others.values()], start, is_stopping)
        self._health = StreamHealth([k for k in self.links if k.name not in self._left_out])
        for name in self._left_out:
            del self._others[name]
        return self._left_out

    @contextmanager
    def reading_log(self, folder: Path, on_error: Callable[[LogLine], object]) -> Iterator[None]:
        """Have the log of the node read if it has venues whose trouble must not end it.

        Parameters
        ----------
        folder : Path
            A private folder in /dev/shm.
        on_error : callable
            Takes each line at ERROR that is neither of such a venue nor of a connection.

        """

        def take(line: LogLine) -> None:
            found = self._health.take_line(line.component, line.message, is_error=line.is_error)
            if not line.is_error or any(name in self._others for name in found):
                return
            if line.component.startswith(NETWORK_MODULE):
                # Each client makes its lost connections anew.
                self._connection_errors += 1
            else:
                on_error(line)

        if not self._others:
            yield
            return
        self.log = LogLines(folder, take)
        try:
            yield
        finally:
            self.log.close()

    def name_clients(self, strategy: FactorStrategy[Any], trading: StreamVenue) -> None:
        """Have a strategy's requests name the client of its market, if another one has its venue.

        Parameters
        ----------
        strategy : FactorStrategy
            Not running yet.
        trading : StreamVenue
            Its market.

        """
        venue, client_id = trading.of_instruments, trading.client_id
        others = (link.venue for link in self._others.values())
        if any(v.of_instruments == venue and v.client_id != client_id for v in others):
            observe(strategy, ClientNaming(venue, client_id))

    def actor(self, sink: RecordSink) -> StreamActor:
        """Return the actor that computes the factors of a node."""
        factors = ComputedFactors(self._specs)
        config, links = ComputingActorConfig(), self.links
        return StreamActor(factors, sink, config, links, self._health, self._own)

    def lost(self) -> str:
        """Return the venues whose connection is lost, as the end of a progress line."""
        names = [name for name, venue in self._health.venues.items() if venue.lost_since_s]
        return f"  LOST, connecting again: {', '.join(names)}" if names else ""

    def summary(self) -> list[str]:
        """Return what became of each venue, as lines of a run's summary."""
        lines = [f"{name} left out: {reason}" for name, reason in self._left_out.items()]
        for name, venue in self._health.venues.items():
            parts = [f"{name} {venue.messages:,} messages"]
            parts += [f"{venue.reconnects:,} reconnections"] if venue.reconnects else []
            parts += [f"{venue.unreadable:,} unreadable"] if venue.unreadable else []
            parts += [f"{venue.errors:,} errors"] if venue.errors else []
            newest = f" ({venue.last_trouble})" if venue.last_trouble else ""
            lines.append(f"{', '.join(parts)}{newest}")
        if self._connection_errors:
            lines.append(f"{self._connection_errors:,} errors of connections, made anew")
        return [f"  {'venues' if i == 0 else '':9} {line}" for i, line in enumerate(lines)]
