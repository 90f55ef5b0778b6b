"""Advisories: known weaknesses of versions of packages, and whether one is installed."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE: Final = Path(__file__).resolve().parent
SNAPSHOT: Final = HERE / "advisories.json"
ACCEPTED: Final = HERE / "accepted.toml"
VULNERABILITY: Final = "vulnerability"
_BOUND: Final = re.compile(r"\s*(>=|<=|>|<|=|\^|~)?\s*([0-9][^\s,]*)\s*")

type Ecosystem = Literal["PyPI", "crates.io", "Maven"]


@dataclass(frozen=True, order=True)
class Package:
    """A package as it is installed, or as a file of this project names it."""

    ecosystem: Ecosystem
    name: str
    version: str
    inside: str = ""
    """The Python package whose wheel it is compiled into, or our library in Java or Rust that
    needs it; empty if it is a Python package itself.
    """


@dataclass(frozen=True, kw_only=True)
class Advisory:
    """A known weakness, from the PyPA's or RustSec's database.

    Attributes
    ----------
    id : str
        Such as ``RUSTSEC-2026-0194``.
    kind : str
        ``vulnerability``, or what is only informed of: ``unsound``, ``unmaintained``, ``notice``.
    affected : tuple of str
        Ranges of versions, each bounds that must all hold: ``>=1.2,<1.4``.
    unaffected : tuple of str
        Ranges that are not, though a range of ``affected`` has them.
    title : str
        One line.

    """

    id: str
    ecosystem: Ecosystem
    package: str
    kind: str
    affected: tuple[str, ...]
    unaffected: tuple[str, ...]
    title: str

    def is_about(self, package: Package) -> bool:
        """Return whether a package has the weakness; a version that cannot be read has it."""
        if (self.ecosystem, self.package) != (package.ecosystem, package.name):
            return False
        try:
            version = Version(package.version.partition("+")[0])
            return any(holds(version, r) for r in self.affected) and not any(
                holds(version, r) for r in self.unaffected
            )
        except InvalidVersion:
            return True


def holds(version: Version, bounds: str) -> bool:
    """Return whether a version is in a range of Cargo's or of ours.

    Parameters
    ----------
    version : Version
        The version.
    bounds : str
        Bounds with a comma between them: ``>=1.2``, ``<1.4``, ``=1.3.1``, ``^0.3``, ``~1.2``; one
        without an operator is Cargo's ``^``. ``>=0`` are all.

    Raises
    ------
    ValueError
        If it is none.

    References
    ----------
    https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html

    """
    for bound in bounds.split(","):
        found = _BOUND.fullmatch(bound)
        if found is None:
            msg = f"expected bounds such as '>=1.2,<1.4', found {bounds!r}"
            raise ValueError(msg)
        least = Version(found[2])
        if not _is_within(version, found[1] or "^", least):
            return False
    return True


def _is_within(version: Version, operator: str, least: Version) -> bool:
    if operator in {"^", "~"}:
        return least <= version < _next_incompatible(least, keeps_minor=operator == "~")
    return {
        ">=": version >= least,
        ">": version > least,
        "<=": version <= least,
        "<": version < least,
        "=": version == least,
    }[operator]


def _next_incompatible(least: Version, *, keeps_minor: bool) -> Version:
    given = least.release
    if keeps_minor:
        at = min(1, len(given) - 1)
    else:
        at = next((i for i, part in enumerate(given) if part), len(given) - 1)
    return Version(".".join(map(str, (*given[:at], given[at] + 1))))


def snapshot(path: Path = SNAPSHOT) -> tuple[dict[str, str], list[Advisory]]:
    """Return the state of each database, and the advisories of what we depend on."""
    read = json.loads(path.read_text(encoding="utf-8"))
    advisories = [
        Advisory(
            **{
                **a,
                "affected": tuple(a["affected"]),
                "unaffected": tuple(a["unaffected"]),
            }
        )
        for a in read["advisories"]
    ]
    return read["states"], advisories


def accepted(path: Path = ACCEPTED) -> dict[str, str]:
    """Return the reason for each advisory that is lived with."""
    read: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["accepted"]
    return read


def findings(
    advisories: Iterable[Advisory], packages: Iterable[Package]
) -> list[tuple[Advisory, Package]]:
    """Return which installed package has which weakness."""
    installed = sorted(packages)
    return [(a, p) for a in advisories for p in installed if a.is_about(p)]
