"""Debian's packages, unpacked into a folder: nothing is installed on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from tests.proof.figures import MissingToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LIMIT_S: Final = 1_800.0
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


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Run a command to its end; return what it printed.

    Raises
    ------
    RuntimeError
        If its exit code is not 0, with the end of its stderr, or it takes too long.

    """
    try:
        done = _run(command, environment)
    except subprocess.TimeoutExpired:
        msg = f"{' '.join(command[:4])} ... was not done in {LIMIT_S:g} s"
        raise RuntimeError(msg) from None
    if done.returncode:
        msg = f"{' '.join(command[:4])} ... failed:\n{done.stderr[-2000:]}"
        raise RuntimeError(msg)
    return done.stdout


def _run(
    command: Sequence[str], environment: Mapping[str, str] | None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=LIMIT_S,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip


def _archive() -> str:
    """Return where this machine gets Debian's packages from."""
    found = run([find("apt-get", "apt"), "indextargets", "--format", "$(ORIGIN) $(REPO_URI)",
                 "Created-By: Packages"])  # fmt: skip
    for line in found.splitlines():
        origin, _, uri = line.partition(" ")
        if origin == "Debian" and "security" not in uri:
            return uri
    raise MissingToolError("a source of Debian's packages", "apt (on Debian)")


def download(apt: Path, *, suite: str, architecture: str, packages: Sequence[str],
             alone: Sequence[str] = ()) -> list[Path]:  # fmt: skip
    """Download packages of any Debian, with a state of apt's of their own.

    Parameters
    ----------
    apt : Path
        A folder for that state and for what is downloaded.
    suite : str
        The name of the Debian, such as "trixie".
    architecture : str
        As Debian names it, such as "arm64".
    packages : Sequence[str]
        With all that they depend on.
    alone : Sequence[str]
        Without.

    Returns
    -------
    list[Path]
        The packages' files.

    Raises
    ------
    MissingToolError
        If this machine has no apt with a source of Debian's packages.
    RuntimeError
        If they cannot be downloaded.

    """
    for each in ("state/lists/partial", "cache/archives/partial", "etc"):
        (apt / each).mkdir(parents=True, exist_ok=True)
    (apt / "state/status").touch()
    source = f"deb [arch={architecture} signed-by={_KEYS}] {_archive()} {suite} main\n"
    (apt / "etc/sources.list").write_text(source, encoding="utf-8")
    (apt / "apt.conf").write_text(
        f'APT::Architecture "{architecture}";\nAPT::Architectures {{"{architecture}";}};\n'
        f'Dir::State "{apt}/state";\nDir::State::status "{apt}/state/status";\n'
        f'Dir::Cache "{apt}/cache";\nDir::Etc::sourcelist "{apt}/etc/sources.list";\n'
        'Dir::Etc::sourceparts "-";\nAPT::Sandbox::User "root";\n',
        encoding="utf-8",
    )
    environment = {"APT_CONFIG": str(apt / "apt.conf")}
    run(["apt-get", "update", "-qq"], environment)
    take = ["apt-get", "install", "-y", "-qq", "--download-only", "--no-install-recommends"]
    run([*take, *packages], environment)
    if alone:
        # It goes into the folder that it runs in.
        run(["env", "-C", str(apt / "cache/archives"), "apt-get", "download", "-qq", *alone],
            environment)  # fmt: skip
    return sorted((apt / "cache/archives").glob("*.deb"))


def unpack(files: Sequence[Path], system: Path) -> None:
    """Unpack packages as Debian lays them: the top folders are links into ``usr``."""
    for each in ("bin", "lib", "lib64", "sbin"):
        (system / "usr" / each).mkdir(parents=True, exist_ok=True)
        if not (system / each).is_symlink():
            (system / each).symlink_to(f"usr/{each}")
    for package in files:
        run([find("dpkg", "dpkg"), "-x", str(package), str(system)])
