"""The builtins touch a reader and a writer only while their thread has the interpreter's lock."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.proof.figures import ROOT, Figure
from tests.proof.sanitizers.modules import (
    FOLDER_VARIABLE,
    REGION,
    extension_modules,
    find_gcc,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.proof.figures import Form

CHECK: Final = Path(__file__).with_name("native") / "lock_check.c"
WATCHED: Final = "python_calls.c"
CALLS: Final = 400


def _compile(command: Sequence[str]) -> None:
    done = subprocess.run([find_gcc(), *command], capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{WATCHED} is not compiled:\n{done.stderr}"
        raise RuntimeError(msg)


def _build(native: Path, folder: Path) -> None:
    """Build the region's module; each access of the builtins tells the check."""
    folder.mkdir()
    row = extension_modules()[REGION]
    flags = [*(flag for flag in row["extra-compile-args"] if not flag.startswith("-W")), "-w",
             "-fPIC", f"-I{native}", f"-I{sysconfig.get_path('include')}"]  # fmt: skip
    watched = folder / f"{WATCHED}.o"
    _compile([*flags, "-fsanitize=thread", "-c", str(native / WATCHED), "-o", str(watched)])
    others = [native / Path(source).name for source in row["sources"]]
    _compile(
        [*flags, "-shared", str(watched), str(CHECK),
         *(str(source) for source in others if source.name != WATCHED),
         "-o", str(folder / f"{REGION}{EXTENSION_SUFFIXES[0]}")]
    )  # fmt: skip


def prove(form: Form, native: Path) -> Figure:
    """Call the builtins with the C in ``native``; count the accesses outside the lock."""
    folder, work = form.folder / "watched", form.folder / "watched_files"
    _build(native, folder)
    work.mkdir()
    calls = form.count(CALLS, 100 * CALLS)
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof.sanitizers.watched_calls", str(calls), str(form.seed),
         str(work)],
        cwd=ROOT, env={**os.environ, FOLDER_VARIABLE: str(folder)}, capture_output=True,
        text=True, timeout=form.count(300, 3600), check=False,
    )  # fmt: skip
    if done.returncode:
        form.progress(done.stderr[-4000:])
    counted = {name: int(n) for name, n in (line.split() for line in done.stdout.splitlines())}
    inside, outside = counted.get("with_lock", 0), counted.get("without_lock", 0)
    return Figure(
        id="",
        what="accesses of the builtins to shared memory without the interpreter's lock",
        value=f"{'' if done.returncode == 0 else f'ended with {done.returncode}; '}"
        f"{outside:,} of {inside + outside:,} in {calls:,} calls of Python",
        reach="0",
        is_met=done.returncode == 0 and inside > calls and outside == 0,
    )
