"""The command that runs a Hazelcast member on the loopback, and the download of its jar."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from adapters.process.safe_files import open_private
from dolphin_strategies.errors import DolphinError

VERSION: Final = "5.7.0"
ARTIFACT: Final = f"com.hazelcast:hazelcast:{VERSION}"
MAIN_CLASS: Final = "com.hazelcast.core.server.HazelcastMemberStarter"
CONFIG: Final = Path(__file__).resolve().with_name("member.yaml")
MIN_JAVA: Final = 17
FETCH_TIMEOUT_S: Final = 300.0
JVM_OPTIONS: Final = (
    "-Xmx256m",
    "-XX:TieredStopAtLevel=1",  # starts in two seconds; a member with work to do wants the rest
    "--add-modules=java.se",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.management/sun.management=ALL-UNNAMED",
    "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
)


class NoMemberError(DolphinError):
    """No Hazelcast member can run on this machine; the message states what is missing."""


def fetch() -> Path:
    """Return Hazelcast's jar, which Maven downloads the first time.

    Raises
    ------
    NoMemberError
        If Maven is not installed or cannot download the artifact.

    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dolphin"
    jar = cache / f"hazelcast-{VERSION}.jar"
    if jar.is_file():
        return jar
    mvn = shutil.which("mvn")
    if mvn is None:
        msg = f"Maven (mvn) is not installed; it fetches {ARTIFACT}: apt-get install maven"
        raise NoMemberError(msg)
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(open_private(cache / "fetch.lock"), "wb") as lock:
        # Another process may be downloading the jar: wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jar.is_file():
            _copy(mvn, cache / f"fetched-{os.getpid()}")
            (cache / f"fetched-{os.getpid()}" / jar.name).rename(jar)
            shutil.rmtree(cache / f"fetched-{os.getpid()}", ignore_errors=True)
    return jar


def _copy(mvn: str, folder: Path) -> None:
    command = [mvn, "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}"]
    command.append(f"-DoutputDirectory={folder}")
    try:
        found = subprocess.run(
            command, cwd=folder.parent, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        msg = f"Maven did not fetch {ARTIFACT} within {FETCH_TIMEOUT_S:g} s; try again"
        raise NoMemberError(msg) from None
    if found.returncode:
        last = (found.stdout + found.stderr).strip().splitlines()[-1:]
        msg = f"Maven could not fetch {ARTIFACT}: {' '.join(last) or found.returncode}"
        raise NoMemberError(msg)


def java() -> str:
    """Return the Java that runs a member.

    Raises
    ------
    NoMemberError
        If Java is not installed or too old.

    """
    remedy = "apt-get install openjdk-17-jre-headless"
    path = shutil.which("java")
    if path is None:
        msg = f"Java is not installed; expected {MIN_JAVA} or newer: {remedy}"
        raise NoMemberError(msg)
    printed = subprocess.run(
        [path, "-version"], capture_output=True, text=True, check=False
    ).stderr
    version = re.search(r'version "(\d+)', printed)
    if version is None or int(version.group(1)) < MIN_JAVA:
        found = version.group(1) if version else printed.strip()[:80]
        msg = f"Java: expected {MIN_JAVA} or newer, found {found}: {remedy}"
        raise NoMemberError(msg)
    return path


def command(port: int, cluster: str) -> list[str]:
    """Return the command that runs a member in the process that executes it.

    Parameters
    ----------
    port : int
        The port on the loopback.
    cluster : str
        The cluster's name.

    Raises
    ------
    NoMemberError
        If Java is missing or too old, or the jar is missing and cannot be downloaded.

    """
    return [
        java(),
        *JVM_OPTIONS,
        f"-Ddolphin.port={port}",
        f"-Ddolphin.cluster={cluster}",
        f"-Dhazelcast.config={CONFIG}",
        "-cp",
        str(fetch()),
        MAIN_CLASS,
    ]
