"""What the project's own Java and Rust name as their dependencies: ``pom.xml``, ``Cargo.toml``."""

from __future__ import annotations

import re
import tomllib
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.etree import ElementTree as ET

from tests.proof.figures import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.audit.advisories import Ecosystem

JAVA: Final = ROOT / "adapters" / "java"
RUST: Final = ROOT / "adapters" / "rust"
OWN_GROUP: Final = "dolphin"
REQUIRED: Final = "required"
EXCLUDED: Final = "excluded"
"""CycloneDX's word for what only tests and builds need."""
_POM: Final = "{http://maven.apache.org/POM/4.0.0}"
_PROPERTY: Final = re.compile(r"\$\{([^}]+)\}")


class Named(NamedTuple):
    """A dependency, as the file that names it has it.

    Attributes
    ----------
    version : str
        Of Java the version; of Rust the lowest one that the file allows, which may be the one
        that is built.
    scope : str
        ``required``, or ``excluded`` if only tests, benchmarks or the build need it.
    by : str
        The library or crate that needs it.
    file : str
        The file, from the project's folder on.

    """

    ecosystem: Ecosystem
    group: str
    name: str
    version: str
    scope: str
    by: str
    file: str

    @property
    def purl(self) -> str:
        """The package URL (https://github.com/package-url/purl-spec)."""
        if self.ecosystem == "Maven":
            return f"pkg:maven/{self.group}/{self.name}@{self.version}"
        return f"pkg:cargo/{self.name}@{self.version}"


def named() -> list[Named]:
    """Return the dependencies of everything in Java and Rust, in the order of the files.

    Raises
    ------
    ValueError
        If a file leaves a version open, or refers to a property that is nowhere.

    """
    poms = sorted(JAVA.rglob("pom.xml"))
    crates = sorted(RUST.glob("*/Cargo.toml"))
    return [n for pom in poms for n in of_pom(pom)] + [n for c in crates for n in of_crate(c)]


def of_pom(path: Path) -> Iterator[Named]:
    """Yield the dependencies of one Maven module; those of this project are left out."""
    root = ET.parse(path).getroot()  # noqa: S314 - our own file
    properties: dict[str, str] = {}
    for of in (path.parent.parent / "pom.xml", path):
        if of.is_file():
            properties |= _properties(ET.parse(of).getroot(), path.parent.name)  # noqa: S314 - ours
    module = root.findtext(f"{_POM}artifactId", "")
    for dependency in root.iterfind(f"{_POM}dependencies/{_POM}dependency"):
        group, name, version, scope = (
            dependency.findtext(f"{_POM}{tag}", "")
            for tag in ("groupId", "artifactId", "version", "scope")
        )
        if group != OWN_GROUP:
            is_required = scope in {"", "compile", "runtime"}
            yield Named(
                "Maven", group, name, _filled(version, properties, path),
                REQUIRED if is_required else EXCLUDED, module, _relative(path),
            )  # fmt: skip


def of_crate(path: Path) -> Iterator[Named]:
    """Yield the dependencies of one crate; those of this project are left out."""
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    tables = (
        ("dependencies", REQUIRED),
        ("dev-dependencies", EXCLUDED),
        ("build-dependencies", EXCLUDED),
    )
    # Those of a target, such as cfg(loom), as well.
    where = [read, *read.get("target", {}).values()]
    for part, (table, scope) in product(where, tables):
        for name, wanted in part.get(table, {}).items():
            if not isinstance(wanted, str) and "path" in wanted:
                continue
            bounds = wanted if isinstance(wanted, str) else wanted.get("version", "")
            lowest = bounds.lstrip("^~=> ")
            if not re.fullmatch(r"\d+(\.\d+){0,2}", lowest):
                msg = f"{path}: {name}: expected a version such as '0.2', found {bounds!r}"
                raise ValueError(msg)
            by = read["package"]["name"]
            yield Named("crates.io", "", name, lowest, scope, by, _relative(path))


def _properties(pom: ET.Element, module: str) -> dict[str, str]:
    """Return the properties that a module is built with: a profile's if only that builds it."""
    profiles = [
        profile
        for profile in pom.iterfind(f"{_POM}profiles/{_POM}profile")
        if module in (m.text for m in profile.iterfind(f"{_POM}modules/{_POM}module"))
    ]
    return {
        p.tag.removeprefix(_POM): p.text or ""
        for source in (pom, *profiles)
        for p in source.iterfind(f"{_POM}properties/*")
    }


def _filled(text: str, properties: dict[str, str], path: Path) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in properties:
            msg = f"{path}: expected a property {found[1]!r} in it or its parent, found none"
            raise ValueError(msg)
        return properties[found[1]]

    filled = _PROPERTY.sub(value, text)
    if not filled:
        msg = f"{path}: expected a version of each dependency, found one without"
        raise ValueError(msg)
    return filled


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
