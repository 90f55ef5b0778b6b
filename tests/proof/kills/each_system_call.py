"""Kills at every system call of an operation, and at every change of its files in between."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.shm import RegionError
from adapters.shm.region.region_files import folder_of
from tests.proof.figures import Figure
from tests.proof.kills.operations import OPERATIONS, Aftermath, Operation
from tests.proof.region.records import BrokenRegionError
from tests.proof.region.stepping import CHANGED, STOPPED, Stepper, Victim, Watch
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form

LONGEST_STRETCH: Final = 20_000
"""Instructions of a random stretch behind a system call."""


def prove(form: Form) -> Iterator[Figure]:
    """Yield one figure an operation."""
    stepper = Stepper(form)
    for operation in OPERATIONS:
        path = new_region_path()
        try:
            yield _kill_in(operation, path, stepper, form)
        finally:
            remove_all_of(path)


class _Place(NamedTuple):
    """Where a kill comes: a stop, then changes of the files in memory, then instructions."""

    stop: int
    changes: int
    instructions: int


def _kill_in(operation: Operation, path: Path, stepper: Stepper, form: Form) -> Figure:
    chance = random.Random(form.seed)  # noqa: S311 - moments, not secrets
    aftermath = Aftermath(operation, path)
    places = _places(aftermath, stepper)
    stops, changes = places[-1].stop, sum(place.changes > 0 for place in places)
    sample = form.count(8, 1000)
    places += [
        _Place(chance.randrange(stops), 0, chance.randrange(LONGEST_STRETCH))
        for _ in range(sample)
    ]
    fault = ""
    for place in places:
        aftermath.prepare()
        with _victim(aftermath, stepper) as victim:
            for _ in range(place.stop):
                victim.run_to_system_call()
            watch = _watch(path)
            for _ in range(place.changes):
                victim.step(watched=watch)
            victim.step(place.instructions)
            try:
                aftermath.check(victim)
            except (BrokenRegionError, RegionError) as error:
                fault = f"killed at {place}: {error}"
                break
    return Figure(
        id="R4",
        what=f"kills in {operation.name}: at the beginning and end of each system call, after "
        f"each of {changes} changes of the files in memory, at {sample} instructions drawn",
        value=fault
        or f"{len(places)} of {len(places)}; {aftermath.without_record} left a new file without "
        "a record yet",
        reach="all",
        is_met=not fault,
    )


def _victim(aftermath: Aftermath, stepper: Stepper) -> Victim:
    def act() -> None:
        aftermath.operation.act(aftermath.path, stepper.c.stop_here)
        os._exit(0)

    return Victim(stepper, act)


def _files(path: Path) -> list[Path]:
    """Return the files that the writer maps, as far as they are there."""
    folder = folder_of(path)
    mapped = path, folder / "new", folder / "waiters"
    return [file for file in mapped if file.exists() and file.stat().st_size]


def _watch(path: Path) -> Watch:
    return Watch(*_files(path))


def _places(aftermath: Aftermath, stepper: Stepper) -> list[_Place]:
    """Return every stop, and every change of the files between two stops."""
    places, stretches = [_Place(0, 0, 0)], []
    aftermath.prepare()
    with _victim(aftermath, stepper) as victim:
        seen = [file.read_bytes() for file in _files(aftermath.path)]
        stop = 0
        while victim.run_to_system_call() != STOPPED:
            now = [file.read_bytes() for file in _files(aftermath.path)]
            if now != seen:
                stretches.append(stop)
            seen = now
            stop += 1
            places.append(_Place(stop, 0, 0))
    last = places[-1]
    for stop in stretches:
        aftermath.prepare()
        with _victim(aftermath, stepper) as victim:
            for _ in range(stop):
                victim.run_to_system_call()
            watch = _watch(aftermath.path)
            changes = 0
            # To the end of the next system call.
            while victim.step(sees_calls=True, watched=watch).why == CHANGED:
                changes += 1
                places.append(_Place(stop, changes, 0))
    return [*(place for place in places if place != last), last]
