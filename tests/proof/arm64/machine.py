"""An arm64 Linux as a folder of files: Debian's Python, wheels, and our C, compiled across."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.proof.figures import ROOT, MissingToolError
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
_KEYS: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"


def find(tool: str, package: str) -> str:
    """Return where a program is.

    Raises
    ------
    MissingToolError
        If it is not on this machine.

    """
    path = shutil.which(tool)
    if path is None:
        raise MissingToolError(tool, package)
    return path


def cross_compiler(machine: str = "aarch64") -> str:
    """Return GCC for another kind of machine."""
    package = f"gcc-{machine}-linux-gnu libc6-dev-{machine.replace('aarch64', 'arm64')}-cross"
    return find(f"{machine}-linux-gnu-gcc", package)


def emulator(machine: str = "aarch64") -> str:
    """Return QEMU for programs of another kind of machine."""
    return find(f"qemu-{machine}", "qemu-user")


def _run(command: Sequence[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    if done.returncode:
        msg = f"{' '.join(command[:4])} ... failed:\n{done.stderr[-2000:]}"
        raise RuntimeError(msg)
    return done.stdout


def _archive() -> str:
    """Return where this machine gets Debian's packages from."""
    found = _run([find("apt-get", "apt"), "indextargets", "--format", "$(ORIGIN) $(REPO_URI)",
                  "Created-By: Packages"])  # fmt: skip
    for line in found.splitlines():
        origin, _, uri = line.partition(" ")
        if origin == "Debian" and "security" not in uri:
            return uri
    raise MissingToolError("a source of Debian's packages", "apt (on Debian)")


def _system(folder: Path) -> Path:
    """Unpack Debian's Python for arm64 into a folder; nothing is installed on this machine."""
    system, apt = folder / "system", folder / "apt"
    if (system / "usr/bin/python3.13").exists():
        return system
    for each in ("state/lists/partial", "cache/archives/partial", "etc"):
        (apt / each).mkdir(parents=True, exist_ok=True)
    (apt / "state/status").touch()
    source = f"deb [arch=arm64 signed-by={_KEYS}] {_archive()} {SUITE} main\n"
    (apt / "etc/sources.list").write_text(source, encoding="utf-8")
    (apt / "apt.conf").write_text(
        'APT::Architecture "arm64";\nAPT::Architectures {"arm64";};\n'
        f'Dir::State "{apt}/state";\nDir::State::status "{apt}/state/status";\n'
        f'Dir::Cache "{apt}/cache";\nDir::Etc::sourcelist "{apt}/etc/sources.list";\n'
        'Dir::Etc::sourceparts "-";\nAPT::Sandbox::User "root";\n',
        encoding="utf-8",
    )
    environment = {"APT_CONFIG": str(apt / "apt.conf")}
    _run(["apt-get", "update", "-qq"], environment)
    _run(["apt-get", "install", "-y", "-qq", "--download-only", "--no-install-recommends",
          *PACKAGES], environment)  # fmt: skip
    # As Debian lays it: the top folders are links into usr.
    for each in ("bin", "lib", "sbin"):
        (system / "usr" / each).mkdir(parents=True, exist_ok=True)
        (system / each).symlink_to(f"usr/{each}")
    for package in sorted((apt / "cache/archives").glob("*.deb")):
        _run([find("dpkg", "dpkg"), "-x", str(package), str(system)])
    return system


def _wheels(folder: Path) -> Path:
    """Put the packages that the tests import into a folder, in the versions of this project."""
    wanted = [f"{name}=={version(name)}" for name in WHEELS]
    site, held = folder / "site", folder / "site.txt"
    if not held.exists() or held.read_text(encoding="utf-8").split() != wanted:
        _run([find("uv", "none: it comes from PyPI"), "pip", "install", "--quiet",
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
            _run([cross_compiler(), "-shared", "-fPIC", *row["extra-compile-args"], "-w",
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
