"""The cases of phase 3: an engine, the languages of its two sides, and the commands of each."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from adapters.process.child import module_command
from live.latency.phase3.sides.toolchain import ROOT

PYTHON_SIDES: Final = "live.latency.phase3.sides.python_sides"
C_SIDES: Final = "live.latency.phase3.sides.c_sides"
STREAM: Final = 851
RUST_READER: Final = "log_latencies"
C_LOOPS: Final = ROOT / "live" / "latency" / "phase3" / "sides" / "aeron_loops.c"
JAVA_OPTIONS: Final = (
    # No engine allocates on a record's way: one thread collects, and no other is woken.
    "-Xms256m",
    "-Xmx256m",
    "-XX:+AlwaysPreTouch",
    "-XX:+UseSerialGC",
    "-XX:+PerfDisableSharedMem",
    # It would report to its maker over the network.
    "-Dchronicle.analytics.disable=true",
    # Chronicle's own list for JDK 17: https://chronicle.software/chronicle-support-java-17/
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-exports=jdk.unsupported/sun.misc=ALL-UNNAMED",
    "--add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED",
    "--add-opens=jdk.compiler/com.sun.tools.javac=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    # Agrona 2 and Aeron.
    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
)

type Language = Literal["C", "Java", "Python", "Rust"]


@dataclass(frozen=True, kw_only=True)
class Built:
    """What was built for the sides that are not in Python.

    Attributes
    ----------
    java : Path or None
        The folder of what Maven built; None if no case needs it.
    rust : Path or None
        The reader in Rust.
    c : Path or None
        The loops in C.
    rust_problem, aeron_problem, c_problem : str
        Why the reader in Rust, Aeron's C client or the loops in C cannot run, or empty.

    """

    java: Path | None = None
    rust: Path | None = None
    c: Path | None = None
    rust_problem: str = ""
    aeron_problem: str = ""
    c_problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One engine between two processes.

    Attributes
    ----------
    key, name : str
        For ``--only`` and JSON; for the table.
    engine : str
        ``region``, ``chronicle``, ``disruptor``, ``ring`` or ``aeron``.
    producer, reader : str
        The languages of the two sides.
    media : str
        ``ipc`` or ``udp`` for Aeron, otherwise empty.
    is_killed : bool
        Whether its sides are killed too, to see what is lost.
    has_one_reader : bool
        Whether a second reader can only take the first one's place.

    """

    key: str
    name: str
    engine: str
    producer: Language = "Java"
    reader: Language = "Java"
    media: str = ""
    is_killed: bool = False
    has_one_reader: bool = False

    @property
    def reader_opens_first(self) -> bool:
        """Whether the producer waits for a reader when it opens; elsewhere the reader waits."""
        return self.engine == "aeron"

    @property
    def needs_java(self) -> bool:
        """Whether a side of it is in Java."""
        return "Java" in (self.producer, self.reader)

    def problem(self, built: Built) -> str:
        """Return why the case cannot be measured here, or nothing."""
        if self.reader == "Rust":
            return built.rust_problem
        if self.engine != "aeron" or self.needs_java:
            return ""
        return built.aeron_problem or (built.c_problem if self.reader == "C" else "")

    def address(self, folder: Path) -> str:
        """Return where the two sides meet, in a folder of this turn."""
        if self.engine != "aeron":
            return str(folder / self.engine)
        channel = "aeron:ipc" if self.media == "ipc" else f"aeron:udp?endpoint=127.0.0.1:{_port()}"
        return f"{self._aeron_folder(folder)} {channel} {STREAM}"

    def _aeron_folder(self, folder: Path) -> Path:
        """Return Aeron's own folder, which of our driver is one inside of its folder."""
        return folder / "aeron" if self.needs_java else folder / "aeron" / "driver"

    def driver_command(self, built: Built, folder: Path) -> list[str]:
        """Return the command of the media driver; empty for an engine without one."""
        if self.engine != "aeron":
            return []
        is_on_the_way = self.media == "udp"
        if not self.needs_java:
            script = [sys.executable, str(ROOT / "live" / "aeron_driver.py")]
            words = ["--dir", str(folder / "aeron"), "--with-parent"]
            return script + words + (["--spin"] if is_on_the_way else [])
        idle = "yield" if is_on_the_way else "backoff"
        return _java(built, "RunDriver", self._aeron_folder(folder), idle)

    def producer_command(
        self, built: Built, address: str, sent: Path, number: int = 1
    ) -> list[str]:
        """Return the command of the producer with a number, which counts in a file."""
        words = (self.engine, address, sent, number)
        if self.producer == "Java":
            return _java(built, "Produce", *words)
        if self.producer == "C":
            return module_command(C_SIDES, str(built.c), "produce", *words[1:])
        return module_command(PYTHON_SIDES, "produce", *words)

    def reader_command(
        self, built: Built, address: str, log: Path, rows: int, idle: str = "spin"
    ) -> list[str]:
        """Return the command of a reader that logs up to so many rows."""
        words = (self.engine, address, log, rows, idle)
        if self.reader == "Java":
            return _java(built, "Receive", *words)
        if self.reader == "C":
            return module_command(C_SIDES, str(built.c), "receive", *words[1:])
        if self.reader == "Python":
            return module_command(PYTHON_SIDES, "receive", *words)
        return [str(built.rust), *map(str, words[1:4])]


def _java(built: Built, program: str, *words: object) -> list[str]:
    lib = f"{built.java}/peers/lib"
    return ["java", *JAVA_OPTIONS, "-cp", f"{lib}/*", f"dolphin.peers.{program}", *map(str, words)]


def _port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


CASES: Final = (
    Case(key="region-python-python", name="region, Python → Python", engine="region",
         producer="Python", reader="Python", is_killed=True),
    Case(key="region-java-java", name="region, Java → Java", engine="region", is_killed=True),
    Case(key="region-python-java", name="region, Python → Java", engine="region",
         producer="Python"),
    Case(key="region-java-python", name="region, Java → Python", engine="region",
         reader="Python"),
    Case(key="region-python-rust", name="region, Python → Rust", engine="region",
         producer="Python", reader="Rust"),
    Case(key="region-java-rust", name="region, Java → Rust", engine="region", reader="Rust"),
    Case(key="chronicle", name="Chronicle Queue, Java → Java", engine="chronicle",
         is_killed=True),
    Case(key="disruptor", name="Disruptor → Chronicle Queue, Java → Java", engine="disruptor",
         is_killed=True),
    Case(key="ring", name="Agrona ring buffer, Java → Java", engine="ring", is_killed=True,
         has_one_reader=True),
    Case(key="aeron-ipc", name="Aeron IPC, Java → Java", engine="aeron", media="ipc",
         is_killed=True),
    Case(key="aeron-udp", name="Aeron UDP, Java → Java", engine="aeron", media="udp",
         is_killed=True),
    Case(key="aeron-ipc-c", name="Aeron IPC, C client, Python → Python", engine="aeron",
         media="ipc", producer="Python", reader="Python", is_killed=True),
    Case(key="aeron-udp-c", name="Aeron UDP, C client, Python → Python", engine="aeron",
         media="udp", producer="Python", reader="Python"),
    Case(key="aeron-ipc-c-c", name="Aeron IPC, C → C", engine="aeron", media="ipc", producer="C",
         reader="C", is_killed=True),
    Case(key="aeron-udp-c-c", name="Aeron UDP, C → C", engine="aeron", media="udp", producer="C",
         reader="C"),
)  # fmt: skip
