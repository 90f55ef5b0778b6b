"""Nonsense for the clock: intervals, instants, names and callbacks of timers."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta
from typing import Any

from tests.proof.misuse.case import misuse


@misuse("clocks")
def zero_interval(s: Any) -> None:
    s.clock.set_timer("t", timedelta(0), callback=print)


@misuse("clocks")
def negative_interval(s: Any) -> None:
    s.clock.set_timer("t", timedelta(seconds=-1), callback=print)


@misuse("clocks")
def nanosecond(s: Any) -> None:
    s.clock.set_timer_ns("t", 1, callback=lambda event: None)


@misuse("clocks")
def huge_interval(s: Any) -> None:
    s.clock.set_timer("t", timedelta.max, callback=print)


@misuse("clocks")
def overflowing_interval(s: Any) -> None:
    s.clock.set_timer_ns("t", 2**64 - 1, callback=print)


@misuse("clocks")
def float_interval(s: Any) -> None:
    s.clock.set_timer("t", 0.5, callback=print)


@misuse("clocks")
def no_callback(s: Any) -> None:
    s.clock.set_timer("t", timedelta(milliseconds=20), callback=None)


@misuse("clocks")
def callback_not_callable(s: Any) -> None:
    s.clock.set_timer("t", timedelta(milliseconds=20), callback=5)


@misuse("clocks", must_fail=True)
def callback_without_argument(s: Any) -> None:
    s.clock.set_timer("t", timedelta(milliseconds=20), callback=lambda: None)


@misuse("clocks")
def coroutine_callback(s: Any) -> None:
    async def late(event: Any) -> None:
        s.buy()

    s.clock.set_timer("t", timedelta(milliseconds=20), callback=late)


@misuse("clocks")
def same_name_twice(s: Any) -> None:
    for _ in range(2):
        s.clock.set_timer("t", timedelta(milliseconds=20), callback=lambda event: None)


@misuse("clocks")
def alert_in_the_past(s: Any) -> None:
    s.clock.set_time_alert("t", s.clock.utc_now() - timedelta(days=1), lambda event: None)


@misuse("clocks")
def naive_alert(s: Any) -> None:
    s.clock.set_time_alert("t", dt.datetime(2100, 1, 1), lambda event: None)  # noqa: DTZ001


@misuse("clocks")
def end_before_start(s: Any) -> None:
    now = s.clock.utc_now()
    s.clock.set_timer(
        "t",
        timedelta(milliseconds=20),
        start_time=now,
        stop_time=now - timedelta(seconds=1),
        callback=print,
    )


@misuse("clocks")
def cancel_unknown(s: Any) -> None:
    s.clock.cancel_timer("never")


@misuse("clocks")
def cancel_all_timers(s: Any) -> None:
    s.clock.cancel_timers()


@misuse("clocks")
def cancel_the_age_alert(s: Any) -> None:
    s.clock.cancel_callbacks()


@misuse("clocks")
def set_the_time(s: Any) -> None:
    s.clock.set_time(0)


@misuse("clocks")
def storm_of_timers(s: Any) -> None:
    for i in range(2_000):
        s.clock.set_timer(f"t{i}", timedelta(milliseconds=50), callback=lambda event: None)


@misuse("clocks")
def timer_in_its_own_callback(s: Any) -> None:
    def again(event: Any) -> None:
        s.clock.cancel_timer("t")
        s.clock.set_timer("t", timedelta(milliseconds=20), callback=again)

    s.clock.set_timer("t", timedelta(milliseconds=20), callback=again)


@misuse("clocks")
def default_handler_of_nothing(s: Any) -> None:
    s.clock.register_default_handler(None)
