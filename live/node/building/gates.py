"""Gates: what is between a node's strategy and its orders, and what watches its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from adapters.command.terminal import say
from adapters.market.btcusdt_instruments import USDT
from adapters.process.safe_files import open_file, open_or_make
from adapters.session.envelope.watch_of_settings import watch_of
from dolphin_strategies.order_gates.price_gate import PriceGate
from dolphin_strategies.order_gates.price_rules import PriceRules
from dolphin_strategies.order_gates.risk.node_risk import NodeRisk
from live.node.settings.computed_settings import TRADING_VENUE
from live.node.settings.node_settings import VENUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.trading import ExecutionAlgorithm

    from adapters.command.user_code.strategy_class import AnyFactorStrategy
    from adapters.session.envelope.envelope_watch import EnvelopeWatch
    from live.node.settings.node_settings import NodeSettings
    from live.switching.kept_trading import KeptTrading


class Gates(NamedTuple):
    """The parts; the strategy is observed by them in this order.

    Attributes
    ----------
    risk : NodeRisk
        The limits and the trading state.
    prices : PriceGate, optional
        The gate by the age of prices.
    envelope : EnvelopeWatch, optional
        The watch over the strategy's results.

    """

    risk: NodeRisk
    prices: PriceGate | None
    envelope: EnvelopeWatch | None


def gates_of(
    settings: NodeSettings,
    strategy: AnyFactorStrategy,
    stop: Callable[[str], object],
    kept: KeptTrading,
) -> Gates:
    """Return the gates of a strategy's orders, and the watch over its results.

    Raises
    ------
    DolphinError
        If the envelope cannot be used, or another process keeps its memory.

    """
    is_live = settings.node.orders == "live"
    instruments = settings.risk.instruments
    risk = NodeRisk(
        strategy,
        settings.risk.limits(),
        venues=traded_venues(settings),
        currency=USDT,
        quotes=dict.fromkeys(instruments, TRADING_VENUE.client_id) if is_live else {},
        last=kept.last,
        baseline=kept.baseline,
        is_new_account=not is_live,
        remember=kept.remember,
    )
    watch = watch_of(
        settings.envelope,
        settings.strategy,
        strategy,
        tell=say,
        stop=stop,
        open_envelope=open_file,
        open_memory=open_or_make,
    )
    return Gates(risk, price_gate(settings, strategy, risk.gate.algorithm), watch)


def price_gate(
    settings: NodeSettings, strategy: AnyFactorStrategy, algorithm: ExecutionAlgorithm
) -> PriceGate | None:
    """Return the gate of a strategy's orders; None if a price may be of any age.

    The paper account fills on quotes. The exchange has prices of its own: there an order needs
    none here, but if there is one, it must be young enough.
    """
    is_live = settings.node.orders == "live"
    rules = PriceRules(
        kinds=("quotes", "trades", "bars") if is_live else ("quotes",),
        clients={VENUE: TRADING_VENUE.client_id},
        needs_price=not is_live,
    )
    found = settings.market.rules(rules)
    return None if found is None else PriceGate(strategy, found, algorithm)


def traded_venues(settings: NodeSettings) -> list[str]:
    """Return the venues with an account in a run."""
    synthetic = settings.synthetic_quotes
    return [VENUE, str(synthetic.instrument.venue)] if synthetic.enabled else [VENUE]
