"""NodeVenues: the venues whose data a node's computed factors are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.computing.computing_actor import ComputingActorConfig
from adapters.streams.hosting.stream_actor import StreamActor
from adapters.streams.hosting.stream_health import StreamHealth
from adapters.streams.joining.venue_check import refused_venues
from dolphin_strategies.computed.factor_set import ComputedFactors

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from adapters.computing.evaluation import RecordSink
    from adapters.streams.hosting.venue_link import VenueLink
    from adapters.streams.joining.venue_check import StartTrial
    from dolphin_strategies.computed.inputs import Input
    from dolphin_strategies.computed.spec import ComputedSpec


class NodeVenues:
    """What a node computes itself, from which venues, and which of them are lost.

    Parameters
    ----------
    specs : sequence of ComputedSpec
        What to compute.
    links : sequence of VenueLink
        The venues that it needs.
    own : collection of Input
        Inputs that other clients of the node deliver.

    """

    def __init__(
        self,
        specs: Sequence[ComputedSpec],
        links: Sequence[VenueLink],
        own: Collection[Input],
    ) -> None:
        self._specs: Final = specs
        self._own: Final = own
        self._health = StreamHealth(links)

    @property
    def links(self) -> tuple[VenueLink, ...]:
        """The venues that get a data client, the trading venue among them."""
        return tuple(venue.link for venue in self._health.venues.values())

    def leave_out_refused(
        self, tried: Sequence[VenueLink], start: StartTrial, is_stopping: Callable[[], bool]
    ) -> Mapping[str, str]:
        """Leave out the venues that cannot be connected now, and return why, by name.

        One of them would end the node at its start.

        Parameters
        ----------
        tried : sequence of VenueLink
            The venues to try: all but that of the orders, without which there is nothing to run.
        start : callable
            Starts the process of the trial.
        is_stopping : callable
            Whether the run was asked to stop.

        """
        refused = refused_venues(tried, start, is_stopping)
        self._health = StreamHealth([k for k in self.links if k.name not in refused])
        return refused

    def actor(self, sink: RecordSink) -> StreamActor:
        """Return the actor that computes the factors of a node."""
        factors = ComputedFactors(self._specs)
        config, links = ComputingActorConfig(), self.links
        return StreamActor(factors, sink, config, links, self._health, self._own)

    def lost(self) -> str:
        """Return the venues whose connection is lost, as the end of a progress line."""
        names = [name for name, venue in self._health.venues.items() if venue.lost_since_s]
        return f"  LOST, connecting again: {', '.join(names)}" if names else ""
