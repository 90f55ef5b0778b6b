"""The Java project, the Rust crate and the C sides, built outside of the tree when they change."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT: Final = Path(__file__).resolve().parents[4]
JAVA: Final = ROOT / "adapters" / "java"
CRATE: Final = ROOT / "adapters" / "rust" / "dolphin-region"
OLDEST_JDK: Final = 17
LIMIT_S: Final = 900
_NO_NETWORK: Final = re.compile(
    r"could not (be resolved|transfer|find artifact)|Cannot access|Unknown host|offline mode",
    re.IGNORECASE,
)


class CannotBuildError(DolphinError):
    """What this machine lacks to build a project; the text says what to install."""


class BuildFailedError(DolphinError):
    """The project was given to its compiler, which refused it."""


def no_java() -> str:
    """Return why this machine cannot build Java projects, or nothing."""
    javac = shutil.which("javac")
    if javac is None or shutil.which("java") is None:
        return "no JDK is installed (java, javac): apt-get install openjdk-17-jdk-headless"
    if shutil.which("mvn") is None:
        return "Maven (mvn) is not installed: apt-get install maven"
    ran = subprocess.run(
        [javac, "-version"], check=False, capture_output=True, text=True, timeout=60
    )
    found = re.search(r"javac (\d+)", ran.stdout + ran.stderr)
    if found is None or int(found[1]) < OLDEST_JDK:
        said = (ran.stdout or ran.stderr).strip()
        return f"expected JDK {OLDEST_JDK} or later, found {said!r}: install a newer one"
    if not (JAVA / "pom.xml").is_file():
        return f"the Java project is not at {JAVA}: use a clone of the project, no wheel"
    return ""


def built_java(profile: str = "") -> Path:
    """Return the folder of what Maven built: ``region``, ``programs``, ``peers``.

    Parameters
    ----------
    profile : str
        A profile of the project, such as ``phase3``; empty for none.

    Raises
    ------
    CannotBuildError
        If the JDK or Maven is missing, or Maven has not what it needs and cannot fetch it.
    BuildFailedError
        If the project does not compile, with what Maven said.

    """
    if reason := no_java():
        raise CannotBuildError(reason)
    here = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    folder = _cache() / (f"java-{profile}-{here}" if profile else f"java-{here}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder} cannot be made: {error.strerror}; set XDG_CACHE_HOME"
        raise CannotBuildError(msg) from None
    of_sources = folder / "of_sources"
    arguments = [f"-Dbuild.root={folder}", *([f"-P{profile}"] if profile else [])]
    with (folder / "lock").open("w") as lock:
        # Another process may be building it: wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = _fingerprint()
        if not of_sources.is_file() or of_sources.read_text(encoding="ascii") != wanted:
            # Without it what was there before counts as built if this is not built to the end.
            of_sources.unlink(missing_ok=True)
            shutil.rmtree(folder / "target", ignore_errors=True)
            _package(arguments)
            of_sources.write_text(wanted, encoding="ascii")
    return folder / "target"


def _package(arguments: Sequence[str]) -> None:
    """Run Maven, at first with what it has already fetched."""
    code, said = _maven("-o", *arguments)
    if code and _NO_NETWORK.search(said):
        code, said = _maven(*arguments)
    if code and _NO_NETWORK.search(said):
        msg = f"Maven could not fetch what the project needs: {said.strip()[:300]}"
        raise CannotBuildError(msg)
    if code:
        msg = f"the Java project does not compile: {said.strip()}"
        raise BuildFailedError(msg)


def _maven(*arguments: str) -> tuple[int, str]:
    ran = _run(["mvn", "-q", "-B", *arguments, "-DskipTests", "package"], JAVA)
    return ran.returncode, ran.stdout + ran.stderr


def java_sources() -> list[Path]:
    """Return every file that Maven builds from."""
    return sorted(p for p in JAVA.rglob("*") if p.suffix in {".java", ".xml"})


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in java_sources():
        digest.update(str(path.relative_to(JAVA)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def built_rust(example: str) -> Path:
    """Return the path of an example of the crate, built with cargo.

    Raises
    ------
    CannotBuildError
        If cargo is missing.
    BuildFailedError
        If it does not compile or cargo cannot fetch what it needs, with what cargo said.

    """
    cargo = shutil.which("cargo")
    if cargo is None:
        msg = "cargo is not installed: apt-get install cargo, or see https://rustup.rs"
        raise CannotBuildError(msg)
    target = _cache() / "cargo"
    command = [cargo, "build", "--quiet", "--release", "--jobs", "1", "--example", example]
    ran = _run(command, CRATE, CARGO_TARGET_DIR=str(target))
    if ran.returncode:
        msg = f"the crate was not built: {ran.stderr.strip()[-300:]}"
        raise BuildFailedError(msg)
    return target / "release" / "examples" / example


def built_c(source: Path) -> Path:
    """Return the path of a shared library, built of one file with the C compiler.

    Raises
    ------
    CannotBuildError
        If there is no compiler.
    BuildFailedError
        If it does not compile, with what the compiler said.

    """
    compiler = shutil.which("cc")
    if compiler is None:
        msg = "no C compiler (cc) is installed: apt-get install gcc libc6-dev"
        raise CannotBuildError(msg)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    library = _cache() / "c" / f"{source.stem}-{digest}.so"
    if not library.is_file():
        library.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = library.with_name(f"{library.name}.{os.getpid()}")
        flags = ("-O2", "-shared", "-fPIC", "-Wall", "-Wextra")
        ran = _run([compiler, *flags, "-o", str(new), str(source)], source.parent)
        if ran.returncode:
            msg = f"{source.name} was not compiled: {ran.stderr.strip()[:300]}"
            raise BuildFailedError(msg)
        new.replace(library)
    return library


def _run(
    command: Sequence[str], folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            check=False,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        msg = f"{' '.join(command)} in {folder} was not done in {LIMIT_S} s; try it there"
        raise CannotBuildError(msg) from None


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dolphin"
