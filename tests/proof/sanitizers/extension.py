"""The C that only Python calls, with ASan and UBSan: the region's module, and all others."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from tests.proof.figures import ROOT, Figure
from tests.proof.sanitizers.modules import REGION, build_modules, environment, extension_modules

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.proof.figures import Form

# The tests of each module that need no process of their own.
TESTS_OF_MODULES: Final = (
    "tests/unit/computed", "tests/unit/computing", "tests/unit/backfill/test_plain_text.py",
    "tests/unit/shm", "tests/integration/strategy/test_gate.py",
    "tests/integration/strategy/test_record_object.py",
    "tests/integration/shm/test_region_ring.py",
    "tests/integration/shm/test_region_values.py", "tests/integration/shm/test_region_damage.py",
    "tests/integration/shm/test_region_own_numbers.py",
)  # fmt: skip
_REPORT: Final = re.compile(r"ERROR: AddressSanitizer|: runtime error:")
_RUN_TESTS: Final = (
    "import sys\n"
    "from tests.proof.sanitizers import modules\n"
    "folder = modules.use_built_modules()\n"
    "import pytest\n"
    "code = pytest.main(sys.argv[1:])\n"
    "sys.exit(code or (0 if modules.are_used(folder) else 9))\n"
)


def _run(command: Sequence[str], folder: Path, timeout_s: float) -> tuple[int | None, str, str]:
    try:
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment(folder), capture_output=True,
            text=True, errors="replace", timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        return None, str(error.stdout), str(error.stderr)
    return done.returncode, done.stdout, done.stderr


def prove(form: Form, native: Path, called: Counter[str]) -> Iterator[Figure]:
    """Call the region's module as Python does; in the long form run the tests of all modules."""
    folder = form.folder / "modules"
    names = list(extension_modules()) if form.is_long else [REGION]
    build_modules(folder, native, names)
    form.progress("the region's extension module, ASan+UBSan")
    work = form.folder / "python"
    work.mkdir()
    calls = form.count(4_000, 2_000_000)
    code, out, err = _run(
        ["-m", "tests.proof.sanitizers.calls_of_python", str(calls), str(form.seed), str(work)],
        folder, form.count(300, 6 * 3600),
    )  # fmt: skip
    done = 0
    for line in out.splitlines():
        *name, number = line.split()
        if name[0] == "call":
            called[name[1]] += int(number)
        else:
            done = int(number)
    reports = len(_REPORT.findall(err))
    if code or reports:
        form.progress(err[-4000:])
    yield Figure(
        id="",
        what="ASan+UBSan, the region's module called by Python",
        value=f"{'' if code == 0 else f'ended with {code}; '}{reports} reports in {done:,} calls",
        reach="0",
        is_met=code == 0 and not reports and done >= calls,
    )
    if not form.is_long:
        return
    form.progress(f"the tests of {len(names)} extension modules, ASan+UBSan")
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "timeout=0"]
    code, out, err = _run(["-c", _RUN_TESTS, *options, *TESTS_OF_MODULES], folder, 3600)
    reports = len(_REPORT.findall(out + err))
    passed = re.search(r"(\d+) passed", out)
    if code or reports:
        form.progress((out + err)[-6000:])
    yield Figure(
        id="",
        what=f"ASan+UBSan, tests of all {len(names)} extension modules",
        value=f"{'' if code == 0 else f'ended with {code}; '}{reports} reports in "
        f"{passed[1] if passed else 0} tests",
        reach="0",
        is_met=code == 0 and not reports,
    )
