"""Hot path: the calls of writer and reader cost what they cost in another checkout."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from tests.benchmarks import processes
from tests.proof.figures import Figure, NeedsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form

    type Seconds = dict[tuple[str, bool], list[float]]
    """By call, and whether it is the other checkout's: what each burst took."""

CALLS: Final = {
    "write_values": "write_values(array)",
    "write_dict": "write(dict)",
    "newest": "write_values(array), then latest_into(array)",
    "next": "read_next()",
}
LIMIT: Final = 1.02
BURST: Final = 1_000
"""Calls that a process makes before the other one's turn: well under a millisecond, so that both
see the same machine."""
TIMEOUT_S: Final = 60.0


def prove(form: Form) -> Iterator[Figure]:
    """Measure both checkouts in turn, in several pairs of processes."""
    if form.against is None:
        message = (
            "compares with another checkout that has a .venv: "
            "python -m tests.proof hot_path --against DIR"
        )
        raise NeedsError(message)
    pairs, bursts = form.count(5, 21), form.count(400, 1_000)
    runs: list[Seconds] = []
    for number in range(pairs):
        form.progress(f"pair {number + 1} of {pairs}")
        runs.append(_run_once(bursts, form.against))
    for call, text in CALLS.items():
        ratios = sorted(
            statistics.median(
                here / there for here, there in zip(run[call, False], run[call, True], strict=True)
            )
            for run in runs
        )
        ratio = statistics.median(ratios)
        here_ns, there_ns = (
            statistics.median(second for run in runs for second in run[call, is_there])
            * 1e9
            / BURST
            for is_there in (False, True)
        )
        yield Figure(
            id="R13",
            what=f"{text}, here over there",
            value=f"{ratio:.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f} over {pairs} pairs of "
            f"processes), {here_ns:.0f} ns over {there_ns:.0f} ns",
            reach=f"{LIMIT} or less",
            is_met=ratio <= LIMIT,
        )


def _run_once(bursts: int, against: Path) -> Seconds:
    with ExitStack() as stack:
        commands = {
            False: (processes.module("calls_process"), processes.ROOT),
            True: (processes.module_over(against, "calls_process"), against),
        }
        children = {}
        for is_there, (command, checkout) in commands.items():
            child = stack.enter_context(processes.running(command, checkout))
            processes.await_ready(child)
            children[is_there] = child
        seconds: Seconds = {(call, is_there): [] for call in CALLS for is_there in children}
        for number in range(bursts):
            for call in CALLS:
                # Forth and back, so that neither is always the first.
                for is_there in list(children)[:: 1 - 2 * (number % 2)]:
                    answer = processes.ask(children[is_there], f"{call} {BURST}", TIMEOUT_S)
                    seconds[call, is_there].append(answer)
        for child in children.values():
            processes.finish(child, TIMEOUT_S)
        return seconds
