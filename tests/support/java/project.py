"""The Java project, built by Maven outside of the tree, and built again when its files change."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.support.nodes.processes import ROOT

PROJECT: Final = ROOT / "adapters" / "java"
VECTORS: Final = ROOT / "adapters" / "shm" / "vectors" / "v1" / "vectors.json"
OLDEST_JDK: Final = 17
LIMIT_S: Final = 600
_NO_NETWORK: Final = re.compile(
    r"could not (be resolved|transfer|find artifact)|Cannot access|Unknown host|offline mode",
    re.IGNORECASE,
)


class CannotBuildError(Exception):
    """What this machine lacks to build the project."""


@cache
def why_not() -> str:
    """Return why this machine cannot build the project, or nothing."""
    javac = shutil.which("javac")
    if javac is None:
        return "no JDK is installed (javac): apt-get install openjdk-17-jdk-headless"
    if shutil.which("mvn") is None:
        return "Maven (mvn) is not installed: apt-get install maven"
    ran = subprocess.run(
        [javac, "-version"], check=False, capture_output=True, text=True, timeout=60
    )
    found = re.search(r"javac (\d+)", ran.stdout + ran.stderr)
    if found is None or int(found[1]) < OLDEST_JDK:
        return f"expected JDK {OLDEST_JDK} or later, found {ran.stdout or ran.stderr!r}"
    return ""


def sources() -> list[Path]:
    """Return every file that Maven builds from."""
    return sorted(p for p in PROJECT.rglob("*") if p.suffix in {".java", ".xml"})


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sources():
        digest.update(str(path.relative_to(PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _maven(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["mvn", "-q", "-B", f"-Dbuild.root={folder}", *arguments]
    return subprocess.run(
        command, cwd=PROJECT, check=False, capture_output=True, text=True, timeout=LIMIT_S
    )


@cache
def built() -> Path:
    """Return the folder of the built project: ``programs/lib``, ``region/test-classes``, ….

    Raises
    ------
    CannotBuildError
        If the JDK or Maven is missing, or Maven has not what it needs and cannot fetch it.
    AssertionError
        If the project does not compile, with what Maven said.

    """
    if reason := why_not():
        raise CannotBuildError(reason)
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    here = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    folder = cache_home / "dolphin" / f"java-{here}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    of_sources = folder / "of_sources"
    with (folder / "lock").open("w") as lock:
        # Another worker may be building it: wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = _fingerprint()
        if not of_sources.is_file() or of_sources.read_text(encoding="ascii") != wanted:
            shutil.rmtree(folder / "target", ignore_errors=True)
            arguments = ("-DskipTests", "package")
            ran = _maven(folder, "-o", *arguments)
            if ran.returncode and _NO_NETWORK.search(ran.stdout + ran.stderr):
                ran = _maven(folder, *arguments)
            said = ran.stdout + ran.stderr
            if ran.returncode and _NO_NETWORK.search(said):
                msg = f"Maven could not fetch what the project needs: {said.strip()[:200]}"
                raise CannotBuildError(msg)
            assert ran.returncode == 0, said
            of_sources.write_text(wanted, encoding="ascii")
    return folder / "target"


def require_project() -> None:
    """Skip the test where the project cannot be built; fail it in CI, which has what it needs."""
    try:
        built()
    except CannotBuildError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have the Java project: {error}")
        pytest.skip(str(error))


def program(name: str, *arguments: str) -> list[str]:
    """Return the command of one of the project's programs."""
    lib = built() / "programs" / "lib"
    package = "dolphin.region.programs"
    options = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    return ["java", *options, "-cp", f"{lib}/*", f"{package}.{name}", *arguments]


def own_tests() -> list[str]:
    """Return the command that runs the project's own tests."""
    region, lib = built() / "region", built() / "programs" / "lib"
    classes = [region / "test-classes", f"{lib}/*", f"{region / 'test-lib'}/*"]
    return [
        "java",
        f"-Ddolphin.vectors={VECTORS}",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        ":".join(map(str, classes)),
        "org.junit.platform.console.ConsoleLauncher",
        "execute",
        "--scan-classpath",
        str(region / "test-classes"),
        "--disable-banner",
        "--details=summary",
    ]
