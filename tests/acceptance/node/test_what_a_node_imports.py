"""What a node imports: its packages are pinned, so that its start does not grow unseen."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Final

from tests.support.nodes.node_process import ROOT, SCRIPT

PACKAGES: Final = {
    "PIL",
    "asyncore",
    "bottleneck",  # pandas takes it where it is installed
    "cloudpickle",
    "dateutil",
    "hazelcast",
    "msgspec",
    "narwhals",
    "nautilus_trader",
    "numpy",
    "orjson",
    "pandas",
    "plotly",
    "psutil",
    "pyarrow",
    "pytz",
    "uvloop",
}
OURS: Final = {path.name for path in ROOT.iterdir() if path.is_dir()}


def test_a_node_imports_these_packages_and_no_others() -> None:
    """In a whole run of the demo; what comes to them is paid at each start."""
    words = [sys.executable, "-X", "importtime", SCRIPT, "--seconds", "1"]
    run = subprocess.run(
        [str(word) for word in words], cwd=ROOT, capture_output=True, text=True, timeout=240,
        check=True,
    )  # fmt: skip
    names = re.findall(r"^import time: .*\| +(\S+)$", run.stderr, re.MULTILINE)
    found = {name.partition(".")[0] for name in names}
    others = found - set(sys.stdlib_module_names) - OURS - {"sitecustomize", "usercustomize"}
    assert not {name for name in others if not name.startswith("_")} - PACKAGES
