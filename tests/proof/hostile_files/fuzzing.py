"""libFuzzer over the region's C: two builds, one corpus, counted executions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.proof.sanitizers.building import ADDRESS, build

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET: Final = Path(__file__).with_name("native") / "fuzz_region.c"
CORPUS: Final = Path(__file__).with_name("corpus")
LONGEST_INPUT: Final = 160
# Of one input. A call takes microseconds: even a machine with twenty busy processes a core gives
# an input its turn within this.
HANG_S: Final = 20

# With all checks, and a fast one: the pages around the file and the buffers are checks as well.
CHECKED: Final = ("fuzzer," + ADDRESS, ("-O2",))
FAST: Final = ("fuzzer,undefined", ("-O2", "-fsanitize-trap=undefined"))


def build_target(native: Path, out: Path, how: tuple[str, tuple[str, ...]]) -> Path:
    """Build the fuzzer with the C in ``native``."""
    sanitizer, flags = how
    return build(native, TARGET, out, sanitizer, more=flags)


@dataclass(frozen=True, kw_only=True)
class Fuzzed:
    """What the runs of one build gave."""

    executions: int
    crashes: int
    hangs: int
    said: str


def fuzz(program: Path, executions: int, *, seed: int, jobs: int, timeout_s: float) -> Fuzzed:
    """Run a fuzzer in several processes over a copy of the corpus, which they share."""
    found = program.with_name(f"{program.name}.corpus")
    shutil.copytree(CORPUS, found)
    folder = program.with_name(f"{program.name}.artifacts")
    folder.mkdir()
    children = []
    for job in range(jobs):
        command = [
            str(program), f"-runs={executions // jobs}", f"-seed={seed * 1000 + job + 1}",
            f"-max_len={LONGEST_INPUT}", "-len_control=0", f"-timeout={HANG_S}",
            "-rss_limit_mb=4096", f"-artifact_prefix={folder}/", "-print_final_stats=1",
            "-verbosity=0", str(found),
        ]  # fmt: skip
        children.append(
            subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                errors="replace", env={**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1"},
            )
        )  # fmt: skip
    said, done, failed = [], 0, 0
    try:
        for child in children:
            _, err = child.communicate(timeout=timeout_s)
            said.append(err)
            units = re.search(r"number_of_executed_units: *(\d+)", err)
            done += int(units[1]) if units else 0
            failed += child.returncode != 0
    finally:
        for child in children:
            if child.poll() is None:
                child.kill()
                child.wait()
    hangs = len(list(folder.glob("timeout-*")))
    crashes = max(failed - hangs, len(list(folder.iterdir())) - hangs)
    return Fuzzed(
        executions=done, crashes=crashes, hangs=hangs,
        said="\n".join(said)[-4000:] if crashes or hangs else "",
    )  # fmt: skip


def smallest_cover(program: Path, out: Path, sources: Sequence[Path]) -> list[Path]:
    """Merge corpora into the fewest inputs that reach what all of them reach."""
    out.mkdir()
    subprocess.run(
        [str(program), "-set_cover_merge=1", f"-max_len={LONGEST_INPUT}", str(out),
         *map(str, sources)],
        check=True, capture_output=True,
    )  # fmt: skip
    return sorted(out.iterdir())
