"""The proof: fuzzed C, fuzzed checks in Python, and bytes that change under a reading reader."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.proof.figures import ROOT, Figure
from tests.proof.hostile_files.fuzzing import CHECKED, FAST, Fuzzed, build_target, fuzz
from tests.proof.sanitizers.building import assemble
from tests.proof.sanitizers.modules import REGION, build_modules, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form


def _fuzz_c(form: Form, native: Path) -> Iterator[Figure]:
    goal = form.count(10**6, 10**8)
    parts = (("checked", CHECKED, goal // 10), ("fast", FAST, goal - goal // 10))
    jobs = os.cpu_count() or 1
    results: list[Fuzzed] = []
    for name, how, executions in parts:
        form.progress(f"libFuzzer, {name} build, {executions:,} inputs")
        program = build_target(native, form.folder / name, how)
        results.append(
            # Each process rounds down.
            fuzz(program, executions + jobs, seed=form.seed, jobs=jobs,
                 timeout_s=form.count(900, 24 * 3600))
        )  # fmt: skip
        if results[-1].said:
            form.progress(results[-1].said)
            shutil.copytree(program.with_name(f"{name}.artifacts"), f"hostile_{name}",
                            dirs_exist_ok=True)  # fmt: skip
    executions = sum(each.executions for each in results)
    crashes, hangs = sum(each.crashes for each in results), sum(each.hangs for each in results)
    yield Figure(
        id="R5",
        what="libFuzzer on every function of the region over hostile files",
        value=f"{crashes} crashes or reports, {hangs} hangs in {executions:,} inputs "
        f"({results[0].executions:,} with ASan+UBSan)",
        reach=f"0 in {goal:,}",
        is_met=not crashes and not hangs and executions >= goal,
    )


def _child(form: Form, module: str, amount: int) -> tuple[int | None, dict[str, int], str]:
    work = form.folder / module
    work.mkdir()
    command = [sys.executable, "-m", f"tests.proof.hostile_files.{module}", str(amount),
               str(form.seed), str(work)]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment(form.folder / "modules"), capture_output=True,
            text=True, errors="replace", timeout=form.count(600, 24 * 3600), check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, {}, "did not end"
    counted = {}
    for line in done.stdout.splitlines():
        what, number = line.split()
        counted[what] = int(number)
    return done.returncode, counted, done.stderr[-4000:]


def _python(form: Form, module: str, amount: int, what: str, unit: str) -> Iterator[Figure]:
    form.progress(what)
    code, counted, said = _child(form, module, amount)
    if code != 0:
        form.progress(said)
        for last in (form.folder / module).glob("last"):
            shutil.copy(last, f"hostile_{module}")
    more = ", ".join(
        f"{n:,} {each.replace('_', ' ')}" for each, n in counted.items() if each != unit
    )
    yield Figure(
        id="R5",
        what=what,
        value=f"{'0 crashes, hangs or other errors' if code == 0 else f'ended with {code}'} in "
        f"{counted.get(unit, 0):,} {unit}" + (f" ({more})" if more else ""),
        reach=f"0 in {amount:,}",
        is_met=code == 0 and counted.get(unit, 0) >= amount,
    )


def prove(form: Form) -> Iterator[Figure]:
    """Fuzz the C, then attach to mutated files in Python, then mutate under readers."""
    native = assemble(form, form.folder / "native")
    build_modules(form.folder / "modules", native, [REGION])
    yield from _fuzz_c(form, native)
    yield from _python(
        form, "attach", form.count(2_000, 1_000_000),
        "mutated files given to FactorReader and FactorWriter, ASan+UBSan", "files",
    )  # fmt: skip
    yield from _python(
        form, "live", form.count(10_000, 100_000),
        "bytes changed under reading readers and a writer, ASan+UBSan", "mutations",
    )  # fmt: skip
