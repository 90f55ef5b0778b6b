"""NodeLoop: the asyncio loop of a node, which other threads wake only when it sleeps."""

from __future__ import annotations

import asyncio
import os
import select
import selectors
import warnings
from typing import TYPE_CHECKING, Any, Final

from adapters.feed.busy_time import BusyTime

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextvars import Context
    from selectors import SelectorKey

COPY: Final = (
    "a copy of the node's process, which os.fork made in a callback, came back from it and is "
    "ended; the node itself goes on (docs/threads.md)\n"
)
UNASKED_S: Final = 0.2
"""How long a task's exception may wait for somebody to ask for it."""
MAX_WAIT_S: Final = 1.0
"""For threads of the loop's executor when the loop is closed."""


class NodeLoop(asyncio.SelectorEventLoop):
    """The loop to run a node in: ``asyncio.run(main(), loop_factory=NodeLoop)``.

    Nautilus's threads call ``call_soon_threadsafe`` for each piece of market data. In a loop of
    asyncio's own each call writes a byte into a socket and gives the interpreter's lock away
    meanwhile, and the node's thread reads it back: 20 to 50 µs in which no factor is read, also
    when the loop is not asleep. This loop is woken by a byte only when it sleeps; a spinning feed
    never lets it sleep.

    Attributes
    ----------
    busy : BusyTime
        When the loop's thread was last busy.
    on_stop : callable, optional
        Called instead of :meth:`stop`, with what happened, while nobody may stop the loop: it
        would end under a node with open positions.

    """

    def __init__(self) -> None:
        self.on_stop: Callable[[str], object] | None = None
        self.busy: Final = BusyTime()
        self._selector_of_node: Final = _Selector(self.busy)
        super().__init__(self._selector_of_node)
        self.set_task_factory(_told_task)

    def call_soon_threadsafe[*Ts](
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call a function on the loop's thread; for every thread."""
        if self.get_debug():
            return super().call_soon_threadsafe(callback, *args, context=context)
        handle = self.call_soon(callback, *args, context=context)
        selector = self._selector_of_node
        # The loop says that it sleeps before it looks at this, so that one sees the other.
        selector.has_calls = True
        if selector.sleeps:
            super().call_soon_threadsafe(_nothing)
        return handle

    def abandon(self) -> None:
        """End a forked child as soon as it comes back to the loop: it is no second node."""
        self._selector_of_node.leave()

    def stop(self) -> None:
        """Stop the loop, unless a node runs in it."""
        if self.on_stop is None:
            super().stop()
        else:
            self.on_stop("the loop's stop() was called")

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's
        """Wait for the executor's threads, but not long: a strategy may have left some."""
        with warnings.catch_warnings(action="ignore"):
            await super().shutdown_default_executor(min(timeout or MAX_WAIT_S, MAX_WAIT_S))


class _Selector(selectors.EpollSelector):
    """Waits only if no thread has left a call meanwhile, and notes when it waits."""

    def __init__(self, busy: BusyTime) -> None:
        super().__init__()
        self._busy: Final = busy
        self.sleeps = False
        self.has_calls = False

    def leave(self) -> None:
        """Share nothing with the parent of a forked child: not what it waits for, either."""
        self._selector = select.epoll()
        self.select = _end_copy  # type: ignore[method-assign]

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self._busy.begin_free()
        if timeout is None or timeout > 0:
            self.sleeps = True
            if self.has_calls:
                timeout = 0
        self.has_calls = False
        ready = super().select(timeout)
        self.sleeps = False
        self._busy.end_free()
        return ready


def _told_task(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **words: Any
) -> asyncio.Task[Any]:
    """Return a task whose exception is told soon, also if somebody keeps the task and never asks.

    asyncio tells it when the task is freed, which may be never.
    """
    task = asyncio.Task(coroutine, loop=loop, **words)
    task.add_done_callback(lambda done: loop.call_later(UNASKED_S, _tell, loop, done))
    return task


def _tell(loop: asyncio.AbstractEventLoop, task: Any) -> None:
    # asyncio's own flag: an exception that nobody has asked for.
    if not task.cancelled() and getattr(task, "_log_traceback", False):
        message = "a task's exception that nobody asked for"
        loop.call_exception_handler({"message": message, "exception": task.exception()})


def _end_copy(timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
    os.write(2, COPY.encode())
    os._exit(1)


def busy_time_of(loop: asyncio.AbstractEventLoop) -> BusyTime:
    """Return when a loop's thread was last busy; never, as far as is known of another loop."""
    return loop.busy if isinstance(loop, NodeLoop) else BusyTime()


def _nothing() -> None:
    """Do nothing: the call has woken the loop."""
