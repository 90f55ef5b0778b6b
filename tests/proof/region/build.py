"""Builds the extension of the region from the shipped C files, or from changed ones."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cffi import FFI

from tests.proof.figures import ROOT, Form, MissingToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXTENSION: Final = "adapters.shm._region"
_NATIVE: Final = ROOT / "adapters/shm/native"
_BEGIN, _END = "/* cffi: begin */", "/* cffi: end */"


def compiler() -> str:
    """Return the C compiler.

    Raises
    ------
    MissingToolError
        If there is none.

    """
    found = shutil.which("cc")
    if found is None:
        tool, package = "cc", "gcc libc6-dev"
        raise MissingToolError(tool, package)
    return found


def compile_library(sources: Sequence[Path], library: Path, *options: str) -> Path:
    """Compile C files into a shared library; return its path."""
    command = [compiler(), "-shared", "-fPIC", *options, "-o", library, *sources]
    subprocess.run(list(map(str, command)), check=True)
    return library


def loop_library(form: Form, source: Path) -> Path:
    """Compile one C file of a proof into the form's folder; return the library's path."""
    library = form.folder / f"{source.stem}.so"
    return compile_library([source], library, "-std=gnu11", "-O2", "-Wall", "-Wextra")


def build_region(form: Form) -> Path | None:
    """Build the extension with the C files of ``form.source``; return its path.

    Returns
    -------
    Path or None
        None without such a folder: then the installed extension is the one under proof.

    """
    if form.source is None:
        return None
    folder = form.folder / "native"
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    library = form.folder / f"_region{suffix}"
    if library.exists():
        return library
    folder.mkdir()
    for shipped in [*_NATIVE.glob("*.c"), *_NATIVE.glob("*.h")]:
        if shipped.name != "_region.c":
            shutil.copy(form.native(shipped.name), folder / shipped.name)
    ffi = FFI()
    parts = (folder / "region.h").read_text(encoding="utf-8").split(_BEGIN)[1:]
    ffi.cdef("\n".join(part.split(_END, 1)[0] for part in parts))
    ffi.set_source(EXTENSION, '#include "region.h"\n')
    with redirect_stdout(sys.stderr):
        ffi.emit_c_code(str(folder / "_region.c"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    modules = project["tool"]["setuptools"]["ext-modules"]
    module = next(m for m in modules if m["name"] == EXTENSION)
    return compile_library(
        [folder / Path(source).name for source in module["sources"]],
        library,
        *module["extra-compile-args"],
        f"-I{folder}",
        f"-I{sysconfig.get_path('include')}",
    )


def load_region(library: Path) -> None:
    """Put an extension built here in the place of the installed one; before any other import."""
    spec = importlib.util.spec_from_file_location(EXTENSION, library)
    if spec is None or spec.loader is None:
        msg = f"{library} is not an extension module"
        raise ImportError(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[EXTENSION] = module
    spec.loader.exec_module(module)
