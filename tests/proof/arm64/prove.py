"""The proof: the drivers and the tests on arm64, and a file of a big-endian machine."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Final

from adapters.shm import FactorReader, FactorWriter, RegionError
from dolphin_strategies import FactorSchema
from tests.proof.arm64.machine import Arm64Python, cross_compiler, emulator
from tests.proof.figures import ROOT, Figure
from tests.proof.hostile_files.judged import this_boot
from tests.proof.sanitizers.building import DRIVERS, UNITS, assemble, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form

# The first arguments of each driver, in the short form and in the long one.
DRIVERS_IN_TURN: Final = {
    "edges": (0, 0),
    "sleepers": (0, 0),
    "rounds": (100_000, 10_000_000),
    "processes": (5_000, 500_000),
}
# What starts no program of its own: QEMU runs this one only.
TESTS: Final = (
    "tests/unit/shm", "tests/integration/shm/test_region_ring.py",
    "tests/integration/shm/test_region_values.py", "tests/integration/shm/test_region_foreign.py",
    "tests/integration/shm/test_region_own_numbers.py",
)  # fmt: skip
STARTS_A_PROGRAM: Final = (
    "tests/integration/shm/test_region_ring.py::"
    "test_nothing_is_torn_and_nothing_unaccounted_at_full_speed"
)
"""Two processes at full speed on arm64 are those of the driver ``processes``."""
_RUN_TESTS: Final = (
    "import sys\n"
    "from tests.proof.sanitizers import modules\n"
    "folder = modules.use_built_modules()\n"
    "import pytest\n"
    "code = pytest.main(sys.argv[1:])\n"
    "sys.exit(code or (0 if modules.are_used(folder) else 9))\n"
)


def _compile(compiler: str, sources: list[Path], out: Path, *more: str) -> Path:
    # Static, so that no C library of that machine is needed to run it.
    done = subprocess.run(
        [compiler, "-std=gnu11", "-O2", "-w", "-static", *more, *map(str, sources), "-lm",
         "-lpthread", "-o", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        msg = f"{out.name} is not compiled:\n{done.stderr}"
        raise RuntimeError(msg)
    return out


def _drivers(form: Form, native: Path) -> Iterator[Figure]:
    compiler, qemu = cross_compiler(), emulator()
    for name, amounts in DRIVERS_IN_TURN.items():
        form.progress(f"{name} on arm64")
        sources = [DRIVERS / f"{name}.c", *(native / unit for unit in UNITS)]
        program = _compile(
            compiler, sources, form.folder / f"{name}.arm64", f"-I{native}", f"-I{DRIVERS}"
        )
        amount = form.count(*amounts)
        found = run(
            program, [amount, form.seed] if amount else [], timeout_s=form.count(300, 6 * 3600),
            through=[qemu],
        )  # fmt: skip
        if not found.is_clean:
            form.progress(found.said)
        records = found.numbers.get("records", 0)
        yield Figure(
            id="",
            what=f"arm64 under QEMU, driver {name}",
            value=("0 failures" if found.is_clean else f"ended with {found.code}")
            + f" in {sum(found.calls.values()):,} calls"
            + (f" ({records:,} records)" if records else ""),
            reach="0",
            is_met=found.is_clean,
        )


def _foreign_file(form: Form) -> Figure:
    """Let a big-endian machine write a region, and attach a reader to it."""
    form.progress("a region of s390x")
    program = _compile(
        cross_compiler("s390x"), [ROOT / "tests/proof/arm64/native/foreign_header.c"],
        form.folder / "foreign_header",
    )  # fmt: skip
    path = form.folder / "region"
    # For the folder beside it.
    FactorWriter(path, ["a"], capacity=2).close()
    schema_hash = str(FactorSchema(["a"]).hash)
    subprocess.run(
        [emulator("s390x"), str(program), str(path), schema_hash, this_boot().hex()], check=True
    )
    try:
        FactorReader(path).close()
        said = "a reader attached to it"
    except RegionError as error:
        said = str(error).partition(": ")[2].partition(";")[0]
    names_both = "little-endian" in said and "big-endian" in said
    return Figure(
        id="",
        what="Fault A12: a region written by a big-endian machine (s390x)",
        value=said,
        reach="refused, both byte orders named",
        is_met=names_both,
    )


def _tests(form: Form, native: Path) -> Figure:
    form.progress("an arm64 Python with the project's packages")
    python = Arm64Python(form, native)
    form.progress(f"{', '.join(TESTS)} on arm64")
    options = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "timeout=0",
               "--deselect", STARTS_A_PROGRAM]  # fmt: skip
    code, said = python.run(["-c", _RUN_TESTS, *options, *TESTS], 4 * 3600)
    passed = re.search(r"(\d+) passed", said)
    if code:
        form.progress(said[-6000:])
    return Figure(
        id="",
        what="arm64 under QEMU, the region's tests in Python",
        value=f"{passed[1] if passed else 0} passed"
        + ("" if code == 0 else f", ended with {code}"),
        reach="all pass",
        is_met=code == 0,
    )


def prove(form: Form) -> Iterator[Figure]:
    """Run the drivers; in the long form the tests in Python too."""
    native = assemble(form, form.folder / "native")
    yield from _drivers(form, native)
    yield _foreign_file(form)
    if form.is_long:
        yield _tests(form, native)
