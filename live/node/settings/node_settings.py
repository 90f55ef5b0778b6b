"""NodeSettings: the configuration of a node's run, read from TOML and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal

from nautilus_trader.model import InstrumentId

from adapters.command.field_rules import Address, CheckedFields, Fee, Key, at_least, more_than
from adapters.command.log_level import LogLevelName
from adapters.command.market_settings import MarketSettings
from adapters.command.settings_file import from_table, read_tables
from adapters.command.user_code.strategy_class import StrategySettings
from adapters.feed.factor_feed import Delivery, Wait
from adapters.market.btcusdt_instruments import BTCUSDT_EXF, BTCUSDT_PERP
from adapters.session.envelope.envelope_settings import EnvelopeSettings
from adapters.shm import DEFAULT_PATH
from live.node.settings.risk_settings import RiskSettings

type VenueName = Literal["simulated", "replay", "binance"]

VENUE: Final = "BINANCE"
"""The venue of all markets but that of synthetic quotes."""
VENUES: Final = ("simulated", "replay", "binance")
LIVE_VENUES: Final = ("binance",)
DEFAULT_STRATEGY: Final = "dolphin_strategies.examples.imbalance_taker:ImbalanceTaker"


@dataclass(frozen=True, kw_only=True)
class NodeTable(CheckedFields):
    """The ``[node]`` table.

    Attributes
    ----------
    venue : "simulated", "replay" or "binance"
        The source of quotes.
    orders : "sandbox" or "live"
        The destination of orders; ``live`` also needs ``--live-orders`` on the command line.
    wait : "event" or "spin"
        ``event`` sleeps until the producer writes; ``spin`` keeps one core busy for latency.
    delivery : "latest" or "every"
        ``latest`` continues with the newest record; ``every`` delivers each one in order.
    producer : "own" or "outside"
        The producer of the factors of a simulated market: its own, or a separately running one
        that writes ``region``.
    region : Path
        The region that a producer outside writes; the demo and the replay make their own.
    catalog : Path, optional
        The catalog that a strategy's ``factor_history`` comes from.
    tail : str
        A catalog, and where in it to begin reading the factors of ``region``, with
        ``CATALOG[@begin | @newest | @SEQUENCE | @STREAM:SEQUENCE | @INSTANT]``; each record is
        then delivered, as with ``delivery = "every"``.
    compute : Path, optional
        A file of factors that the node computes itself from its market data, instead of reading
        them; ``packaged``: the packaged file.
    compute_venues : list of str, optional
        The venues whose data clients the node gets for ``compute``, beside its market; None: all
        that the file names with the market ``binance``, none with another.
    base_url : str
        The address of a server in the exchanges' place, for the market ``binance``, its real
        orders too, and for ``compute_venues``; empty: the exchanges' own.
    source : str
        A URL ``hazelcast://...`` or an Aeron channel to read factors from, instead of a region.
    seconds : float
        Stop after this time; 0: run until Ctrl-C.
    log_level : str
        NautilusTrader's log level on the terminal.
    record : Path, optional
        Record the session into this folder, so that ``check_parity.py`` can replay it.

    """

    venue: VenueName = "simulated"
    orders: Literal["sandbox", "live"] = "sandbox"
    wait: Wait = "event"
    delivery: Delivery = "latest"
    producer: Literal["own", "outside"] = "own"
    region: Path = DEFAULT_PATH
    catalog: Path | None = None
    tail: str = ""
    compute: Path | None = None
    compute_venues: list[str] | None = None
    base_url: Address = ""
    source: str = ""
    seconds: Annotated[float, at_least(0)] = 0.0
    log_level: LogLevelName = "WARNING"
    record: Path | None = None

    def texts(self, region: Path, strategy: str, state: Path | None) -> dict[str, str]:
        """Return what a monitor shows of a run besides its numbers."""
        source = self.source or ("computed here" if self.compute else str(region))
        return {
            "strategy": strategy,
            "venue": self.venue,
            "orders": self.orders,
            "source": source,
            "state": "" if state is None else str(state),
        }

    def sentence(self, strategy: str) -> str:
        """Return the line that a run of a strategy begins with."""
        orders = "REAL ORDERS" if self.orders == "live" else "sandbox orders"
        if self.orders == "live" and self.base_url:
            orders += f" to {self.base_url}"
        length = f"{self.seconds:g} s" if self.seconds else "until Ctrl-C"
        return (
            f"{strategy} on the {self.venue} market, {orders}, "
            f"factors {'computed here' if self.compute else f'by {self.wait}'}, {length}"
        )

    def unreached(self) -> str:
        """Return the reason of a run in which nothing came from Binance."""
        url = self.base_url
        where = url or "this machine's network (fapi.binance.com, fstream.binance.com)"
        return f"Binance could not be reached, so nothing was traded; check {where} and try again"


@dataclass(frozen=True, kw_only=True)
class SandboxSettings(CheckedFields):
    """The ``[sandbox]`` table: the paper account and its fees.

    Attributes
    ----------
    balance_usdt : Decimal
        What the account begins with, USDT.
    leverage : Decimal
        The leverage of the margin account.
    maker_fee, taker_fee : Decimal
        Fractions of the notional.

    """

    balance_usdt: Annotated[Decimal, more_than(0)] = Decimal(100_000)
    leverage: Annotated[Decimal, at_least(1)] = Decimal(10)
    maker_fee: Fee = Decimal("0.0002")
    taker_fee: Fee = Decimal("0.0005")


@dataclass(frozen=True, kw_only=True)
class DemoSettings(CheckedFields):
    """The ``[demo]`` table: the simulated market.

    Attributes
    ----------
    seed : int
        The same seed gives the same prices and factors.
    shuffle_factors : bool
        Give the strategy the factors of other moments, which predict nothing.
    start_ns : int
        The instant at which the market begins, UNIX nanoseconds, for ``producer = "outside"``:
        nodes with one seed and one instant see the same quotes. 0: with the node.

    """

    seed: Annotated[int, at_least(0)] = 7
    shuffle_factors: bool = False
    start_ns: Annotated[int, at_least(0)] = 0


@dataclass(frozen=True, kw_only=True)
class ReplaySettings(CheckedFields):
    """The ``[replay]`` table: recorded ticks as the live market.

    Attributes
    ----------
    folder : Path, optional
        The folder of the ticks; needed by the venue ``replay``.
    speed : float
        Recorded seconds per second.

    """

    folder: Path | None = None
    speed: Annotated[float, more_than(0, at_most=1000)] = 1.0


@dataclass(frozen=True, kw_only=True)
class SyntheticQuoteSettings:
    """The ``[synthetic_quotes]`` table: factors as quotes of an instrument of their own.

    Attributes
    ----------
    enabled : bool
        Whether to make quotes; the sandbox then matches that instrument's orders on them.
    instrument : InstrumentId
        The quoted instrument, of a venue of its own.
    price_from : InstrumentId
        The real instrument around whose newest price quotes are made.

    """

    enabled: bool = False
    instrument: InstrumentId = BTCUSDT_EXF
    price_from: InstrumentId = BTCUSDT_PERP


@dataclass(frozen=True, kw_only=True)
class NodeStrategySettings(StrategySettings):
    """The ``[strategy]`` table, whose ``class`` is an example's by default."""

    path: Annotated[str, Key("class")] = DEFAULT_STRATEGY


@dataclass(frozen=True, kw_only=True)
class NodeSettings:
    """The configuration of a run."""

    node: NodeTable = field(default_factory=NodeTable)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    market: MarketSettings = field(default_factory=MarketSettings)
    demo: DemoSettings = field(default_factory=DemoSettings)
    replay: ReplaySettings = field(default_factory=ReplaySettings)
    synthetic_quotes: SyntheticQuoteSettings = field(default_factory=SyntheticQuoteSettings)
    envelope: EnvelopeSettings = field(default_factory=EnvelopeSettings)
    risk: RiskSettings = field(default_factory=RiskSettings)
    strategy: NodeStrategySettings = field(default_factory=NodeStrategySettings)


def load(path: Path | None) -> NodeSettings:
    """Read a TOML file; without one, the defaults.

    Raises
    ------
    ConfigError
        If the file cannot be read, or has an unknown key or a value of the wrong kind.

    """
    return (
        NodeSettings() if path is None else from_table(NodeSettings, read_tables(path), str(path))
    )
