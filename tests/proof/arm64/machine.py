"""An arm64 Linux as a folder of files: Debian's Python, wheels, and our C, compiled across."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.proof.debian import download, find, run, unpack
from tests.proof.figures import ROOT
from tests.proof.sanitizers.modules import FOLDER_VARIABLE, REGION, extension_modules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.proof.figures import Form

# The first Debian whose Python can read this project.
SUITE: Final = "trixie"
PACKAGES: Final = ("python3.13", "libpython3.13-dev", "libstdc++6")
SUFFIX: Final = ".cpython-313-aarch64-linux-gnu.so"
WHEELS: Final = ("nautilus_trader", "numpy", "cffi", "pyarrow", "pytest", "pytest-timeout",
                 "pytest-xdist", "hypothesis", "hazelcast-python-client", "orjson")  # fmt: skip


def cross_compiler(machine: str = "aarch64") -> str:
    """Return GCC for another kind of machine."""
    package = f"gcc-{machine}-linux-gnu libc6-dev-{machine.replace('aarch64', 'arm64')}-cross"
    return find(f"{machine}-linux-gnu-gcc", package)


def emulator(machine: str = "aarch64") -> str:
    """Return QEMU for programs of another kind of machine."""
    return find(f"qemu-{machine}", "qemu-user")


def _system(folder: Path) -> Path:
    """Unpack Debian's Python for arm64 into a folder."""
    system = folder / "system"
    if not (system / "usr/bin/python3.13").exists():
        unpack(
            download(folder / "apt", suite=SUITE, architecture="arm64", packages=PACKAGES), system
        )
    return system


def _wheels(folder: Path) -> Path:
    """Put the packages that the tests import into a folder, in the versions of this project."""
    wanted = [f"{name}=={version(name)}" for name in WHEELS]
    site, held = folder / "site", folder / "site.txt"
    if not held.exists() or held.read_text(encoding="utf-8").split() != wanted:
        run([find("uv", "none: it comes from PyPI"), "pip", "install", "--quiet",
             "--target", str(site), "--python-platform", "aarch64-manylinux_2_40",
             "--python-version", "3.13", "--only-binary", ":all:", *wanted])  # fmt: skip
        held.write_text("\n".join(wanted), encoding="utf-8")
    return site


class Arm64Python:
    """A Python for arm64 with the project's C, whose commands QEMU runs.

    Parameters
    ----------
    form : Form
        The extension modules are built in its folder.
    native : Path
        The region's C.

    """

    def __init__(self, form: Form, native: Path) -> None:
        caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        kept = caches / "dolphin-proof" / "arm64"
        kept.mkdir(parents=True, exist_ok=True)
        self._system: Final = _system(kept)
        self._site: Final = _wheels(kept)
        self._bytecode: Final = kept / "bytecode"
        self._modules: Final = form.folder / "arm64_modules"
        self._build(native)

    def _build(self, native: Path) -> None:
        self._modules.mkdir()
        headers = self._system / "usr/include"
        for name, row in extension_modules().items():
            sources = [ROOT / source for source in row["sources"]]
            include = [ROOT / each for each in row.get("include-dirs", ())]
            if name == REGION:
                sources, include = [native / source.name for source in sources], [native]
            # Debian's headers last: those of the compiler's own C library come first.
            run([cross_compiler(), "-shared", "-fPIC", *row["extra-compile-args"], "-w",
                 f"-I{headers}/python3.13", "-idirafter", str(headers),
                 *(f"-I{each}" for each in include), *map(str, sources), "-lm",
                 "-o", str(self._modules / f"{name}{SUFFIX}")])  # fmt: skip

    def run(self, arguments: Sequence[str], timeout_s: float) -> tuple[int | None, str]:
        """Run a command of this Python in the project's folder; return exit code and output."""
        environment = {
            **os.environ,
            FOLDER_VARIABLE: str(self._modules),
            "PYTHONPATH": f"{self._site}:{ROOT}",
            "PYTHONPYCACHEPREFIX": str(self._bytecode),
        }
        command = [emulator(), "-L", str(self._system), str(self._system / "usr/bin/python3.13")]
        try:
            done = subprocess.run(
                [*command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True,
                errors="replace", timeout=timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None, "did not end"
        return done.returncode, done.stdout + done.stderr
