"""Between two machines, which are two network namespaces: each with a media driver of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from adapters.process.child import Child
from tests.benchmarks import processes
from tests.support.aeron.machines import Machine, NoMachinesError, two_machines
from tests.support.aeron.media_driver import DriverProcess, require_aeron

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(180)
PORT: Final = 20850
RATE_HZ: Final = 12_000
RECORDS: Final = 12_000
TIMEOUT_S: Final = 90.0


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    """Give two machines, or skip with the reason why there are none."""
    require_aeron()
    try:
        with two_machines() as found:
            yield found
    except NoMachinesError as error:
        pytest.skip(str(error))


def test_a_million_factor_values_cross_between_machines(
    machines: tuple[Machine, Machine],
) -> None:
    """12,000 records of 85 factors, at 12,000 a second where the machine is idle: every one is
    accounted for, and each that has room reaches ``on_factors`` in a live node.
    """
    a, b = machines
    sender, receiver = DriverProcess(a.within), DriverProcess(b.within)
    channel = f"aeron:udp?endpoint={b.address}:{PORT}"
    phase = f"{RATE_HZ}:{RECORDS}"
    publish = processes.module("aeron.publisher", f"{channel}|dir={sender.folder}", phase)
    listen = processes.module("aeron.node", f"{channel}|dir={receiver.folder}", "event", phase)
    publisher = Child([*a.within, *publish])
    node = Child([*b.within, *listen])
    try:
        for each in (publisher, node):
            each.wait_for(lambda line: line == "ready", TIMEOUT_S, "to be ready")
        publisher.send("go")
        sent = _answer_of(publisher)
        got = _answer_of(node)
    finally:
        for child in (publisher, node):
            child.kill()
        for driver in (sender, receiver):
            driver.stop()
    assert sum(sent[kind] for kind in ("sent", "unheard", "dropped", "waiting")) == RECORDS
    assert got["published"] == RECORDS
    assert got["on_factors"] == RECORDS - got["lost"]
    assert got["on_factors"] > 0
    assert sent["dropped"] + sent["unheard"] <= got["lost"]


def _answer_of(child: Child) -> dict[str, int]:
    found: list[str] = []

    def is_answer(line: str) -> bool:
        found.append(line)
        return line.startswith("{")

    child.wait_for(is_answer, TIMEOUT_S, "to be done")
    return dict(json.loads(found[-1]))
