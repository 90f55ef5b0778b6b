"""The factors that a node computes itself, of those that its market gives the inputs of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adapters.exf.registry.computed_file import PACKAGED, read_specs
from adapters.market.btcusdt_instruments import BTCUSDT_PERP
from adapters.streams.stream_venue import StreamKind
from adapters.streams.subscriptions import subscribe
from adapters.streams.venues import binance_usdm
from dolphin_strategies.computed.inputs import DataKind
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from nautilus_trader.common import DataActor

    from dolphin_strategies.computed.inputs import Input
    from dolphin_strategies.computed.spec import ComputedSpec
    from live.node.settings.node_settings import NodeTable

PACKAGED_WORD: Final = "packaged"
"""What stands for the packaged file in settings."""
STREAM_KINDS: Final = {
    DataKind.QUOTES: StreamKind.QUOTE,
    DataKind.TRADES: StreamKind.TRADE,
    DataKind.BOOK: StreamKind.DELTAS,
    DataKind.MARK: StreamKind.MARK,
    DataKind.INDEX: StreamKind.INDEX,
    DataKind.FUNDING: StreamKind.FUNDING,
    DataKind.OPEN_INTEREST: StreamKind.OPEN_INTEREST,
    DataKind.LIQUIDATIONS: StreamKind.LIQUIDATION,
    DataKind.VOLATILITY_INDEX: StreamKind.VOLATILITY_INDEX,
}
_BINANCE: Final = binance_usdm.VENUE
MOST_REASONS: Final = 6
"""Factors that are told of one by one as not computed."""
_OF_LOCAL_MARKETS: Final = {
    "simulated": frozenset({DataKind.QUOTES}),
    "replay": frozenset({DataKind.QUOTES, DataKind.TRADES}),
}


class RunFactors(NamedTuple):
    """The computed factors of a run.

    Attributes
    ----------
    specs : tuple of ComputedSpec
        Those whose inputs the market gives.
    left_out : tuple of str
        A sentence for each other one of the file.

    """

    specs: tuple[ComputedSpec, ...]
    left_out: tuple[str, ...]

    def reasons(self) -> list[str]:
        """Return the first sentences of ``left_out``, and how many there are more."""
        more = len(self.left_out) - MOST_REASONS
        shown = list(self.left_out[:MOST_REASONS])
        return [*shown, f"and {more:,} more"] if more > 0 else shown

    @property
    def schema(self) -> FactorSchema:
        """Their names."""
        return FactorSchema(spec.name for spec in self.specs)


def computed_factors(node: NodeTable) -> RunFactors:
    """Return the factors that a run computes; none without ``compute``.

    Raises
    ------
    ConfigError
        If the file cannot be used, or the market gives the inputs of none of them.

    """
    if node.compute is None:
        return RunFactors((), ())
    path = PACKAGED if str(node.compute) == PACKAGED_WORD else node.compute
    specs: list[ComputedSpec] = []
    left_out: list[str] = []
    for spec in read_specs(path):
        missing = [i for i in spec.build().inputs if not _gives(node.venue, i)]
        if missing:
            what = ", ".join(f"{i.kind} of {i.instrument_id}" for i in missing)
            left_out.append(f"{spec.name}: the {node.venue} market has no {what}")
        else:
            specs.append(spec)
    if not specs:
        msg = f"compute: none of the factors of {path} can be computed; {left_out[0]}"
        raise ConfigError(msg)
    return RunFactors(tuple(specs), tuple(left_out))


def subscribe_at_binance(actor: DataActor, needed: Input) -> None:
    """Subscribe an actor to an input, with Binance's own types."""
    instrument_id: Any = needed.instrument_id
    subscribe(actor, _BINANCE, STREAM_KINDS[needed.kind], instrument_id)


def _gives(venue: str, needed: Input) -> bool:
    """Return whether a market gives an input."""
    kinds = _OF_LOCAL_MARKETS.get(venue)
    if kinds is not None:
        return needed.kind in kinds and needed.instrument_id == BTCUSDT_PERP
    market = _BINANCE.symbol.rpartition("-")[2]
    return STREAM_KINDS[needed.kind] in _BINANCE.rows and str(needed.instrument_id).endswith(
        f"-{market}"
    )
