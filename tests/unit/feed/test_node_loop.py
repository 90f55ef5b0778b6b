"""NodeLoop: no call of a thread is lost, and it says when its thread was busy."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from adapters.feed.busy_time import BUSY_NS, BusyTime
from adapters.feed.node_loop import NodeLoop, busy_time_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TIMEOUT_S = 120.0
THREADS = 4
CALLS = 3_000
SLEEP_EVERY = 50


class CountingLoop(NodeLoop):
    """Count the bytes that wake it."""

    wakes = 0

    def _write_to_self(self) -> None:
        self.wakes += 1
        super()._write_to_self()  # type: ignore[misc]


def run[T](main: Callable[[], Awaitable[T]], factory: Any = NodeLoop) -> T:
    """Run in a loop, within a limit."""

    async def limited() -> T:
        async with asyncio.timeout(TIMEOUT_S):
            return await main()

    return asyncio.run(limited(), loop_factory=factory)


@pytest.mark.parametrize("turns", [False, True], ids=["the loop sleeps", "the loop turns"])
@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
def test_every_call_of_every_thread_runs_in_its_order(turns: bool, debug: bool) -> None:  # noqa: FBT001
    """Also while the loop falls asleep: a lost wake-up would end in the timeout."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(debug)
        loop.slow_callback_duration = TIMEOUT_S
        done: asyncio.Future[None] = loop.create_future()
        ran: list[list[int]] = [[] for _ in range(THREADS)]

        def take(thread: int, number: int) -> None:
            ran[thread].append(number)
            if all(len(numbers) == CALLS for numbers in ran):
                done.set_result(None)

        def leave_calls(thread: int) -> None:
            for number in range(CALLS):
                loop.call_soon_threadsafe(take, thread, number)
                if number % SLEEP_EVERY == thread:
                    time.sleep(0.0005)

        def turn() -> None:
            if turns and not done.done():
                loop.call_soon(turn)

        turn()
        threads = [threading.Thread(target=leave_calls, args=(n,)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            await done
        finally:
            for thread in threads:
                thread.join()
        assert ran == [list(range(CALLS))] * THREADS

    run(main)


def test_a_single_call_wakes_a_sleeping_loop_and_a_turning_one_needs_no_byte() -> None:
    """A byte for each call of a thread while the loop sleeps, none while it turns."""

    async def main() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, CountingLoop)

        async def ask() -> int:
            return threading.get_ident()

        def ask_from_thread() -> int:
            time.sleep(0.05)
            return asyncio.run_coroutine_threadsafe(ask(), loop).result(TIMEOUT_S)

        def in_thread() -> asyncio.Future[int]:
            return asyncio.ensure_future(asyncio.to_thread(ask_from_thread))

        before = loop.wakes
        assert await in_thread() == threading.get_ident()
        asleep, before = loop.wakes - before, loop.wakes
        asked = in_thread()
        while not asked.done():  # noqa: ASYNC110 - the loop is to turn
            await asyncio.sleep(0)
        assert asked.result() == threading.get_ident()
        return asleep, loop.wakes - before

    asleep, turning = run(main, CountingLoop)
    # A second byte is that of the thread's end, which the executor announces.
    assert asleep >= 2
    assert turning == 0


def test_a_call_may_be_cancelled_and_a_closed_loop_refuses_it() -> None:
    """As in asyncio's own loop."""

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        heard: list[str] = []
        loop.call_soon_threadsafe(heard.append, "cancelled").cancel()
        loop.call_soon_threadsafe(heard.append, "called")
        await asyncio.sleep(0)
        return heard

    assert run(main) == ["called"]
    loop = NodeLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_soon_threadsafe(print)


def test_what_came_while_the_thread_worked_came_while_it_was_busy() -> None:
    """A callback that works makes its time busy; waiting, and looking, does not."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        busy = busy_time_of(loop)
        during_work: list[int] = []

        def work() -> None:
            until_ns = time.monotonic_ns() + 20 * BUSY_NS
            during_work.append(time.monotonic_ns())
            while time.monotonic_ns() < until_ns:
                pass

        loop.call_soon(work)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert during_work[0] < busy.until_ns
        read_fd, write_fd = os.pipe()
        woken: asyncio.Future[bool] = loop.create_future()
        during_wait: list[int] = []

        def write() -> None:
            during_wait.append(time.monotonic_ns())
            os.write(write_fd, b"x")

        def read() -> None:
            loop.remove_reader(read_fd)
            woken.set_result(during_wait[0] > busy.until_ns)

        loop.add_reader(read_fd, read)
        timer = threading.Timer(0.2, write)
        timer.start()
        assert await woken
        timer.join()
        os.close(read_fd)
        os.close(write_fd)

    run(main)


def test_looking_is_not_work() -> None:
    """Time that ends with ``end_free`` is not busy, however long it was."""
    busy = BusyTime()
    began_ns = time.monotonic_ns()
    while time.monotonic_ns() < began_ns + 5 * BUSY_NS:
        pass
    busy.end_free()
    looked_ns = time.monotonic_ns()
    while time.monotonic_ns() < looked_ns + 5 * BUSY_NS:
        pass
    busy.begin_free()
    assert looked_ns < busy.until_ns
    busy.end_free()
    found_ns = time.monotonic_ns()
    assert found_ns > busy.until_ns


def test_in_another_loop_nothing_counts_as_busy() -> None:
    """Nobody notes there when the thread waits."""
    with asyncio.Runner() as runner:
        assert busy_time_of(runner.get_loop()).until_ns == 0
