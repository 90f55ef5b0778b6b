"""The project's C extension modules, built with ASan and UBSan, in the place of the installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.proof.figures import ROOT, MissingToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

REGION: Final = "adapters.shm._region"
FOLDER_VARIABLE: Final = "DOLPHIN_PROOF_MODULES"
_SANITIZED: Final = ("-g", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined",
                     "-fno-sanitize-recover=undefined", "-shared", "-fPIC", "-w")  # fmt: skip


def extension_modules() -> dict[str, dict[str, Any]]:
    """Return the rows of the extension modules in ``pyproject.toml`` by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rows = project["tool"]["setuptools"]["ext-modules"]
    return {row["name"]: row for row in rows}


def find_gcc() -> str:
    """Return GCC, whose sanitizer an interpreter loads most easily.

    Raises
    ------
    MissingToolError
        If there is none.

    """
    compiler = shutil.which("gcc")
    if compiler is None:
        raise MissingToolError("gcc", "gcc libc6-dev")
    return compiler


def build_modules(folder: Path, region_native: Path, names: Sequence[str]) -> None:
    """Build extension modules into a new folder; the region's from ``region_native``.

    Raises
    ------
    MissingToolError
        If there is no C compiler.
    RuntimeError
        With the compiler's words, if it refuses.

    """
    compiler = find_gcc()
    folder.mkdir()
    rows = extension_modules()
    for name in names:
        row = rows[name]
        out = folder / f"{name}{EXTENSION_SUFFIXES[0]}"
        sources = [ROOT / source for source in row["sources"]]
        include = [ROOT / each for each in row.get("include-dirs", ())]
        if name == REGION:
            sources = [region_native / source.name for source in sources]
            include = [region_native]
        flags = [flag for flag in row["extra-compile-args"] if not flag.startswith(("-O", "-W"))]
        command = [compiler, *flags, *_SANITIZED, f"-I{sysconfig.get_path('include')}",
                   *(f"-I{each}" for each in include), *map(str, sources), "-lm",
                   "-o", str(out)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            msg = f"{name} is not compiled:\n{done.stderr}"
            raise RuntimeError(msg)


def environment(folder: Path) -> dict[str, str]:
    """Return the variables with which a Python loads the sanitizer and the modules of ``folder``.

    Raises
    ------
    MissingToolError
        If there is no library of the sanitizer.

    """
    runtime = subprocess.run(
        [find_gcc(), "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(runtime).is_file():
        raise MissingToolError("libasan.so", "libgcc-12-dev")
    return {
        **os.environ,
        "LD_PRELOAD": str(Path(runtime).resolve()),
        # The interpreter keeps much to its end; leaks are looked for in the drivers in C.
        "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        # Every object a block of its own, so that the sanitizer sees where it ends.
        "PYTHONMALLOC": "malloc",
        FOLDER_VARIABLE: str(folder),
    }


class _BuiltModules(MetaPathFinder):
    """Finds modules in a folder where each is a file by its whole name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: object = None
    ) -> ModuleSpec | None:
        """Return where a module lies; None for one that is not in the folder."""
        for suffix in (EXTENSION_SUFFIXES[0], ".py"):
            file = self._folder / f"{name}{suffix}"
            if file.is_file():
                return spec_from_file_location(name, file)
        return None


def use_built_modules() -> Path:
    """From now on import what is in the folder that the environment names from there."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    sys.meta_path.insert(0, _BuiltModules(folder))
    return folder


def are_used(folder: Path) -> bool:
    """Return whether the extension modules that are loaded are those of the folder."""
    loaded = [sys.modules[name] for name in extension_modules() if name in sys.modules]
    return all(Path(str(module.__file__)).parent == folder for module in loaded)
