"""Strategies that go wrong, for tests of what the node does then."""

from __future__ import annotations

import ctypes
import math
import os
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nautilus_trader.model import InstrumentId, OrderSide

from adapters.shm import FactorReader
from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from nautilus_trader.model import QuoteTick

    from dolphin_strategies import ExternalFactors

SLEEP_S = 60
WORK_LIMIT_S = 5
INSTRUMENT = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


class HoldsPosition(FactorStrategy[FactorStrategyConfig]):
    """Buy at the 20th record and rest a limit order far away, at the 100th do ``misbehave``, or
    as soon as the position is there, and at the 600th say ``ENOUGH``; counted from the market's
    first price on.
    """

    required_factors = ("imbal_btc",)

    def on_start(self) -> None:
        super().on_start()
        self.seen = 0
        self.is_holding = False
        self.subscribe_quotes(INSTRUMENT)

    def on_factors(self, f: ExternalFactors) -> None:
        if not self.seen and self.cache.quote(INSTRUMENT) is None:
            return
        self.seen += 1
        instrument = self.instrument(INSTRUMENT)
        if self.seen == 20:
            size = instrument.make_qty(0.01)
            self.submit_order(self.order_factory.market(INSTRUMENT, OrderSide.BUY, size))
            price = instrument.make_price(30_000.0)
            self.submit_order(self.order_factory.limit(INSTRUMENT, OrderSide.BUY, size, price))
        held = self.portfolio.net_position(INSTRUMENT)
        if self.seen >= 100 and held and not self.is_holding:
            self.is_holding = True
            print("HOLDING", held, flush=True)
            self.misbehave()
        if self.seen == 600:
            print("ENOUGH", flush=True)

    def misbehave(self) -> None:
        """Do nothing wrong."""


class WorksInOnQuote(HoldsPosition):
    """Work at each fourth quote until the producer has written a record meanwhile."""

    def on_start(self) -> None:
        super().on_start()
        self.quotes = 0
        (region,) = Path("/dev/shm").glob(f"dolphin_run_{os.getpid()}_*/dolphin_exf")
        self.region = FactorReader(region)

    def on_quote(self, quote: QuoteTick) -> None:
        self.quotes += 1
        if self.quotes % 4:
            return
        published = self.region.status().published
        limit_s = time.monotonic() + WORK_LIMIT_S
        while self.region.status().published == published and time.monotonic() < limit_s:
            pass

    def on_stop(self) -> None:
        self.region.close()
        super().on_stop()


class SendsAStorm(HoldsPosition):
    """Send 600 orders at once."""

    def misbehave(self) -> None:
        for _ in range(600):
            self.buy_a_little()

    def buy_a_little(self, event: Any = None) -> None:
        """Send a small market order."""
        size = self.instrument(INSTRUMENT).make_qty(0.001)
        self.submit_order(self.order_factory.market(INSTRUMENT, OrderSide.BUY, size))


class KeepsBuying(SendsAStorm):
    """Buy in a timer, which goes on while the node stops and after on_stop."""

    def misbehave(self) -> None:
        self.clock.set_timer("buys", timedelta(milliseconds=10), callback=self.buy_a_little)


class SendsBursts(SendsAStorm):
    """Send 150 orders each second; the risk engine lets 100 of them through, all at once."""

    def misbehave(self) -> None:
        self.clock.set_timer("bursts", timedelta(seconds=1), callback=self.burst)

    def burst(self, event: Any) -> None:
        """Send small market orders."""
        for _ in range(150):
            self.buy_a_little()
        print("BURST", flush=True)


class TouchedByThread(HoldsPosition):
    """Is asked for its clock by another thread, a second after the position is there."""

    def misbehave(self) -> None:
        threading.Timer(1.0, self.ask).start()

    def ask(self) -> int:
        """Return the time, on whichever thread."""
        return self.clock.timestamp_ns()


class KillsProducer(HoldsPosition):
    """Kill the producer process, whose pid is in the region."""

    def misbehave(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            if _parent_of(process) == os.getpid() and b"producer" in _command(process):
                os.kill(int(process.name), signal.SIGKILL)


class HangsSoon(HoldsPosition):
    """Hang half a second after the position is there, when the node has reported it."""

    hangs_at_s = math.inf

    def misbehave(self) -> None:
        self.hangs_at_s = time.monotonic() + 0.5

    def on_factors(self, f: ExternalFactors) -> None:
        super().on_factors(f)
        if time.monotonic() >= self.hangs_at_s:
            self.hangs_at_s = math.inf
            self.hang()

    def hang(self) -> None:
        """Do not return for a while."""


class Loops(HangsSoon):
    """Never come back from on_factors, and keep the processor busy."""

    def hang(self) -> None:
        while True:
            pass


class Sleeps(HangsSoon):
    """Never come back from on_factors, and let other threads run."""

    def hang(self) -> None:
        time.sleep(SLEEP_S)


class SleepsInC(HangsSoon):
    """Never come back from a C call that lets other threads run."""

    def hang(self) -> None:
        # A signal wakes it up, unless it is repeated.
        for _ in range(SLEEP_S):
            ctypes.CDLL(None).sleep(SLEEP_S)


class SleepsInCWithTheLock(HangsSoon):
    """Never come back from a C call that lets no other thread run."""

    def hang(self) -> None:
        for _ in range(SLEEP_S):
            ctypes.PyDLL(None).sleep(SLEEP_S)


class HangsAgainAndAgain(HangsSoon):
    """Hang for three seconds in a C call that lets no other thread run, turn for one, and so on;
    say at which instant, UNIX nanoseconds, each hang begins.
    """

    def hang(self) -> None:
        print("HANGS NOW", time.time_ns(), flush=True)
        ctypes.PyDLL(None).sleep(3)
        self.hangs_at_s = time.monotonic() + 1.0


class SleepsForAWhile(HangsSoon):
    """Come back from on_factors after three seconds."""

    def hang(self) -> None:
        time.sleep(3)
        print("BACK", flush=True)


class KeepsBusy(HoldsPosition):
    """Use most of the thread's time from then on, a little at each record."""

    armed = False

    def misbehave(self) -> None:
        self.armed = True

    def on_factors(self, f: ExternalFactors) -> None:
        super().on_factors(f)
        until_s = time.monotonic() + 0.003
        while self.armed and time.monotonic() < until_s:
            pass


def _parent_of(process: Path) -> int:
    try:
        stat = (process / "stat").read_text(encoding="utf-8")
        return int(stat.rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


class LoopsInInit(HoldsPosition):
    """Never come back from the constructor."""

    def __init__(self, config: FactorStrategyConfig) -> None:
        super().__init__(config)
        print("LOADING", flush=True)
        self.prepare_model()

    def prepare_model(self) -> None:
        """Do not return."""
        while True:
            pass


class SleepsInInitInCWithTheLock(LoopsInInit):
    """Never come back from a C call of the constructor, which keeps the interpreter's lock."""

    def prepare_model(self) -> None:
        ctypes.PyDLL(None).sleep(3_600)


class LoopsInOnStart(HoldsPosition):
    """Never come back from on_start."""

    def on_start(self) -> None:
        super().on_start()
        print("LOADING", flush=True)
        while True:
            pass
