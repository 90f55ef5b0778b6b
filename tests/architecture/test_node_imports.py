"""What run_node.py imports, of which its start and its memory mostly consist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
HEAVY: Final = (
    "arch", "hazelcast", "hmmlearn", "matplotlib", "optuna", "pandas.core",
    "polars", "prometheus_client", "pyaeron", "pyarrow.compute", "quantstats", "ray", "scipy",
    "sklearn", "textual",
)  # fmt: skip
"""Of other programs or sources than the demo's. Of pandas a part: an attempt is listed too."""
TIMEOUT_S: Final = 240.0


def test_the_demo_imports_nothing_of_other_programs() -> None:
    """From the command line to the summary of a run that traded: none of the heavy libraries."""
    command = [sys.executable, "-X", "importtime", "live/run_node.py", "--seconds", "1"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
    )
    lines = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines())
    imported = {line for line in lines if line}
    assert "nautilus_trader" in imported
    assert "left open nothing" in done.stdout
    assert sorted(imported.intersection(HEAVY)) == []
