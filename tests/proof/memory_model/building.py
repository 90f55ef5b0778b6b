"""The explorer's build: relacy with three lines changed, the scenarios, and the region's C."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.proof.figures import ROOT, MissingToolError

if TYPE_CHECKING:
    from tests.proof.figures import Form

HERE: Final = Path(__file__).resolve().parent / "native"
RELACY: Final = Path("/usr/include/relacy")
SHIPPED: Final = ("region.c", "waiters.c")
C_FLAGS: Final = ("-std=gnu11", "-O1", "-w", "-c")
TIMEOUT_S: Final = 600

# File, text, text in its place, and why.
CHANGES: Final = (
    # A load may return each of the last eight values of a word, not of the last three, also in
    # an exhaustive search, which otherwise knows the last two alone.
    ("defs.hpp", "atomic_history_size = 3;", "atomic_history_size = 8;"),
    (
        "thread.hpp",
        "c.is_random_sched() ? atomic_history_size  - 1: 1;",
        "atomic_history_size - 1;",
    ),
    # Since C++20 a later plain store of the same thread does not continue a release sequence.
    (
        "thread.hpp",
        "prev.busy_ && (rmw || (index_ == prev.thread_id_));",
        "prev.busy_ && rmw;",
    ),
)


class Build:
    """Compiles into a folder: the explorer's own part once, the region's C as often as asked.

    Parameters
    ----------
    folder : Path
        For everything that is made.

    Raises
    ------
    MissingToolError
        If there is no relacy or no C++ compiler.

    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        if not RELACY.is_dir():
            raise MissingToolError(str(RELACY), "relacy-dev")
        for tool in ("gcc", "g++"):
            if shutil.which(tool) is None:
                raise MissingToolError(tool, tool)
        self._machine: Final = folder / "machine.o"
        self._scenarios: Final[dict[bytes, list[Path]]] = {}
        self._lock: Final = threading.Lock()
        shutil.copytree(RELACY, folder / "relacy")
        for name, old, new in CHANGES:
            header = folder / "relacy" / name
            text = header.read_text(encoding="utf-8")
            if text.count(old) != 1:
                msg = f"{RELACY / name} has changed: {old!r} is not in it once"
                raise ValueError(msg)
            header.write_text(text.replace(old, new), encoding="utf-8")
        flags = ["-std=gnu++17", "-O1", "-w", f"-I{folder}", "-c", "-o", self._machine]
        _run("g++", *flags, HERE / "machine.cpp")

    def compile(self, native: Path, name: str) -> bool:
        """Build an explorer of the C in a folder; return whether that C compiles.

        Parameters
        ----------
        native : Path
            Has every C file and header of the region.
        name : str
            Of the program, in the build's folder.

        """
        scenarios = self._scenarios_with(native)
        objects = self.folder / f"{name}_objects"
        objects.mkdir()
        includes = [f"-I{native}", f"-I{HERE}", "-include", HERE / "intercept.h"]
        shipped = [native / file for file in SHIPPED]
        if not scenarios or not _succeeds(objects, "gcc", *C_FLAGS, *includes, *shipped):
            return False
        parts = [self._machine, *scenarios, *objects.glob("*.o")]
        _run("g++", "-o", self.folder / name, *parts)
        shutil.rmtree(objects)
        return True

    def _scenarios_with(self, native: Path) -> list[Path]:
        """Return the scenarios' objects, which depend on region.h alone; none if it is wrong."""
        header = (native / "region.h").read_bytes()
        with self._lock:
            if header not in self._scenarios:
                objects = self.folder / f"scenarios_{len(self._scenarios)}"
                objects.mkdir()
                includes = [f"-I{native}", f"-I{HERE}"]
                made = _succeeds(objects, "gcc", *C_FLAGS, *includes, *HERE.glob("*.c"))
                self._scenarios[header] = sorted(objects.glob("*.o")) if made else []
            return self._scenarios[header]


def sources(form: Form) -> Path:
    """Return a folder with all C files of the region, those of ``--source`` in their place."""
    native = form.folder / "native"
    native.mkdir()
    for pattern in ("*.c", "*.h"):
        for file in (ROOT / "adapters/shm/native").glob(pattern):
            if file.name != "_region.c":
                shutil.copy(form.native(file.name), native)
    return native


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, timeout=TIMEOUT_S)


def _succeeds(cwd: Path, *command: object) -> bool:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        stderr=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
    return done.returncode == 0
