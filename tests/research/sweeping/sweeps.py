"""Sweeps of the example's ten days as processes, and what their studies hold."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[3]
TIMEOUT_S: Final = 240
_SET_STATE: Final = 6
_COMPLETE: Final = 1


def command(script: str, *words: object) -> list[str]:
    """Return the command line of a script."""
    return [sys.executable, str(ROOT / "backtests" / script), *map(str, words)]


def run(
    script: str,
    *words: object,
    cwd: Path = ROOT,
    environment: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end."""
    return subprocess.run(
        command(script, *words),
        cwd=cwd,
        env=environment,
        text=True,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def words(catalog: Path, out: Path, *more: object) -> list[object]:
    """Return the words of a sweep of one fold."""
    config = ROOT / "docs/examples/sweep.toml"
    return ["--catalog", catalog, "--config", config, "--out", out, "--folds", 1, *more]


def told(study: Path) -> Counter[int]:
    """Return how often a result was written for each trial (Optuna's operation 6)."""
    try:
        lines = [json.loads(line) for line in study.read_text().splitlines()]
    except (OSError, ValueError):  # not made yet, or a line that is being written
        return Counter()
    states = (x for x in lines if x.get("op_code") == _SET_STATE)
    return Counter(x["trial_id"] for x in states if x.get("state") == _COMPLETE)


def figures(out: Path) -> Any:
    """Return the results of a sweep."""
    return json.loads((out / "sweep.json").read_text())
