"""The output of a node's run: lines of progress, and a summary at the end."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import OrderStatus, PositionSide, Venue

from adapters.command.terminal import say
from adapters.market.btcusdt_instruments import USDT
from adapters.process.child import Child, module_command
from adapters.process.hanging.hang_rules import NOTHING
from adapters.run_state.run_state import OpenOrder, OpenPosition
from adapters.run_state.state_report import OpenItems
from dolphin_strategies.order_gates.risk.losses.account_watch import unrealized_pnl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nautilus_trader.live import LiveNode
    from nautilus_trader.model import Money, Position

    from adapters.feed.factor_feed import FactorFeed
    from adapters.feed.latency import MeasuredLatencies
    from adapters.streams.joining.node_venues import NodeVenues
    from live.node.building.gates import Gates

NEWEST: Final = 2_000
"""Latencies behind the figures of a progress line."""
_REFUSED: Final = (OrderStatus.DENIED, OrderStatus.REJECTED)


@dataclass(frozen=True, kw_only=True)
class Trading:
    """The orders of a run, as the node's cache has them. Money in USDT, fees included in PnL."""

    orders: int
    buys: int
    """Fills of buy orders."""
    sells: int
    """Fills of sell orders."""
    refused: int
    """Orders denied or rejected."""
    fees: dict[str, Decimal]
    """By currency."""
    pnl: Decimal
    position: Decimal


class RunReport:
    """Reads a running node and describes its run; used on the node's thread.

    Parameters
    ----------
    node : LiveNode
        The node, built and not running yet.
    feed : FactorFeed
        The node's feed.
    latencies : MeasuredLatencies
        Latencies from the producer's write to ``on_factors``.
    start_balance : Decimal, optional
        Each account's balance before the run, USDT; None: the first balance seen.
    venues : iterable of str
        The venues with an account in the run.

    """

    def __init__(
        self,
        node: LiveNode,
        feed: FactorFeed,
        latencies: MeasuredLatencies,
        start_balance: Decimal | None,
        venues: Iterable[str],
    ) -> None:
        # A running node does not give access to them: they are taken before.
        self._cache = node.cache
        self._portfolio = node.portfolio
        self._feed = feed
        self._latencies = latencies
        self._start_balance = start_balance
        self._starts: dict[Venue, Decimal] = {}
        self._venues = [Venue(name) for name in venues]
        self._published = 0
        self._at_s = 0.0

    def progress(self, elapsed_s: float) -> str:
        """Return a line about the time since the previous line."""
        status = self._feed.source.status()
        seconds = max(elapsed_s - self._at_s, 1e-9)
        rate = (status.published - self._published) / seconds
        self._published, self._at_s = status.published, elapsed_s
        age_ns = self._feed.age_ns
        age = "no factors yet" if age_ns is None else f"age {age_ns / 1e6:.1f} ms"
        newest = self._latencies.all.percentiles(NEWEST)
        latency = f"p50 {newest.p50:.0f} µs p99 {newest.p99:.0f} µs" if newest.n else "-"
        trading = self.trading()
        state = "" if status.reason == "" else f"  {status.state.value.upper()}: {status.reason}"
        return (
            f"{elapsed_s:6.1f} s  factors {rate:,.0f}/s  {age}  latency {latency}  "
            f"position {_signed(trading.position)}  PnL {trading.pnl:+,.2f} USDT{state}"
        )

    def trading(self) -> Trading:
        """Return the figures of this run's orders."""
        cache = self._cache
        orders = cache.orders()
        buys = sum(len(o.trade_ids) for o in orders if o.is_buy)
        sells = sum(len(o.trade_ids) for o in orders if o.is_sell)
        return Trading(
            orders=len(orders),
            buys=buys,
            sells=sells,
            refused=sum(o.status in _REFUSED for o in orders),
            fees=_by_currency(m for o in orders for m in o.commissions().values()),
            pnl=self.pnl(),
            position=sum(map(_quantity, cache.positions_open()), Decimal()),
        )

    def pnl(self) -> Decimal:
        """Return the profit of the run so far, USDT; cheap, however many orders there were."""
        return sum(map(self._pnl, self._venues), Decimal())

    def order_counts(self) -> tuple[int, int]:
        """Return how many orders were made, and how many are open or on their way; cheap too."""
        cache = self._cache
        is_open = cache.orders_open_count() + cache.orders_inflight_count()
        return cache.orders_total_count(), is_open

    def _pnl(self, venue: Venue) -> Decimal:
        account = self._cache.account_for_venue(venue)
        balance = account.balance_total(USDT) if account else None
        if balance is None:
            return Decimal()
        unrealized = unrealized_pnl(self._portfolio, venue, USDT)
        held: Decimal = balance.as_decimal()
        start = held if self._start_balance is None else self._start_balance
        won = held - self._starts.setdefault(venue, start)
        return won + (unrealized or Decimal())

    def summary(self, elapsed_s: float, how_it_ended: str) -> str:
        """Return the summary of the whole run."""
        status = self._feed.source.status()
        trading = self.trading()
        latency, busy = (latencies.percentiles() for latencies in self._latencies)
        return "\n".join(
            (
                "",
                f"Ran {elapsed_s:.1f} s: {how_it_ended}",
                f"  factors   {status.published:,} published, {status.delivered:,} delivered, "
                f"{status.conflated:,} conflated, {status.lost:,} lost, "
                f"{status.pending:,} not read",
                f"  latency   producer's write to on_factors: {latency}",
                f"            arrived while the node was busy: {busy}",
                f"  orders    {trading.orders:,} sent, {trading.refused:,} denied or rejected",
                f"  fills     {trading.buys + trading.sells:,} "
                f"({trading.buys:,} buys, {trading.sells:,} sells)",
                f"  fees      {_amounts(trading.fees)}",
                f"  PnL       {trading.pnl:+,.2f} USDT after fees",
                f"  left open {self.left_open()}",
            )
        )

    def has_orders_on_their_way(self) -> bool:
        """Return whether orders were sent of which the venue has said nothing yet."""
        cache = self._cache
        told = cache.orders_closed_count() + cache.orders_open_count()
        return bool(cache.orders_total_count() > told)

    def saw_market(self, venue: str) -> bool:
        """Return whether a venue has ever sent its instruments."""
        return any(i.id.venue == Venue(venue) for i in self._cache.instruments())

    def open_items(self) -> OpenItems:
        """Return the open positions, and the orders that are open or on their way."""
        cache = self._cache
        found = {o.client_order_id: o for o in (*cache.orders_inflight(), *cache.orders_open())}
        return OpenItems(
            positions=tuple(
                OpenPosition(
                    instrument=str(p.instrument_id),
                    quantity=f"{_quantity(p).normalize():f}",
                    price=f"{p.avg_px_open:.12g}",
                )
                for p in cache.positions_open()
            ),
            orders=tuple(map(_open_order, found.values())),
        )

    def factors(self) -> str:
        """Return what is wrong with the factors; empty: nothing."""
        status = self._feed.source.status()
        return f"{status.state.value}: {status.reason}" if status.reason else ""

    def left_open(self) -> str:
        """Return what the run leaves open, or "nothing"; cheap enough for four times a second."""
        cache = self._cache
        positions = cache.positions_open()
        orders = cache.orders_open_count() + cache.orders_inflight_count()
        # One by one: a long of one instrument does not make up for a short of another.
        parts = [
            f"position {_signed(_quantity(p))}"
            + (f" {p.instrument_id}" if len(positions) > 1 else "")
            for p in positions
        ]
        if orders:
            parts.append(f"{orders} orders")
        return ", ".join(parts) or NOTHING


def gates_summary(gates: Gates) -> list[str]:
    """Return the lines about limits, trading state and envelope; none where nothing happened."""
    risk = gates.risk
    refused = [f"{count:,} {word}" for word, count in sorted(risk.gate.refused.items())]
    last = risk.switch.trading.last
    parts = [
        *([str(last)] if last else []),
        *(["refused " + ", ".join(refused)] if refused else []),
    ]
    lines = [f"  risk      {'; '.join(parts)}"] if parts else []
    return lines if gates.envelope is None else [*lines, f"  envelope  {gates.envelope.summary()}"]


def leave_out_venues(
    reasons: Iterable[str], venues: NodeVenues, is_ending: Callable[[], bool]
) -> None:
    """Try the venues apart from the node, leave out those that refuse, and tell which.

    Parameters
    ----------
    reasons : iterable of str
        Why some are left out already.
    venues : NodeVenues
        The venues from whose data it does.
    is_ending : callable
        Whether the run was asked to end meanwhile.

    """
    for reason in reasons:
        say(f"not computed: {reason}", to=sys.stderr)
    refused = venues.leave_out_refused(
        lambda module, arguments: Child(module_command(module, *arguments)), is_ending
    )
    for name, reason in refused.items():
        say(
            f"{name} is left out until the next start, its factors are NaN: {reason}; start "
            "the node again when it answers, or let run_exf.py run --streams compute them",
            to=sys.stderr,
        )


def _quantity(position: Position) -> Decimal:
    """Return a position's quantity, below 0 if it is short."""
    quantity: Decimal = position.quantity.as_decimal()
    return -quantity if position.side == PositionSide.SHORT else quantity


def _open_order(order: Any) -> OpenOrder:
    price = getattr(order, "price", None) or getattr(order, "trigger_price", None)
    return OpenOrder(
        id=str(order.client_order_id),
        instrument=str(order.instrument_id),
        side=order.side.name,
        kind=order.order_type.name,
        left=f"{order.leaves_qty.as_decimal().normalize():f}",
        price="" if price is None else f"{price.as_decimal().normalize():f}",
    )


def _signed(quantity: Decimal) -> str:
    return f"{quantity.normalize():+f}"


def _by_currency(amounts: Iterable[Money]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for amount in amounts:
        code = str(amount.currency)
        found[code] = found.get(code, Decimal()) + amount.as_decimal()
    return found


def _amounts(amounts: dict[str, Decimal]) -> str:
    """Return amounts by currency as text; those of USDT first, to the cent."""
    others = [
        f"{value.normalize():,f} {code}" for code, value in amounts.items() if code != str(USDT)
    ]
    return ", ".join([f"{amounts.get(str(USDT), Decimal()):,.2f} USDT", *others])
