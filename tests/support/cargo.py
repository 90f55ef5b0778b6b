"""Cargo: whether this machine has it, and the programs of the crate, built outside of the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CRATE: Final = ROOT / "adapters" / "rust" / "dolphin-region"
OLDEST: Final = (1, 75)
LIMIT_S: Final = 900


class CargoError(Exception):
    """Cargo failed; the text is what it said."""


def version_of(program: str) -> tuple[int, int]:
    """Return the version of ``cargo`` or ``rustc``."""
    said = subprocess.run(
        [program, "--version"], cwd=CRATE, check=False, capture_output=True, text=True, timeout=60
    )
    found = re.match(rf"{program} (\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def why_not() -> str:
    """Return why this machine cannot build the crate, or nothing."""
    if shutil.which("cargo") is None:
        return "cargo is not installed"
    found = version_of("cargo")
    return "" if found >= OLDEST else f"expected cargo 1.75 or later, found {found}"


def target_folder() -> Path:
    """Return the folder of what cargo builds: outside of the tree, kept for the next time."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "dolphin", "cargo")


def cargo(
    *arguments: str,
    crate: Path = CRATE,
    target: Path | None = None,
    limit_s: float = LIMIT_S,
    **variables: str,
) -> str:
    """Run cargo in a crate, with more environment variables; return what it said.

    Raises
    ------
    CargoError
        If it failed.

    """
    ran = subprocess.run(
        ["cargo", *arguments],  # noqa: S607
        cwd=crate,
        env={**os.environ, "CARGO_TARGET_DIR": str(target or target_folder()), **variables},
        check=False,
        capture_output=True,
        text=True,
        timeout=limit_s,
    )
    said = ran.stdout + ran.stderr
    if ran.returncode:
        raise CargoError(said)
    return said


def built_examples() -> Path:
    """Build the examples with optimization; return their folder."""
    cargo("build", "--jobs", "1", "--release", "--examples")
    return target_folder() / "release" / "examples"
