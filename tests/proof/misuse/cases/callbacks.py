"""Failures of every kind in every callback."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from tests.proof.misuse.case import Case, add, reached

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proof.misuse.holder import Holder


class _BaseError(BaseException):
    """An exception that ``except Exception`` does not see."""


class _NamelessError(Exception):
    """An exception that cannot be printed."""

    def __str__(self) -> str:
        msg = "no text"
        raise ValueError(msg)

    __repr__ = __str__


def _recurse(depth: int = 0) -> int:
    return _recurse(depth + 1) + 1


def _raise(error: BaseException) -> None:
    raise error


KINDS: Final[dict[str, Callable[[], object]]] = {
    "exception": lambda: _raise(RuntimeError("planted")),
    "base_exception": lambda: _raise(_BaseError("planted")),
    "keyboard_interrupt": lambda: _raise(KeyboardInterrupt()),
    "system_exit_0": lambda: _raise(SystemExit(0)),
    "system_exit_text": lambda: _raise(SystemExit("planted")),
    "generator_exit": lambda: _raise(GeneratorExit()),
    "stop_iteration": lambda: _raise(StopIteration(1)),
    "cancelled": lambda: _raise(asyncio.CancelledError()),
    "recursion": _recurse,
    "memory_error": lambda: bytearray(1 << 62),
    "nameless": lambda: _raise(_NamelessError()),
    "group": lambda: _raise(BaseExceptionGroup("planted", [KeyboardInterrupt()])),
    "huge_text": lambda: _raise(ValueError("x" * (1 << 20))),
    "surrogate_text": lambda: _raise(ValueError("\udc80\x00\n" * 3)),
}

ORDERS: Final = (
    "on_order_initialized",
    "on_order_submitted",
    "on_order_accepted",
    "on_order_filled",
    "on_order_canceled",
    "on_order_updated",
    "on_order_denied",
    "on_order_rejected",
    "on_order_expired",
    "on_order_event",
    "on_position_opened",
    "on_position_changed",
    "on_position_closed",
    "on_position_event",
)
DATA: Final = ("on_quote", "on_bar", "on_signal", "on_data", "on_time_event")
OWN: Final = ("on_schema", "on_factors_stale", "on_factors_recovered")
LIFE: Final = ("on_start", "on_stop", "on_market_exit", "post_market_exit")
AT_STOP: Final = ("on_stop", "on_market_exit", "post_market_exit", "on_position_closed")
STATES: Final = ("on_degrade", "on_fault", "on_resume", "on_reset", "on_dispose")
ALL: Final = (*ORDERS, *DATA, *OWN, *LIFE, *STATES, "on_factors", "__init__")
FEW_KINDS: Final = ("exception", "base_exception", "system_exit_0")
MOST_KINDS: Final = ("on_factors", "on_quote", "on_order_filled", "on_time_event", "on_stop")


def _provoke(s: Holder, callback: str) -> None:
    """Bring a callback about."""
    from nautilus_trader.model import OrderSide, TimeInForce

    from tests.proof.misuse.holder import INSTRUMENT

    instrument = s.instrument(INSTRUMENT)
    if callback in ORDERS:
        s.cancel_order(s.resting.client_order_id)
        s.buy()
        s.submit_order(
            s.order_factory.limit(
                INSTRUMENT,
                OrderSide.BUY,
                instrument.make_qty(0.01),
                instrument.make_price(31_000.0),
            )
        )
    match callback:
        case "on_order_denied":
            s.buy(1e9)
        case "on_order_rejected":
            s.rest(200_000.0, post_only=True)
        case "on_order_expired":
            # Late enough for a busy machine: an order that has expired before is rejected.
            at = s.clock.timestamp_ns() + 2_000_000_000
            s.rest(time_in_force=TimeInForce.GTD, expire_time=at)
        case "on_order_updated":
            other = s.rest(29_000.0)
            s.soon(
                lambda: s.modify_order(
                    other.client_order_id, price=instrument.make_price(29_500.0)
                ),
                after_s=0.3,
            )
        case "on_position_closed" | "on_position_opened":
            s.close_all_positions(INSTRUMENT)
            s.soon(s.buy, after_s=0.4)
        case "on_signal":
            s.subscribe_signal("planted")
            s.soon(lambda: s.publish_signal("planted", 1.0))
        case "on_time_event":
            s.clock.set_timer("planted", timedelta(milliseconds=30))
        case "on_factors_stale" | "on_factors_recovered":
            _stop_producer(s)
        case "on_degrade":
            s.degrade()
        case "on_fault":
            s.fault()
        case "on_resume":
            s.degrade()
            s.resume()
        case "on_reset":
            s.stop()
            s.soon(s.reset, after_s=0.4)
        case "on_dispose":
            s.stop()
            s.soon(s.dispose, after_s=0.4)


def _stop_producer(s: Holder) -> None:
    import os
    import signal

    from tests.proof.misuse.cases.regions import producers

    pids = producers()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)

    def go_on() -> None:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    s.soon(go_on, after_s=0.6)


def _class(callback: str, kind: Callable[[], object]) -> type[Holder]:
    from tests.proof.misuse.holder import Holder

    class Mine(Holder):
        max_age = timedelta(seconds=0.3) if callback.startswith("on_factors_") else None

        def misbehave(self) -> None:
            _provoke(self, callback)

    in_place = getattr(Mine, callback)
    at_once = callback in {"__init__", "on_start", "on_schema"}

    def failing(self: Any, *arguments: Any) -> None:
        if not at_once or callback != "on_schema":
            in_place(self, *arguments)
        if at_once or self.is_armed or callback in LIFE or callback == "on_position_opened":
            reached()
            kind()

    failing.__name__ = callback
    setattr(Mine, callback, failing)
    return Mine


def _make(callback: str, kind: Callable[[], object]) -> Callable[[], type[Holder]]:
    return lambda: _class(callback, kind)


for _callback in ALL:
    for _kind, _call in KINDS.items():
        if _kind in FEW_KINDS or _callback in MOST_KINDS:
            add(
                Case(
                    name=f"callbacks/{_callback.strip('_')}__{_kind}",
                    make=_make(_callback, _call),
                    must_fail=True,
                    is_at_stop=_callback in AT_STOP,
                )
            )
