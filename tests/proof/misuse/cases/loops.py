"""Callbacks that do not come back: loops, sleeps, locks, floods."""

from __future__ import annotations

import asyncio
import ctypes
import queue
import re
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from tests.proof.misuse.case import Case, add, misuse, reached

if TYPE_CHECKING:
    from collections.abc import Callable


@misuse("loops", must_fail=True)
def endless(s: Any) -> None:
    while True:
        pass


@misuse("loops", must_fail=True)
def endless_that_catches_everything(s: Any) -> None:
    while True:
        try:
            time.sleep(0.01)
        except BaseException:  # noqa: BLE001, S110
            pass


@misuse("loops", must_fail=True)
def asleep(s: Any) -> None:
    time.sleep(3_600)


@misuse("loops", must_fail=True)
def asleep_in_c_with_the_lock(s: Any) -> None:
    for _ in range(60):  # a signal wakes each
        ctypes.PyDLL(None).sleep(3_600)


@misuse("loops", must_fail=True)
def lock_twice(s: Any) -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


@misuse("loops", must_fail=True)
def empty_queue(s: Any) -> None:
    queue.Queue().get()


@misuse("loops", must_fail=True)
def regex(s: Any) -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")


@misuse("loops", must_fail=True)
def big_number(s: Any) -> None:
    print(len(bin(7 ** (10**9))))


@misuse("loops", must_fail=True)
def endless_generator(s: Any) -> None:
    sum(iter(int, 1))


@misuse("loops", must_fail=True)
def own_loop_in_the_loop(s: Any) -> None:
    asyncio.get_running_loop().run_until_complete(asyncio.sleep(0))


@misuse("loops", must_fail=True)
def asyncio_run(s: Any) -> None:
    asyncio.run(asyncio.sleep(0))


@misuse("loops")
def input_from_nobody(s: Any) -> None:
    s.line = sys.stdin.read()


@misuse("loops")
def huge_print(s: Any) -> None:
    for _ in range(32):
        print("x" * (1 << 20))


@misuse("loops")
def huge_log(s: Any) -> None:
    for _ in range(20):
        s.log.warning("x" * (1 << 20))


@misuse("loops")
def many_logs(s: Any) -> None:
    for i in range(20_000):
        s.log.warning(f"line {i}")


@misuse("loops")
def callbacks_for_ever(s: Any) -> None:
    loop = asyncio.get_running_loop()

    def again() -> None:
        loop.call_soon(again)

    again()


@misuse("loops")
def task_that_never_waits(s: Any) -> None:
    async def spin() -> None:
        while True:
            await asyncio.sleep(0)

    s.task = asyncio.get_running_loop().create_task(spin())


@misuse("loops", must_fail=True)
def task_that_blocks(s: Any) -> None:
    async def spin() -> None:
        time.sleep(3_600)  # noqa: ASYNC251

    s.task = asyncio.get_running_loop().create_task(spin())


@misuse("loops")
def calls_from_threads(s: Any) -> None:
    loop = asyncio.get_running_loop()

    def flood() -> None:
        for _ in range(200_000):
            loop.call_soon_threadsafe(int)

    threading.Thread(target=flood, daemon=True).start()


def _looping(callback: str) -> Callable[[], Any]:
    def make() -> Any:
        from tests.proof.misuse.holder import Holder

        class Mine(Holder):
            def misbehave(self) -> None:
                self.buy(0.001)

        def loop(self: Any, *arguments: Any) -> None:
            getattr(Holder, callback)(self, *arguments)
            if self.is_armed:
                reached()
                while True:
                    pass

        setattr(Mine, callback, loop)
        return Mine

    return make


for _callback in (
    "on_quote",
    "on_order_filled",
    "on_stop",
    "on_market_exit",
    "on_position_closed",
):
    add(
        Case(
            name=f"loops/in_{_callback}",
            make=_looping(_callback),
            must_fail=True,
            is_at_stop=_callback not in {"on_quote", "on_order_filled"},
        )
    )
