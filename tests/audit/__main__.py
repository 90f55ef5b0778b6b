"""The audit's command line: ``uv run python -m tests.audit``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.audit.advisories import VULNERABILITY, accepted, findings, snapshot
from tests.audit.installed import packages
from tests.audit.named import named
from tests.proof.figures import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.audit.advisories import Advisory, Package

FAILED: Final = 1
TIMEOUT_S: Final = 120
_VULNERABLE: Final = 1
"""The exit code of ``uv audit`` for a known vulnerability; others than 0 are its own trouble."""


def from_snapshot(installed: Sequence[Package]) -> list[str]:
    """Look every package up in the snapshot, and print what there is; return what is wrong."""
    states, advisories = snapshot()
    reasons = accepted()
    for name, state in states.items():
        print(f"snapshot of the {name}: {state}")
    found = findings(advisories, installed)
    wrong = [
        f"{_line(a, p)}; use another version, or accept it in tests/audit/accepted.toml"
        for a, p in found
        if a.kind == VULNERABILITY and a.id not in reasons
    ]
    for advisory, package in found:
        if advisory.id in reasons:
            print(f"accepted: {_line(advisory, package)}: {reasons[advisory.id]}")
    informed = Counter(a.kind for a, _ in found if a.kind != VULNERABILITY)
    print("only informed of:", ", ".join(f"{n} {kind}" for kind, n in informed.items()) or "none")
    there = {advisory.id for advisory, _ in found}
    for name in sorted(reasons.keys() - there):
        print(f"accepted.toml: {name} is about nothing that is installed; remove it")
    return wrong


def _line(advisory: Advisory, package: Package) -> str:
    inside = f" in {package.inside}" if package.inside else ""
    return f"{package.name} {package.version}{inside}: {advisory.id} {advisory.title}"


def ask_osv(service_url: str | None = None) -> list[str]:
    """Ask OSV about the Python packages of today, through uv; return what is wrong.

    Without a network nothing is wrong, and a line says that nobody was asked.

    Parameters
    ----------
    service_url : str, optional
        Another server than OSV's own.

    """
    command = ["uv", "audit", "--quiet", "--project", str(ROOT)]
    command += [word for name in accepted() for word in ("--ignore", name)]
    command += ["--service-url", service_url] if service_url else []
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"OSV was not asked: {error}; what was found since the snapshot is not known")
        return []
    if done.returncode == _VULNERABLE:
        return [line for line in done.stdout.splitlines() if line.strip()] or [done.stderr]
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1].strip()
        print(f"OSV was not asked: {last}; what was found since the snapshot is not known")
    else:
        print("OSV knows of nothing else in the Python packages")
    return []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the audit; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.audit",
        description="Look up known vulnerabilities of every Python package that is installed and "
        "of every Rust crate in them and what the project's own Java and Rust name: in a snapshot "
        "that is part of the project, and, of Python, with OSV where it can be reached.",
        epilog="exit codes: 0 none but accepted ones; 1 something is wrong",
    )
    parser.add_argument("--offline", action="store_true", help="the snapshot alone")
    options = parser.parse_args(arguments)
    installed = packages()
    count = Counter(p.ecosystem for p in installed)
    own = Counter(n.ecosystem for n in named())
    print(
        f"{count['PyPI']} Python packages with {count['crates.io'] - own['crates.io']} Rust "
        f"crates; our own Java and Rust name {own['Maven']} Java artifacts and "
        f"{own['crates.io']} crates"
    )
    wrong = from_snapshot(installed)
    if not options.offline:
        wrong += ask_osv()
    for line in wrong:
        print(f"WRONG: {line}", file=sys.stderr)
    return FAILED if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
