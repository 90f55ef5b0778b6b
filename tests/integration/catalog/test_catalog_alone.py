"""Importing into catalogs and reading them needs neither the C extension nor a node."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
SPEC: Final = "docs/examples/import_ten_days.toml"
BLOCKED: Final = ("adapters.shm", "nautilus_trader.live")
WITHOUT_THEM: Final = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if any(name == b or name.startswith(b + ".") for b in {BLOCKED}):
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Blocker())
"""
READ: Final = """
from adapters.catalog.reading.factor_catalog import FactorCatalog

catalog = FactorCatalog(sys.argv[1])
print(*catalog.schema(), sum(len(batch) for batch in catalog.batches()))
"""
IMPORT: Final = """
from backtests.import_factors import main

sys.exit(main(sys.argv[1:]))
"""
COMMAND: Final = """
from adapters.catalog.__main__ import main

sys.exit(main(sys.argv[1:]))
"""


def run_without_them(code: str, *arguments: str | Path) -> str:
    """Run code in a process that can import none of them; return what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_THEM + code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_importing_listing_verifying_and_reading_need_neither(tmp_path: Path) -> None:
    """Files go into a catalog and come out of it where neither can be imported."""
    for name in BLOCKED:
        refused = f"""
try:
    import {name}
except ImportError as error:
    print(error)
"""
        assert run_without_them(refused) == f"{name} is blocked\n"
    catalog = tmp_path / "catalog"
    assert "967 records of 3 factors" in run_without_them(
        IMPORT, "--spec", SPEC, "--catalog", catalog
    )
    assert "967 in 1 files" in run_without_them(COMMAND, catalog, "list")
    assert "every file is whole" in run_without_them(COMMAND, catalog, "verify")
    assert run_without_them(READ, catalog) == "taker_ratio funding fear_greed 967\n"
