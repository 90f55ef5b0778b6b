"""The proof: plant each fault, run the driver that has to find it, and see that it does."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING, Final

from tests.proof.figures import Figure
from tests.proof.planted.faults import FAULTS, Fault
from tests.proof.sanitizers.building import (
    ADDRESS,
    DRIVERS,
    THREAD,
    Run,
    assemble,
    build,
    build_object,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form

# Faults in the short form: one for each driver, drawn by the seed, and a few more.
IN_SHORT: Final = 9
# A driver needs less than a second of CPU time: one that does not end has found its fault.
CPU_S: Final = 30
TIMEOUT_S: Final = 600
# The driver, its sanitizer, its first argument (0: none), and the seeds with which it is tried.
HOW: Final = {
    "edges": ("edges", ADDRESS, 0, 1),
    "sleepers": ("sleepers", ADDRESS, 0, 1),
    "rounds": ("rounds", ADDRESS, 2_000_000, 3),
    "cuts": ("cuts", ADDRESS, 50_000, 2),
    "race": ("rounds", THREAD, 300_000, 2),
}


def driver_objects(form: Form, names: set[str]) -> dict[str, Path]:
    """Compile the drivers that faults name, each once."""
    native = assemble(form, form.folder / "shipped")
    made = {}
    for name in sorted(names):
        driver, sanitizer, *_ = HOW[name]
        out = form.folder / f"{name}.o"
        made[name] = build_object(native, DRIVERS / f"{driver}.c", out, sanitizer)
    return made


def run_with(form: Form, fault: Fault, driver: Path, folder: Path) -> Run:
    """Build a driver with the fault in the C, and run it until it finds it."""
    _, sanitizer, amount, seeds = HOW[fault.driver]
    native = assemble(form, folder / "native", {fault.file: (fault.old, fault.new)})
    # A fault may make a warning; that is not how it is to be found.
    program = build(native, driver, folder / "driver", sanitizer, more=["-w"])
    for seed in range(form.seed, form.seed + seeds):
        found = run(program, [amount, seed] if amount else [], timeout_s=TIMEOUT_S, cpu_s=CPU_S)
        if not found.is_clean:
            break
    return found


def _drawn(form: Form) -> list[Fault]:
    draw = random.Random(form.seed)  # noqa: S311 - what is drawn has to be drawn again
    one_of_each = {each.driver: each for each in draw.sample(FAULTS, len(FAULTS))}
    rest = [
        each
        for each in FAULTS
        if each not in one_of_each.values() and each.driver in {"edges", "sleepers"}
    ]
    return [*one_of_each.values(), *draw.sample(rest, IN_SHORT - len(one_of_each))]


def prove(form: Form) -> Iterator[Figure]:
    """Plant all faults in the long form, some of them in the short one."""
    faults = list(FAULTS) if form.is_long else _drawn(form)
    drivers = driver_objects(form, {fault.driver for fault in faults})
    missed = []
    for fault in faults:
        folder = form.folder / "fault"
        folder.mkdir()
        found = run_with(form, fault, drivers[fault.driver], folder)
        if found.is_clean:
            missed.append(fault.name)
            form.progress(f"NOT FOUND: {fault.name} ({fault.file})")
        shutil.rmtree(folder)
    yield Figure(
        id="R3",
        what="planted faults of the region's C that the drivers find",
        value=f"{len(faults) - len(missed)} of {len(faults)}"
        + (f", not {', '.join(missed)}" if missed else ""),
        reach="all",
        is_met=not missed,
    )
