"""What is used: Python packages, the Rust crates in their wheels, and what our files name."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from tests.audit.advisories import Package
from tests.audit.named import named

if TYPE_CHECKING:
    from collections.abc import Iterator


def canonical(name: str) -> str:
    """Return a Python package's name as the index writes it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def others() -> list[Distribution]:
    """Return the distributions of this environment, without this project."""
    found = {canonical(d.name): d for d in distributions() if canonical(d.name) != "dolphin"}
    return [found[name] for name in sorted(found)]


def bills_of(installed: Distribution) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the CycloneDX files in a wheel's ``.dist-info/sboms`` (PEP 770)."""
    for file in installed.files or ():
        if file.parent.name == "sboms" and file.suffix == ".json":
            path = Path(str(file.locate()))
            read = json.loads(path.read_text(encoding="utf-8"))
            if read.get("bomFormat") == "CycloneDX":
                yield path, read


@cache
def packages() -> tuple[Package, ...]:
    """Return every Python package and crate, each once for each wheel that it is in, and what the
    project's own Java and Rust need.
    """
    found = {
        Package(n.ecosystem, ":".join(filter(None, (n.group, n.name))), n.version, n.by)
        for n in named()
    }
    for each in others():
        name = canonical(each.name)
        found.add(Package("PyPI", name, each.version))
        for _, bill in bills_of(each):
            for component in bill.get("components", ()):
                if str(component.get("purl", "")).startswith("pkg:cargo/"):
                    found.add(Package("crates.io", component["name"], component["version"], name))
    return tuple(sorted(found))


def needed(extras: tuple[str, ...] = ("sql",)) -> set[str]:
    """Return the names of the packages that the project needs to run, with these of its extras."""
    found: set[tuple[str, str]] = set()
    left = [("dolphin", extra) for extra in ("", *extras)]
    while left:
        name, extra = left.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        for text in distribution(name).requires or ():
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                left += [(canonical(wanted.name), e) for e in ("", *wanted.extras)]
    return {name for name, _ in found} - {"dolphin"}
