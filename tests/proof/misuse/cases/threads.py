"""The strategy's thread: entry points of Nautilus and of the project called from others."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing.pool import ThreadPool
from typing import TYPE_CHECKING, Any, Final

from tests.proof.misuse.case import add_misuse, misuse

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRIES: Final[dict[str, Callable[[Any], object]]] = {
    "clock": lambda s: s.clock,
    "clock_timestamp": lambda s: s.clock.timestamp_ns(),
    "cache": lambda s: s.cache.orders(),
    "portfolio": lambda s: s.portfolio.account,
    "log": lambda s: s.log.info("from a thread"),
    "order_factory": lambda s: s.order_factory,
    "strategy_id": lambda s: s.strategy_id,
    "state": lambda s: s.state(),
    "is_running": lambda s: s.is_running(),
    "config": lambda s: s.config,
    "submit_order": lambda s: s.submit_order(s.resting),
    "cancel_order": lambda s: s.cancel_order(s.resting.client_order_id),
    "cancel_all_orders": lambda s: s.cancel_all_orders(s.resting.instrument_id),
    "close_all_positions": lambda s: s.close_all_positions(s.resting.instrument_id),
    "modify_order": lambda s: s.modify_order(
        s.resting.client_order_id, quantity=s.resting.quantity
    ),
    "market_exit": lambda s: s.market_exit(),
    "stop": lambda s: s.stop(),
    "shutdown_system": lambda s: s.shutdown_system("from a thread"),
    "publish_signal": lambda s: s.publish_signal("planted", 1.0),
    "subscribe_quotes": lambda s: s.subscribe_quotes(s.resting.instrument_id),
    "buy": lambda s: s.buy(),
    "instrument": lambda s: s.instrument(s.resting.instrument_id),
    "on_factors": lambda s: s.on_factors(s.factors),
    "on_start": lambda s: s.on_start(),
    "on_data": lambda s: s.on_data(None),
    "set_alert": lambda s: s._set_alert(),
    "factors": lambda s: s.factors["imbal_btc"],
    "repr": repr,
    "getattr_all": lambda s: [getattr(s, name) for name in dir(s)],
    "set_timer": lambda s: s.clock.set_timer("t", timedelta(seconds=1), callback=print),
}


def _in_thread(entry: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda s: threading.Thread(target=entry, args=(s,)).start()


for _name, _entry in ENTRIES.items():
    add_misuse(f"threads/{_name}", _in_thread(_entry))


@misuse("threads")
def joined(s: Any) -> None:
    thread = threading.Thread(target=s.buy)
    thread.start()
    thread.join()


@misuse("threads")
def in_a_pool(s: Any) -> None:
    s.pool = ThreadPoolExecutor()
    s.pool.submit(s.buy)


@misuse("threads")
def in_a_pool_awaited(s: Any) -> None:
    with ThreadPoolExecutor() as pool:
        pool.submit(s.buy).result()


@misuse("threads")
def in_a_thread_pool_of_multiprocessing(s: Any) -> None:
    s.pool = ThreadPool(2)
    s.pool.apply_async(s.buy)


@misuse("threads")
def in_to_thread(s: Any) -> None:
    s.task = asyncio.get_running_loop().create_task(asyncio.to_thread(s.buy))


@misuse("threads")
def in_a_timer_of_threading(s: Any) -> None:
    threading.Timer(0.1, s.buy).start()


@misuse("threads")
def many_at_once(s: Any) -> None:
    for _ in range(30):
        threading.Thread(target=s.buy, daemon=True).start()


@misuse("threads")
def again_and_again(s: Any) -> None:
    def work() -> None:
        while True:
            try:
                s.buy()
            except BaseException:  # noqa: BLE001, S110
                pass

    threading.Thread(target=work, daemon=True).start()


@misuse("threads")
def last_reference_dropped(s: Any) -> None:
    held = [s.cache, s.clock, s.portfolio, s.log, s.order_factory]
    thread = threading.Thread(target=held.clear)
    thread.start()
    thread.join()


@misuse("threads")
def a_bound_method_of_an_order(s: Any) -> None:
    threading.Thread(target=lambda: (s.resting.quantity, s.resting.events())).start()


@misuse("threads")
def a_loop_of_its_own(s: Any) -> None:
    async def trade() -> None:
        s.buy()

    threading.Thread(target=lambda: asyncio.run(trade())).start()


@misuse("threads")
def task_of_the_loop(s: Any) -> None:
    async def trade() -> None:
        await asyncio.sleep(0.1)
        s.buy()

    s.task = asyncio.get_running_loop().create_task(trade())


@misuse("threads", must_fail=True)
def task_that_raises(s: Any) -> None:
    async def trade() -> None:
        await asyncio.sleep(0.1)
        msg = "planted"
        raise RuntimeError(msg)

    s.task = asyncio.get_running_loop().create_task(trade())


@misuse("threads", must_fail=True)
def task_that_raises_and_is_forgotten(s: Any) -> None:
    async def trade() -> None:
        msg = "planted"
        raise RuntimeError(msg)

    asyncio.get_running_loop().create_task(trade())


@misuse("threads")
def non_daemon_thread_left(s: Any) -> None:
    threading.Thread(target=threading.Event().wait).start()


@misuse("threads")
def thread_that_raises(s: Any) -> None:
    threading.Thread(target=lambda: 1 / 0).start()


@misuse("threads")
def executor_never_done(s: Any) -> None:
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
