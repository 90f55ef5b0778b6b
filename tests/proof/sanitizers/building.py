"""Building C drivers with the region's C and a sanitizer, and running them with a limit."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.proof.figures import ROOT, MissingToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.proof.figures import Form

DRIVERS: Final = Path(__file__).with_name("native")
NATIVE: Final = ROOT / "adapters/shm/native"
UNITS: Final = ("region.c", "waiters.c", "fault_guard.c")
ADDRESS: Final = "address,undefined"
THREAD: Final = "thread"

# -O1 keeps the stack readable; no function is left out of the checks by the optimizer.
_FLAGS: Final = ("-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Wno-unused-parameter",
                 "-fno-omit-frame-pointer", "-fno-sanitize-recover=undefined")  # fmt: skip
_REPORT: Final = re.compile(
    r"^(?:.*WARNING: ThreadSanitizer|.*ERROR: (?:Address|Leak)Sanitizer|.*: runtime error:).*$",
    re.MULTILINE,
)
_OPTIONS: Final = {
    # A bus error is for the region's own guard, and ends a driver as it would any process.
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:handle_sigbus=0",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "second_deadlock_stack=1",
}


def find_clang() -> str:
    """Return the C compiler of LLVM, of any version.

    Raises
    ------
    MissingToolError
        If there is none, or it has no sanitizers.

    """
    for name in ("clang", "clang-19", "clang-14"):
        if path := shutil.which(name):
            folder = subprocess.run(
                [path, "-print-runtime-dir"], capture_output=True, text=True, check=True
            ).stdout.strip()
            here = [Path(folder), *Path(path).resolve().parents[1].glob("lib/clang/*/lib/linux")]
            if any(list(each.glob("libclang_rt.fuzzer*.a")) for each in here):
                return path
            raise MissingToolError("libclang_rt (sanitizers of clang)", "clang libclang-rt-14-dev")
    raise MissingToolError("clang", "clang libclang-rt-14-dev")


def assemble(
    form: Form, folder: Path, planted: Mapping[str, tuple[str, str]] | None = None
) -> Path:
    """Copy the region's C into a folder, the files of ``form.source`` in place of the shipped.

    Parameters
    ----------
    form : Form
        Tells where the files are.
    folder : Path
        Is made.
    planted : mapping, optional
        For a file's name, a text that is once in it and what to put in its place.

    Raises
    ------
    ValueError
        If a text to replace is not exactly once in its file.

    """
    folder.mkdir(parents=True)
    for shipped in sorted([*NATIVE.glob("*.c"), *NATIVE.glob("*.h")]):
        text = form.native(shipped.name).read_text(encoding="utf-8")
        if planted and shipped.name in planted:
            old, new = planted[shipped.name]
            if text.count(old) != 1:
                msg = f"{shipped.name} has {text.count(old)} times, not once: {old!r}"
                raise ValueError(msg)
            text = text.replace(old, new)
        (folder / shipped.name).write_text(text, encoding="utf-8")
    return folder


def _compile(command: Sequence[str], what: str) -> None:
    done = subprocess.run([find_clang(), *command], capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{what} is not compiled:\n{done.stderr}"
        raise RuntimeError(msg)


def build(
    native: Path, driver: Path, out: Path, sanitizer: str, *, more: Sequence[str] = ()
) -> Path:
    """Compile a driver, C or an object, with the C in ``native``; return the program.

    Raises
    ------
    MissingToolError
        If there is no clang.
    RuntimeError
        With the compiler's words, if it refuses.

    """
    _compile(
        [*_FLAGS, f"-fsanitize={sanitizer}", *more, f"-I{native}", f"-I{DRIVERS}", str(driver),
         *(str(native / unit) for unit in UNITS), "-lm", "-lpthread", "-o", str(out)],
        driver.name,
    )  # fmt: skip
    return out


def build_object(native: Path, driver: Path, out: Path, sanitizer: str) -> Path:
    """Compile a driver alone, to be built with more than one form of the region's C."""
    _compile(
        ["-c", *_FLAGS, f"-fsanitize={sanitizer}", f"-I{native}", f"-I{DRIVERS}", str(driver),
         "-o", str(out)],
        driver.name,
    )  # fmt: skip
    return out


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run of a driver gave."""

    code: int | None
    """Its exit code; None if it had to be ended."""
    reports: int
    said: str
    """The last of what it wrote to stderr."""
    numbers: dict[str, int]
    calls: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """Whether it came to its end with nothing to report."""
        return self.code == 0 and not self.reports


def run(
    program: Path,
    arguments: Sequence[object],
    *,
    timeout_s: float,
    cpu_s: int = 0,
    through: Sequence[str] = (),
) -> Run:
    """Run a driver in an empty folder of its own, which is its last argument.

    Parameters
    ----------
    program : Path
        The driver.
    arguments : sequence
        Those before the folder.
    timeout_s : float
        Ends it after this many seconds.
    cpu_s : int
        Ends it after this many seconds of CPU time, which no other load shortens; 0: no limit.
    through : sequence of str
        A program that runs it.

    """
    folder = program.with_name(f"{program.name}.folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    command = [*through, str(program), *(str(each) for each in arguments), str(folder)]
    environment = {**os.environ, **_OPTIONS}
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
        env=environment, start_new_session=True,
    )  # fmt: skip
    if cpu_s:
        resource.prlimit(child.pid, resource.RLIMIT_CPU, (cpu_s, cpu_s))
    code: int | None
    try:
        out, err = child.communicate(timeout=timeout_s)
        code = child.returncode
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)
        out, err = child.communicate()
        code = None
    calls: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for line in out.splitlines():
        *name, number = line.split()
        (calls if name[0] == "call" else numbers)[name[-1]] = int(number)
    shutil.rmtree(folder)
    reports = len(_REPORT.findall(err))
    return Run(code=code, reports=reports, said=err[-4000:], numbers=numbers, calls=calls)


def declared_functions(native: Path) -> set[str]:
    """Return the functions that ``region.h`` declares."""
    text = (native / "region.h").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return set(re.findall(r"^(?:int|void) (\w+)\(", text, re.MULTILINE))
