"""What docs/threads.md says: a strategy and threads of its author."""

from __future__ import annotations

import re
import signal

from tests.support.nodes.node_process import ROOT, node

ODD = "tests.support.strategies.odd_strategies"


def test_the_example_decides_by_the_answers_of_its_thread() -> None:
    """Nearly every question is answered, orders follow, and it ends flat."""
    folder = ROOT / "docs" / "examples"
    with node("--strategy", "model_in_thread:ModelTaker", cwd=folder) as process:
        process.wait_for_factors(500)
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        answered = re.search(r"ANSWERED (\d+)", process.output)
        assert answered is not None
        assert int(answered[1]) > 100
        orders = re.search(r"([\d,]+) buys, ([\d,]+) sells", process.output)
        assert orders is not None
        assert orders[1] != "0"
        assert "left open nothing" in process.output


def test_a_call_from_another_thread_holds_the_thread_and_stops_the_node_flat() -> None:
    """Fault D06: NautilusTrader aborts there; the node's own thread goes on and closes all."""
    with node("--strategy", f"{ODD}:TouchedByThread") as process:
        assert process.exit_code() == 1, process.output
        assert "HOLDING 0.01" in process.output
        crashed = process.output.index("CRASH: SIGABRT in another thread")
        assert "in ask" in process.output[crashed:]
        assert "left open nothing" in process.output
