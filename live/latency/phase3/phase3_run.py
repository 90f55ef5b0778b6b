"""The run of phase 3: everything built, the cases in turn in every round, then the kills."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.aeron_stream.channel import MISSING
from adapters.command.terminal import say
from adapters.process.run_folder import RunFolder
from dolphin_strategies.errors import ConfigError, DolphinError, did_you_mean
from live.latency import machine
from live.latency.phase3.results import CaseResult, Results
from live.latency.phase3.sides.toolchain import (
    BuildFailedError,
    CannotBuildError,
    built_c,
    built_java,
    built_rust,
)
from live.latency.phase3.turns.cases import C_LOOPS, CASES, RUST_READER, Built, Case
from live.latency.phase3.turns.kills import kill_producer, kill_reader
from live.latency.phase3.turns.turn import measure

if TYPE_CHECKING:
    from pathlib import Path

RATES_HZ: Final = (500, 20_000)
KILLS: Final = 3
PROFILE: Final = "phase3"


class Phase3Options(NamedTuple):
    """What is measured, and how long: rounds, seconds at each rate, kills, and which cases."""

    rounds: int
    seconds: float
    kills: int
    keys: tuple[str, ...]


def keys_of(text: str) -> tuple[str, ...]:
    """Return the keys of cases that a user has named, separated by commas; empty is all.

    Raises
    ------
    ConfigError
        If there is no such case.

    """
    known = [case.key for case in CASES]
    wanted = tuple(filter(None, text.split(",")))
    for key in wanted:
        if key not in known:
            msg = (
                f"--only: expected some of {', '.join(known)}, found {key!r}"
                f"{did_you_mean(key, known)}"
            )
            raise ConfigError(msg)
    return wanted or tuple(known)


def built_for(cases: list[Case]) -> Built:
    """Build what the cases need.

    Raises
    ------
    DolphinError
        If Java's part cannot be built; the others' problems are in what is returned.

    """
    java, rust, rust_problem = None, None, ""
    if any(case.needs_java for case in cases):
        say("building the Java programs with Maven, which fetches the engines once", sys.stderr)
        java = built_java(PROFILE)
    if any(case.reader == "Rust" for case in cases):
        say("building the reader in Rust with cargo", sys.stderr)
        try:
            rust = built_rust(RUST_READER)
        except (CannotBuildError, BuildFailedError) as error:
            rust_problem = str(error)
    c, c_problem = None, ""
    if any(case.reader == "C" for case in cases):
        try:
            c = built_c(C_LOOPS)
        except (CannotBuildError, BuildFailedError) as error:
            c_problem = str(error)
    return Built(
        java=java,
        rust=rust,
        c=c,
        rust_problem=rust_problem,
        aeron_problem="" if importlib.util.find_spec("pyaeron") else MISSING,
        c_problem=c_problem,
    )


def measure_phase3(options: Phase3Options) -> Results:
    """Measure everything, in one run."""
    cases = [case for case in CASES if case.key in options.keys]
    built = built_for(cases)
    results = [CaseResult(case=case, problem=case.problem(built)) for case in cases]
    disturbance = machine.Disturbance()
    with RunFolder() as folder:
        for number in range(options.rounds):
            at = number % len(results)
            for result in results[at:] + results[:at]:
                what = f"round {number + 1} of {options.rounds}: {result.case.name}"
                _measure(result, built, folder.path / "turn", options.seconds, what)
        for result in results:
            if result.case.is_killed:
                _kill(result, built, folder.path / "turn", options.kills)
    how = (
        f"rounds: {options.rounds}, the cases in turn, their order rotated; 85 float64 a record; "
        "a latency is from just before the producer hands a record over until a reader has copied "
        "its values, both on CLOCK_MONOTONIC, each in an array of its reader's; producers "
        "yield between records, readers spin; 40,000 records before the first that counts; "
        f"{disturbance}"
    )
    return Results(results, RATES_HZ, machine.describe(), how)


def _measure(result: CaseResult, built: Built, folder: Path, seconds: float, what: str) -> None:
    if result.problem:
        return
    say(what, sys.stderr)
    try:
        result.rounds.append(measure(result.case, built, folder, seconds, RATES_HZ))
    except DolphinError as error:
        result.problem = str(error)


def _kill(result: CaseResult, built: Built, folder: Path, kills: int) -> None:
    """Kill producers, and a reader."""
    if result.problem or not kills:
        return
    try:
        for number in range(kills):
            say(f"kill {number + 1} of {kills} of a producer: {result.case.name}", sys.stderr)
            result.producer_kills.append(kill_producer(result.case, built, folder, number))
        say(f"kill of a reader: {result.case.name}", sys.stderr)
        result.reader_kills.append(kill_reader(result.case, built, folder))
    except DolphinError as error:
        result.problem = str(error)
