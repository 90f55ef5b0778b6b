"""Strategies that raise, exit or crash somewhere, for tests of what the node does then."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import threading
from datetime import timedelta
from typing import Any

from tests.support.strategies.odd_strategies import INSTRUMENT, HoldsPosition


class RaisesInOnFactors(HoldsPosition):
    """Raise in on_factors."""

    def misbehave(self) -> None:
        msg = "planted in on_factors"
        raise RuntimeError(msg)


class ExitsInOnFactors(HoldsPosition):
    """Call sys.exit in on_factors."""

    def misbehave(self) -> None:
        raise SystemExit(0)


class RaisesInTimer(HoldsPosition):
    """Raise in a timer's callback."""

    def misbehave(self) -> None:
        self.clock.set_timer("planted", timedelta(milliseconds=20), callback=self.on_planted)

    def on_planted(self, event: Any) -> None:
        """Raise."""
        msg = "planted in a timer"
        raise RuntimeError(msg)


class RaisesInOnQuote(HoldsPosition):
    """Raise in on_quote."""

    armed = False

    def misbehave(self) -> None:
        self.armed = True

    def on_quote(self, quote: Any) -> None:
        if self.armed:
            msg = "planted in on_quote"
            raise RuntimeError(msg)


class RaisesInOnFilled(HoldsPosition):
    """Raise when its order is filled."""

    def on_order_filled(self, event: Any) -> None:
        """Raise."""
        msg = "planted in on_order_filled"
        raise RuntimeError(msg)


class RaisesInOnStart(HoldsPosition):
    """Raise in on_start."""

    def on_start(self) -> None:
        super().on_start()
        msg = "planted in on_start"
        raise RuntimeError(msg)


class LogsAnError(HoldsPosition):
    """Log a line at ERROR."""

    def misbehave(self) -> None:
        self.log.error("planted in the log")


class RaisesInLoopCallback(HoldsPosition):
    """Raise in a callback of the asyncio loop."""

    def misbehave(self) -> None:
        asyncio.get_running_loop().call_soon(self.planted)

    def planted(self) -> None:
        """Raise."""
        msg = "planted in a loop callback"
        raise RuntimeError(msg)


class RaisesInOnStop(HoldsPosition):
    """Raise in on_stop."""

    def on_stop(self) -> None:
        msg = "planted in on_stop"
        raise RuntimeError(msg)


class RaisesInOnStopEvent(HoldsPosition):
    """Raise when the stop has cancelled its order."""

    def on_order_canceled(self, event: Any) -> None:
        """Raise."""
        msg = "planted in on_order_canceled"
        raise RuntimeError(msg)


class ExitsProcess(HoldsPosition):
    """Call os._exit with a code of success."""

    def misbehave(self) -> None:
        os._exit(0)


class ExitsProcessInThread(HoldsPosition):
    """Call os._exit in another thread."""

    def misbehave(self) -> None:
        threading.Thread(target=os._exit, args=(0,)).start()


class ReplacesProcess(HoldsPosition):
    """Put another program into the process."""

    def misbehave(self) -> None:
        os.execl("/bin/true", "true")  # noqa: S606 - what is tested


class ExitsInC(HoldsPosition):
    """Call exit of C with a code of success."""

    def misbehave(self) -> None:
        ctypes.CDLL(None).exit(0)


class ReadsNull(HoldsPosition):
    """Read where no memory is, when the node has reported the position."""

    def misbehave(self) -> None:
        asyncio.get_running_loop().call_later(0.5, ctypes.string_at, 0)


class AsksTwice(HoldsPosition):
    """Use Nautilus in many threads at once."""

    def misbehave(self) -> None:
        for _ in range(10):
            threading.Thread(target=self.cancel_all_orders, args=(INSTRUMENT,)).start()


class AsksInExecutor(HoldsPosition):
    """Use Nautilus in a thread of the loop's executor."""

    def misbehave(self) -> None:
        asyncio.get_running_loop().run_in_executor(None, self.cancel_all_orders, INSTRUMENT)


class StopsLoop(HoldsPosition):
    """Stop the loop under the node."""

    def misbehave(self) -> None:
        asyncio.get_running_loop().stop()


class GetsAlarm(HoldsPosition):
    """Set the process's alarm without a handler."""

    def misbehave(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.1)


class TakesSignals(HoldsPosition):
    """Give SIGTERM its default back and block the others."""

    def misbehave(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])


class Forks(HoldsPosition):
    """Fork, and come back from the callback twice."""

    def misbehave(self) -> None:
        os.fork()


class ExitsInInit(HoldsPosition):
    """Exit with a code of success while it is made."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        raise SystemExit(0)


class ExitsProcessInInit(HoldsPosition):
    """End the process with a code of success while it is made."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        os._exit(0)


class NamelessError(Exception):
    """An exception that cannot be printed."""

    def __str__(self) -> str:
        raise RuntimeError


class RaisesNamelessError(HoldsPosition):
    """Raise, in a callback of the loop and when it stops, what cannot be printed."""

    def misbehave(self) -> None:
        asyncio.get_running_loop().call_soon(self.fail)

    def fail(self) -> None:
        """Raise."""
        raise NamelessError

    def on_stop(self) -> None:
        raise NamelessError


class ForgetsSuper(HoldsPosition):
    """Override on_start without a call of super()."""

    def on_start(self) -> None:
        self.seen = 0


class ForgetsTask(HoldsPosition):
    """Start a task that raises, and keep it without ever asking."""

    def misbehave(self) -> None:
        self.task = asyncio.get_running_loop().create_task(self.fail())

    async def fail(self) -> None:
        """Raise."""
        msg = "planted in a task"
        raise RuntimeError(msg)
