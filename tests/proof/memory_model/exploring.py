"""Running an explorer: one process a search, two at a time, and what it found."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.proof.memory_model.scenarios import RANDOM, SCENARIOS, Search

if TYPE_CHECKING:
    from tests.proof.figures import Form
    from tests.proof.memory_model.building import Build

WORKERS: Final = os.cpu_count() or 1
TIMEOUT_S: Final = 3600
SLOW: Final = {"1", RANDOM}
"""Short searches of scenarios that are large; the others take no time with one switch."""
EXECUTIONS_A_SEED: Final = 100_000_000
_STEP: Final = re.compile(r"^\[\d+\] (\d): (?:<(0x\w+)> )?(.*), in (.*)$")


class ExplorerError(Exception):
    """The explorer itself failed; the message is what it printed."""


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes
    ----------
    executions : int
        Up to the first with a forbidden outcome.
    forbidden : str
        The outcome; "" if there is none.
    history : str
        The interleaving that led to it, a line an access.

    """

    scenario: str
    executions: int
    forbidden: str = ""
    history: str = ""


def explore(build: Build, program: str, scenario: str, search: Search, seed: int) -> Found:
    """Run one search until it ends or finds a forbidden outcome."""
    written = build.folder / f"{program}_{scenario}.txt"
    first = 1 + EXECUTIONS_A_SEED * (seed - 1)
    command = [build.folder / program, scenario, search.how, search.executions, first, written]
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode < 0:
        return Found(scenario, 0, f"crash: signal {-done.returncode}")
    if done.returncode not in {0, 1}:
        msg = f"{scenario} {search.how}: exit code {done.returncode}: {done.stdout}{done.stderr}"
        raise ExplorerError(msg)
    executions, _, forbidden = done.stdout.strip().partition(" ")
    history = readable(written.read_text(encoding="utf-8")) if forbidden else ""
    return Found(scenario, int(executions), forbidden, history)


def explore_all(build: Build, program: str, form: Form) -> list[Found]:
    """Run every search of a form, each to its end, but none after a forbidden outcome."""
    is_over = threading.Event()

    def one(scenario: str) -> Found:
        if is_over.is_set():
            return Found(scenario, 0)
        short, long = SCENARIOS[scenario]
        search = long if form.is_long else short
        found = explore(build, program, scenario, search, form.seed)
        how = f"{search.how} switches" if search.how.isdigit() else search.how
        form.progress(f"{scenario:<16}{how:<12}{found.executions:>12,} {found.forbidden}")
        if found.forbidden:
            is_over.set()
        return found

    # The last in the table take longest; C that is thought to be wrong fails sooner in the first.
    order = list(SCENARIOS) if form.source else list(reversed(SCENARIOS))
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, order))


def first_forbidden(build: Build, program: str, seed: int) -> str:
    """Return the first forbidden outcome of the short searches, or "" if there is none."""
    quick = [
        (name, Search("1")) for name, (short, _) in SCENARIOS.items() if short.how not in SLOW
    ]
    for scenario, search in [*quick, *((name, short) for name, (short, _) in SCENARIOS.items())]:
        found = explore(build, program, scenario, search, seed)
        if found.forbidden:
            return f"{scenario}: {found.forbidden}"
    return ""


def readable(text: str) -> str:
    """Return relacy's history with the words' names and without its own steps."""
    head, _, rest = text.partition("words:\n")
    words, _, history = rest.partition("\n\n")
    names = dict(line.split(" ", 1) for line in words.splitlines())
    lines = [head.strip()]
    for line in history.partition("\nthread 0:")[0].splitlines():
        step = _STEP.match(line)
        if step is None or step[4].endswith("initially(0)"):
            continue
        thread, address, what, where = step.groups()
        if not address and ("END" in what or "BEGIN" in what):
            continue
        function, _, file = where.partition(", ")
        lines.append(
            f"  thread {thread}: {names.get(address or '', ''):<22} {what}   "
            f"{function}, {file.rpartition('/')[2]}"
        )
    return "\n".join(lines)
