"""Whatever sends the stop signals, one request to stop is one, with a position open."""

from __future__ import annotations

import signal
import time
from typing import Final

import pytest

from adapters.process.stop_signals import COPY_S
from tests.support.lengths import long
from tests.support.nodes.node_process import node
from tests.support.nodes.signal_senders import UV_RUN, NodeGroup, node_group

HOLDER: Final = ("--strategy", "tests.support.strategies.odd_strategies:HoldsPosition")
HOLDING: Final = "HOLDING 0.01"


def assert_stopped_flat(group: NodeGroup) -> None:
    """Check that the position was closed and the node ended as asked."""
    assert group.exit_code() == 0, group.output
    assert "(1 buys, 1 sells)" in group.output
    assert "left open nothing" in group.output


@pytest.mark.parametrize("number", [signal.SIGTERM, long(signal.SIGINT), long(signal.SIGHUP)])
def test_a_signal_to_the_group_of_uv_run_is_one_request(number: signal.Signals) -> None:
    """The node gets its own copy and the one that uv forwards, and stops flat."""
    with node_group(UV_RUN, *HOLDER) as group:
        group.wait_for(HOLDING)
        group.signal_group(number)
        assert_stopped_flat(group)


def test_systemd_stopping_a_unit_is_one_request() -> None:
    """SIGTERM to uv, the node and its producer one after the other, then SIGCONT."""
    with node_group(UV_RUN, *HOLDER) as group:
        group.wait_for(HOLDING)
        group.stop_like_systemd()
        assert_stopped_flat(group)
        assert "starting it again" not in group.output


@pytest.mark.long
@pytest.mark.parametrize("form", [[], ["--foreground"]], ids=["group", "foreground"])
def test_timeout_is_one_request(form: list[str]) -> None:
    """When its time is over, timeout signals its child, and mostly its whole group as well."""
    with node_group(["timeout", "--preserve-status", *form, "1h", *UV_RUN], *HOLDER) as group:
        group.wait_for(HOLDING)
        group.signal_launcher(signal.SIGALRM)
        assert_stopped_flat(group)


def test_copies_of_any_mix_of_signals_are_one_request() -> None:
    """SIGTERM, SIGINT and SIGHUP within a second stop the node once."""
    with node(*HOLDER) as process:
        process.wait_for(HOLDING)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process.signal(number)
            time.sleep(COPY_S / 5)
        assert process.exit_code() == 0, process.output
        assert "left open nothing" in process.output
