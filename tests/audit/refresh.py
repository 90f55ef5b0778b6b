"""Make the snapshot of advisories anew, from clones of the PyPA's and RustSec's databases.

uv run --with pyyaml python -m tests.audit.refresh ADVISORY_DATABASE ADVISORY_DB
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any, Final

from tests.audit.advisories import SNAPSHOT, VULNERABILITY
from tests.audit.installed import canonical, packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TITLE_LENGTH: Final = 100


def git(repository: str, *words: str) -> str:
    """Return what git prints."""
    command = ["git", "-C", repository, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def files(
    repository: str, folder: str, names: set[str], key: Callable[[str], str]
) -> Iterator[str]:
    """Yield the text of each advisory about one of the packages."""
    for path in git(repository, "ls-tree", "-r", "--name-only", "HEAD", folder).split():
        if key(path.split("/")[1]) in names and path.endswith((".md", ".yaml")):
            yield git(repository, "show", f"HEAD:{path}")


def rust_advisory(text: str) -> dict[str, Any] | None:
    """Return a RustSec advisory in our form; None if it was withdrawn."""
    front = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    assert front is not None
    read = tomllib.loads(front[1])
    about, versions = read["advisory"], read.get("versions", {})
    if "withdrawn" in about:
        return None
    return {
        "id": about["id"],
        "ecosystem": "crates.io",
        "package": about["package"],
        "kind": about.get("informational", VULNERABILITY),
        "affected": [">=0"],
        "unaffected": [*versions.get("patched", []), *versions.get("unaffected", [])],
        "title": (title[1] if title else "")[:TITLE_LENGTH],
    }


def python_advisory(read: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return a PyPA advisory in our form; None if it was withdrawn or states no versions."""
    if "withdrawn" in read:
        return None
    affected = []
    for each in read["affected"]:
        for found in each.get("ranges", ()):
            bounds: list[str] = []
            for event in found["events"] if found["type"] == "ECOSYSTEM" else ():
                if "introduced" in event:
                    bounds = [f">={event['introduced']}"]
                elif "fixed" in event:
                    affected.append(",".join([*bounds, f"<{event['fixed']}"]))
                    bounds = []
                elif "last_affected" in event:
                    affected.append(",".join([*bounds, f"<={event['last_affected']}"]))
                    bounds = []
            affected += bounds
        if not each.get("ranges"):
            affected += [f"={version}" for version in each.get("versions", ())]
    title = str(read.get("summary") or read.get("details", "")).strip().split("\n")[0]
    if not affected:
        return None
    return {
        "id": read["id"],
        "ecosystem": "PyPI",
        "package": name,
        "kind": VULNERABILITY,
        "affected": affected,
        "unaffected": [],
        "title": title[:TITLE_LENGTH],
    }


def main(pypa: str, rustsec: str) -> None:
    """Write the snapshot."""
    import yaml

    installed = packages()
    python = {p.name for p in installed if p.ecosystem == "PyPI"}
    crates = {p.name for p in installed if p.ecosystem == "crates.io"}
    found = [rust_advisory(text) for text in files(rustsec, "crates", crates, str)]
    for text in files(pypa, "vulns", python, canonical):
        read = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - texts only
        found.append(python_advisory(read, canonical(read["affected"][0]["package"]["name"])))
    states = {
        "PyPA advisory-database (CC-BY 4.0)": git(pypa, "log", "-1", "--format=%cs %h").strip(),
        "RustSec advisory-db (CC0)": git(rustsec, "log", "-1", "--format=%cs %h").strip(),
    }
    advisories = sorted(filter(None, found), key=lambda a: str(a["id"]))
    lines = ",\n".join(json.dumps(a) for a in advisories)
    SNAPSHOT.write_text(
        f'{{"states": {json.dumps(states)},\n"advisories": [\n{lines}\n]}}\n', encoding="utf-8"
    )
    print(f"{len(advisories)} advisories in {SNAPSHOT}")


if __name__ == "__main__":
    main(*sys.argv[1:])
