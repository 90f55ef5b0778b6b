"""The form of the findings; they themselves run by hand, because they install packages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).resolve().parents[2] / "findings"
FINDINGS: Final = sorted(FOLDER.glob("*.sh"))
_SOURCES: Final = re.compile(r'^\. "\$\(dirname "\$0"\)/environment\.bash" (.+)$', re.MULTILINE)
_PINNED: Final = re.compile(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*")


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda f: f.stem)
def test_a_finding_has_the_form(finding: Path) -> None:
    """Executable, strict, every package pinned, and bash reads it without an error."""
    text = finding.read_text(encoding="utf-8")
    assert finding.stat().st_mode & 0o111 == 0o111
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert "\nset -euo pipefail\n" in text
    assert "\n# Expected: " in text
    assert "\n# Seen: " in text
    (packages,) = _SOURCES.findall(text)
    assert all(_PINNED.fullmatch(package) for package in packages.split())
    subprocess.run(["bash", "-n", str(finding)], check=True, timeout=30)  # noqa: S607


@pytest.mark.parametrize("folder", ["dolphin_strategies", "adapters", "backtests", "live"])
def test_findings_do_not_use_the_product(folder: str) -> None:
    """What they show is seen without it."""
    uses = re.compile(rf"^\s*(?:from|import) {folder}\b", re.MULTILINE)
    assert not [f.name for f in FINDINGS if uses.search(f.read_text(encoding="utf-8"))]


def test_the_table_names_every_finding_once() -> None:
    """And no other."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| \[(\w+\.sh)\]\((\w+\.sh)\) \|", text, re.MULTILINE)
    assert named == [(f.name, f.name) for f in FINDINGS]
