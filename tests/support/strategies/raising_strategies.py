"""Strategies that raise somewhere, for tests of what the node does then."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from tests.support.strategies.odd_strategies import HoldsPosition


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
