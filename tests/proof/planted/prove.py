"""The proof: plant each fault, run the driver that has to find it, and see that it does."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tests.proof.figures import ROOT, Figure
from tests.proof.planted.faults import FAULTS, Fault
from tests.proof.region.mutants import Mutant, is_noticed
from tests.proof.sanitizers import interpreter_lock
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
from tests.proof.sanitizers.modules import FOLDER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.proof.figures import Form

# Faults in the short form: one for each driver, drawn by the seed, and a few more.
IN_SHORT: Final = 11
# A driver needs less than a second of CPU time: one that does not end has found its fault.
CPU_S: Final = 30
TIMEOUT_S: Final = 600
# Mutated files that the checks in Python get.
FILES: Final = 3_000
# The driver, its sanitizer, its first argument (0: none), and the seeds with which it is tried at
# most: on a busy machine threads meet rarely.
HOW: Final = {
    "edges": ("edges", ADDRESS, 0, 1),
    "sleepers": ("sleepers", ADDRESS, 0, 1),
    "rounds": ("rounds", ADDRESS, 2_000_000, 60),
    "cuts": ("cuts", ADDRESS, 50_000, 2),
    "race": ("rounds", THREAD, 300_000, 24),
}


def driver_objects(form: Form, names: set[str]) -> dict[str, Path]:
    """Compile the drivers in C that faults name, each once."""
    native = assemble(form, form.folder / "shipped")
    made = {}
    for name in sorted(names & set(HOW)):
        driver, sanitizer, *_ = HOW[name]
        out = form.folder / f"{name}.o"
        made[name] = build_object(native, DRIVERS / f"{driver}.c", out, sanitizer)
    return made


def is_found(form: Form, fault: Fault, drivers: Mapping[str, Path], folder: Path) -> bool:
    """Return whether the driver that is responsible for a fault fails on it."""
    planted = {fault.file: (fault.old, fault.new)}
    match fault.driver:
        case "attach":
            return not _attach_with(form, fault, folder).is_clean
        case "overtaken":
            mutant = Mutant(fault.name, fault.file, fault.old, fault.new)
            part = "tests.proof.bounds.overtaken"
            return is_noticed(replace(form, folder=folder, source=None), part, mutant)
        case "lock":
            native = assemble(form, folder / "native", planted)
            return not interpreter_lock.prove(replace(form, folder=folder), native).is_met
        case _:
            return not _run_with(form, fault, drivers[fault.driver], folder).is_clean


def _run_with(form: Form, fault: Fault, driver: Path, folder: Path) -> Run:
    """Build a driver with the fault in what it drives, and run it until it finds it."""
    _, sanitizer, amount, seeds = HOW[fault.driver]
    native = assemble(form, folder / "native", {fault.file: (fault.old, fault.new)})
    # A fault may make a warning; that is not how it is to be found.
    program = build(native, driver, folder / "driver", sanitizer, more=["-w"])
    for seed in range(form.seed, form.seed + seeds):
        found = run(program, [amount, seed] if amount else [], timeout_s=TIMEOUT_S, cpu_s=CPU_S)
        if not found.is_clean:
            break
    return found


def _attach_with(form: Form, fault: Fault, folder: Path) -> Run:
    """Give mutated files to the checks in Python, one of whose files has the fault."""
    text = (ROOT / fault.file).read_text(encoding="utf-8")
    if text.count(fault.old) != 1:
        msg = f"{fault.file} has {text.count(fault.old)} times, not once: {fault.old!r}"
        raise ValueError(msg)
    name = fault.file.removesuffix(".py").replace("/", ".")
    (folder / f"{name}.py").write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    work = folder / "files"
    work.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof.hostile_files.attach", str(FILES), str(form.seed),
         str(work)],
        cwd=ROOT, env={**os.environ, FOLDER_VARIABLE: str(folder)}, capture_output=True,
        text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    return Run(code=done.returncode, reports=0, said=done.stderr[-4000:], numbers={}, calls={})


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
        form.progress(f"{fault.driver}: {fault.name}")
        if not is_found(form, fault, drivers, folder):
            missed.append(fault.name)
            form.progress(f"NOT FOUND: {fault.name} ({fault.file})")
        shutil.rmtree(folder)
    yield Figure(
        id="R3",
        what="planted faults of the region that the drivers find",
        value=f"{len(faults) - len(missed)} of {len(faults)}"
        + (f", not {', '.join(missed)}" if missed else ""),
        reach="all",
        is_met=not missed,
    )
