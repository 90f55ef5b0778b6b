"""A writer at 1,000,000 records/s, and readers in C and Rust that check every value."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.shm import FactorWriter
from tests.benchmarks.processes import (
    ROOT,
    START_TIMEOUT_S,
    ChildError,
    answer_of,
    await_ready,
    running,
)
from tests.benchmarks.report import Group, Options, Row, Target, require
from tests.benchmarks.workload import NAMES, own_region
from tests.support.cargo import CargoError, built_examples, why_not

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE: Final = Path(__file__).resolve().parents[1] / "native"
SHM: Final = ROOT / "adapters" / "shm" / "native"
RATE_HZ: Final = 1_000_000
RINGS: Final = (4_096, 65_536)
"""The default, 4.1 ms at this rate, and one of 66 ms."""
REACHED_RATE_HZ: Final = 0.999 * RATE_HZ
"""The last record falls due one interval early, and the clock is read after it."""
SECONDS: Final = 10
QUICK_SECONDS: Final = 2
SLACK_S: Final = 60.0

PATH: Final = """
  pacer (C, own process) --> region_publish --> the ring --> region_read_next --> follower (C)
                             |<- publish ns ->|         or Region::read_next --> follower (Rust)
                                                         every value of every record compared
"""


def run(options: Options) -> Group:
    """Compile both programs and run them, each time in a new region."""
    seconds = QUICK_SECONDS if options.is_quick else SECONDS
    with tempfile.TemporaryDirectory() as folder:
        pacer = _compiled("pacer", Path(folder))
        followers = {"C": _compiled("follower", Path(folder))}
        without_rust = why_not()
        if not without_rust:
            followers["Rust"] = _built_in_rust()
        runs = [
            _run_once(f"{language}, ring of {ring:,}", ring, pacer, follower, seconds * RATE_HZ)
            for _ in range(options.runs)
            for ring in RINGS
            for language, follower in followers.items()
        ]
    with_loss = [row for row in runs if row.figures["lost"]]
    rows = list(runs)
    if without_rust:
        rows.append(Row("reader in Rust", {}, note=f"did not run: {without_rust}"))
    return Group(
        f"throughput: {RATE_HZ:,} records/s for {seconds} s, 85 factors",
        PATH,
        rows,
        [
            f"{len(with_loss)} of {len(runs)} runs lost records; "
            "received + lost = published in each. The rings hold 4.1 and 66 ms at this rate: a "
            "follower that the kernel keeps off its core for longer is overtaken, and counts what "
            "it lost",
            "neither process is pinned or given a priority; pauses are between two looks (reader) "
            "or two records (writer), preemptions are of the reader",
        ],
    )


def _compiled(name: str, folder: Path) -> Path:
    """Compile a program of this folder together with the region's own C."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    found = shutil.which(compiler[0])
    if found is None:
        msg = f"no C compiler: {compiler[0]!r} is not on the PATH; install one or set CC"
        raise ChildError(msg)
    program = folder / name
    sources = [HERE / f"{name}.c", *(SHM / f for f in ("region.c", "waiters.c", "fault_guard.c"))]
    flags = ["-std=gnu11", "-O3", "-pthread", f"-I{SHM}", f"-I{HERE}"]
    result = subprocess.run(
        [found, *compiler[1:], *flags, "-o", str(program), *map(str, sources)],
        capture_output=True,
        text=True,
        timeout=SLACK_S,
        check=False,
    )
    if result.returncode:
        msg = f"{name}.c does not compile:\n{result.stderr}"
        raise ChildError(msg)
    return program


def _built_in_rust() -> Path:
    """Build the crate's follower, with optimization."""
    try:
        return built_examples() / "follower"
    except CargoError as error:
        msg = f"the crate's examples are not built:\n{error}"
        raise ChildError(msg) from None


def _run_once(reader_in: str, ring: int, pacer: Path, follower: Path, count: int) -> Row:
    limit_s = 10 * count / RATE_HZ + START_TIMEOUT_S
    with (
        own_region() as path,
        FactorWriter(path, NAMES, capacity=ring),
        running(_command(follower, path, count)) as reader,
    ):
        await_ready(reader)
        with running(_command(pacer, path, RATE_HZ, count)) as writer:
            written = answer_of(writer, limit_s)
        read = answer_of(reader, limit_s)
    return _row(reader_in, written, read, count)


def _command(program: Path, *arguments: object) -> list[str]:
    return [str(program), *map(str, arguments)]


def _row(reader_in: str, written: dict[str, Any], read: dict[str, Any], count: int) -> Row:
    received, lost = read["received"], read["lost"]
    require(read["torn"] == 0, f"{read['torn']} torn records of {received:,}")
    require(read["misplaced"] == 0, f"{read['misplaced']} records out of order")
    require(received + lost == count, f"{received:,} received + {lost:,} lost of {count:,}")
    targets: Sequence[Target] = (
        Target("rate/s", ">=", REACHED_RATE_HZ),
        Target("lost", "<=", 0),
        Target("torn", "<=", 0),
    )
    figures = {
        "rate/s": written["rate"],
        "received": received,
        "lost": lost,
        "torn": read["torn"],
        "worst lag": read["worst_lag"],
        "publish p50 ns": written["p50_ns"],
        "p99 ns": written["p99_ns"],
        "reader pause us": read["worst_pause_us"],
        "writer pause us": written["worst_pause_us"],
        "preemptions": read["preempted"],
    }
    return Row(f"reader in {reader_in}", figures, tuple(targets))
