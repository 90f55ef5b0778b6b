"""Versions, citation and changelog state what the project's own files state."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest
import yaml

from docs.site.assembly import ROOT
from tests.proof.pythons.prove import VERSIONS

PAGE: Final = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
KINDS: Final = (
    "Upgrade notes", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"
)  # fmt: skip
ROWS: Final = dict(re.findall(r"^\| ([A-Z][^|]*?) \| ([^|]+?) \| [^|]+ \|$", PAGE, re.MULTILINE))


def pinned(name: str) -> str:
    """Return the version of a dependency in pyproject.toml."""
    wanted = next(d for d in PROJECT["dependencies"] if d.startswith(name))
    return re.split(r"[=~>]+", wanted)[1]


def test_the_tested_python_is_the_one_of_the_project() -> None:
    """The least that pyproject.toml takes is the one that the tests run on."""
    oldest = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert ROWS["Python"] == oldest
    assert PROJECT["requires-python"].split(",")[0] == f">={oldest}"


def test_every_supported_python_is_tested() -> None:
    """Those of the classifiers, up to the bound: the oldest by all tests, others by a proof."""
    named = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if ":: Python :: 3." in c]
    oldest = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert named == [oldest, *VERSIONS]
    assert ROWS["Python, newest"] == named[-1]
    major, minor = named[-1].split(".")
    assert PROJECT["requires-python"].endswith(f",<{major}.{int(minor) + 1}")


def test_the_pins_are_those_of_the_project() -> None:
    """NautilusTrader exactly; of Hazelcast's client the series."""
    assert ROWS["NautilusTrader"] == f"{pinned('nautilus_trader')}, pinned"
    assert ROWS["Hazelcast client"].startswith(pinned("hazelcast-python-client")[:3] + ", pinned")


def test_the_citation_is_of_this_version() -> None:
    """Title and version as the project's; who cites needs no more."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["title"].lower().startswith(PROJECT["name"])
    assert citation["abstract"].startswith(PROJECT["description"])
    assert citation["authors"]


def test_the_citation_is_valid() -> None:
    """By the schema of https://citation-file-format.github.io."""
    checker = Path(sys.executable).with_name("check-jsonschema")
    if not checker.exists():
        pytest.skip("check-jsonschema is not installed: uv run --group containers pytest ...")
    result = subprocess.run(
        [checker, "--builtin-schema", "vendor.citation-file-format", ROOT / "CITATION.cff"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_changelog_has_the_form_that_it_names() -> None:
    """Versions newest first, each with known kinds of changes, upgrade notes first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = text.split("\n## ")[1:]
    assert versions[0].startswith("[Unreleased]\n")
    for version in versions:
        kinds = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert kinds[0] == "Upgrade notes"
        assert kinds == [kind for kind in KINDS if kind in kinds]
        assert re.match(r"\[(?:Unreleased|\d+\.\d+\.\d+)\](?: - \d{4}-\d\d-\d\d)?\n", version)
