"""Fixtures that every test may use, and how many workers run the tests."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, settings

from adapters.process.stop_signals import STOP_SIGNALS
from tests.support.aeron.media_driver import DriverProcess, require_aeron
from tests.support.java.producer import JavaProducer, java_producer
from tests.support.java.project import require_project
from tests.support.transports.member import Member, require_member
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Hundreds of processes start. Where bytecode is not kept, as in many containers, each would
# compile all that it imports: then the tests keep it, in a folder of their own.
if sys.dont_write_bytecode:
    sys.pycache_prefix = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")
    sys.dont_write_bytecode = False
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# On a loaded machine an example may take any time: that is no failure.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

WORKERS_PER_CORE: Final = 2
"""Many tests wait for a state of another process, and each worker imports everything."""
LONG_WORKERS_PER_CORE: Final = 3
"""The long forms mostly wait."""
MOST_WORKERS: Final = 16
"""Each that meets Hazelcast starts a member of its own."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return how many workers ``-n auto`` starts."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    is_long = config.option.markexpr == "long"
    each = LONG_WORKERS_PER_CORE if is_long else WORKERS_PER_CORE
    return min(each * len(os.sched_getaffinity(0)), MOST_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes minutes begin first, so that no core waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


def pytest_sessionstart() -> None:
    """Let the garbage collector rest while hundreds of modules are imported."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave what was imported out of each collection from now on."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def _stop_handlers() -> Iterator[None]:
    """Take back the handlers of stop signals that a command has left in this process."""
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture
def region_path() -> Iterator[Path]:
    """Give a region path of the test's own, and remove everything there afterwards."""
    path = new_region_path()
    yield path
    remove_all_of(path)


@pytest.fixture(scope="session")
def worker_member() -> Iterator[Member]:
    """Give a real Hazelcast member of the worker's own."""
    require_member()
    running = Member()
    yield running
    running.close()


@pytest.fixture
def member(worker_member: Member) -> Iterator[Member]:
    """Give a real Hazelcast member that is there; a test may kill it and start it again."""
    worker_member.revive()
    yield worker_member
    worker_member.close_clients()


@pytest.fixture(scope="module")
def media_driver() -> Iterator[DriverProcess]:
    """Give a media driver of the module's own, which no test may end.

    Not for the whole session: one without work takes a fifth of a core.
    """
    require_aeron()
    running = DriverProcess()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def java() -> Iterator[JavaProducer]:
    """Give a producer process in Java of the worker's own, which no test ends."""
    require_project()
    with java_producer() as running:
        yield running
