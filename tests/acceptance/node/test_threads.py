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


def test_a_call_from_another_thread_ends_the_process_and_what_was_open_is_printed() -> None:
    """NautilusTrader aborts; the watch, a process of its own, has the last word."""
    with node("--strategy", f"{ODD}:TouchedByThread", "--seconds", 50) as process:
        assert process.exit_code() == -signal.SIGABRT, process.output
        assert "HOLDING 0.01" in process.output
        text = (
            "LEFT OPEN - the node's run ended without stopping the node; left open: position +0.01"
        )
        assert text in process.output
