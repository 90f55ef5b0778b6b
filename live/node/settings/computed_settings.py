"""The factors that a node computes itself, of those whose inputs its market and venues give."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.command.causes import by_cause
from adapters.exf.registry.computed_file import PACKAGED, read_definitions
from adapters.market.btcusdt_instruments import BTCUSDT_PERP
from adapters.streams.hosting.venue_link import links_of
from adapters.streams.stream_venues import STREAM_VENUES
from adapters.streams.subscriptions import STREAM_KINDS
from adapters.streams.venues import binance_usdm
from dolphin_strategies.computed.inputs import DataKind
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from nautilus_trader.model import ClientId

    from adapters.streams.hosting.venue_link import VenueLink
    from dolphin_strategies.computed.inputs import Input
    from dolphin_strategies.computed.spec import ComputedSpec
    from live.node.settings.node_settings import NodeTable

PACKAGED_WORD: Final = "packaged"
"""What stands for the packaged file in settings."""
TRADING_VENUE: Final = binance_usdm.VENUE
"""The venue of the market ``binance``."""
_OF_LOCAL_MARKETS: Final = {
    "simulated": frozenset({DataKind.QUOTES}),
    "replay": frozenset({DataKind.QUOTES, DataKind.TRADES}),
}


class RunFactors(NamedTuple):
    """The computed factors of a run.

    Attributes
    ----------
    specs : tuple of ComputedSpec
        Those whose inputs the market and the venues give.
    left_out : tuple of str
        A sentence for each other one of the file.
    links : tuple of VenueLink
        The venues of their inputs; with the market ``binance`` the trading venue too.
    own : mapping of Input to ClientId
        The inputs that a simulated or replayed market gives, and its client.

    """

    specs: tuple[ComputedSpec, ...]
    left_out: tuple[str, ...]
    links: tuple[VenueLink, ...] = ()
    own: Mapping[Input, ClientId] = MappingProxyType({})

    def reasons(self) -> list[str]:
        """Return the causes of ``left_out``, each with the names of its factors."""
        return by_cause(self.left_out)

    @property
    def other_links(self) -> tuple[VenueLink, ...]:
        """The venues beside the trading one."""
        return tuple(link for link in self.links if link.venue is not TRADING_VENUE)

    @property
    def schema(self) -> FactorSchema:
        """Their names."""
        return FactorSchema(spec.name for spec in self.specs)


def computed_factors(node: NodeTable) -> RunFactors:
    """Return the factors that a run computes; none without ``compute``.

    Raises
    ------
    ConfigError
        If the file or a venue cannot be used, or there are the inputs of none of its factors.

    """
    if node.compute is None:
        return RunFactors((), ())
    path = PACKAGED if str(node.compute) == PACKAGED_WORD else node.compute
    venues = computed_venues(node)
    specs: list[ComputedSpec] = []
    left_out: list[str] = []
    streamed: dict[Input, str] = {}
    own: dict[Input, ClientId] = {}
    for spec, named in read_definitions(path):
        of_instruments = _venue_names(spec.instruments, named)
        missing: list[str] = []
        found: dict[Input, str] = {}
        for needed in spec.build().inputs:
            name = of_instruments.get(str(needed.instrument_id), "")
            if _is_own(node.venue, needed):
                own[needed] = TRADING_VENUE.client_id
            elif name in venues and STREAM_KINDS[needed.kind] in STREAM_VENUES[name].rows:
                found[needed] = name
            else:
                what = f"{needed.kind} of {needed.instrument_id}"
                missing.append(f"{_giver(node, name, venues)} {what}")
        if missing:
            left_out.append(f"{spec.name}: {', '.join(missing)}")
        else:
            specs.append(spec)
            streamed |= found
    if not specs:
        msg = f"compute: none of the factors of {path} can be computed; {left_out[0]}"
        raise ConfigError(msg)
    names = {str(needed.instrument_id): name for needed, name in streamed.items()}
    urls = dict.fromkeys(names.values(), node.base_url) if node.base_url else {}
    return RunFactors(tuple(specs), tuple(left_out), links_of(streamed, names, urls), own)


def computed_venues(node: NodeTable) -> tuple[str, ...]:
    """Return the venues whose data clients a run's computed factors may need.

    Raises
    ------
    ConfigError
        If a venue is unknown, or does not go with the market.

    """
    is_live = node.venue == "binance"
    if node.compute_venues is None:
        return tuple(STREAM_VENUES) if is_live else ()
    for name in node.compute_venues:
        if name not in STREAM_VENUES:
            near = did_you_mean(name, STREAM_VENUES)
            known = ", ".join(STREAM_VENUES)
            msg = f"compute_venues: expected some of {known}; found {name!r}{near}"
            raise ConfigError(msg)
    if node.compute_venues and node.venue == "replay":
        msg = (
            "compute_venues: a replay's prices are of another time than what exchanges push now; "
            "leave it out, or choose another market"
        )
        raise ConfigError(msg)
    if TRADING_VENUE.name in node.compute_venues and not is_live:
        msg = (
            f"compute_venues: the {node.venue} market stands for {TRADING_VENUE.name}; leave that "
            "out, or choose the market binance"
        )
        raise ConfigError(msg)
    trading = (TRADING_VENUE.name,) if is_live else ()
    return tuple(dict.fromkeys((*trading, *node.compute_venues)))


def _giver(node: NodeTable, name: str, venues: Collection[str]) -> str:
    """Return the beginning of the sentence that an input is not there."""
    if name in venues:
        return f"{name}'s client has no"
    if node.venue == "binance" and name:
        return f"without {name} this node has no"
    return f"the {node.venue} market has no"


def _is_own(market: str, needed: Input) -> bool:
    """Return whether a simulated or replayed market gives an input."""
    kinds = _OF_LOCAL_MARKETS.get(market, frozenset())
    return needed.kind in kinds and needed.instrument_id == BTCUSDT_PERP


def _venue_names(instruments: Sequence[str], named: Sequence[str]) -> Mapping[str, str]:
    """Return the venue of each instrument: the file's, or the one that names instruments so."""
    if named:
        return dict(zip(instruments, named, strict=True))
    return {text: _venue_of(text) for text in instruments}


def _venue_of(instrument: str) -> str:
    for name, venue in STREAM_VENUES.items():
        before, _, after = venue.symbol.partition("{asset}")
        asset = instrument.removeprefix(before).removesuffix(after)
        if asset and str(venue.instrument_id(asset)) == instrument:
            return name
    # Other quote currencies of the trading venue.
    market = TRADING_VENUE.symbol.rpartition("-")[2]
    return TRADING_VENUE.name if instrument.endswith(f"-{market}") else ""
