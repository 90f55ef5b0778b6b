"""Image: what the Dockerfile makes, by its own instructions and without Docker."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.support.containers.compose_file import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE: Final = ROOT / "Dockerfile"
IGNORED: Final = ROOT / ".dockerignore"
BASE_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INSTALLS: Final = ("apt-get", "pip install")
"""Of what is on the machine of a test already."""

type Instruction = tuple[str, str]


def stages() -> list[list[Instruction]]:
    """Return the instructions of each stage, from its ``FROM`` on."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: list[list[Instruction]] = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found.append([])
        if found and word:
            found[-1].append((word, " ".join(rest.split())))
    return found


def build_stage() -> list[Instruction]:
    """Return the instructions of the stage ``build``."""
    return next(stage for stage in stages() if stage[0][1].endswith(" AS build"))


def environment(stage: list[Instruction]) -> dict[str, str]:
    """Return what ``ENV`` sets in a stage."""
    found = {"PATH": BASE_PATH}
    for word, rest in stage:
        if word == "ENV":
            for pair in shlex.split(rest):
                name, _, value = pair.partition("=")
                found[name] = value.replace("$PATH", found["PATH"])
    return found


@dataclass(frozen=True)
class Run:
    """A command of the build, and the targets of its caches."""

    command: str
    caches: tuple[str, ...]


def copy_and_run(folder: Path) -> list[Run]:
    """Copy what the build stage copies of the project, and return what it runs in the folder.

    Parameters
    ----------
    folder : Path
        Becomes ``/app``. Debian's packages and uv are expected to be on this machine.

    """
    lines = IGNORED.read_text(encoding="utf-8").splitlines()
    sent = {line[1:] for line in lines if line.startswith("!")}
    left_out = [line.removeprefix("**/") for line in lines if line[:1] not in {"!", "#", ""}][1:]
    assert "*" in lines

    def ignore(where: str, names: list[str]) -> set[str]:
        return {
            name for name in names for pattern in left_out
            if fnmatch.fnmatch(name, pattern) or f"{where}/{name}" == str(ROOT / pattern)
        }  # fmt: skip

    runs = []
    for word, rest in build_stage():
        if word == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            assert set(sources) <= sent, ".dockerignore keeps what the Dockerfile copies"
            for source in sources:
                to = folder / target / source if target == "./" else folder / target
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, to, ignore=ignore)
                else:
                    shutil.copy(ROOT / source, to)
        if word == "RUN" and not rest.startswith(INSTALLS):
            caches = tuple(re.findall(r"--mount=type=cache,target=(\S+)", rest))
            runs.append(Run(re.sub(r"--mount=\S+ ", "", rest), caches))
    return runs


def words_of(instruction: str) -> list[str]:
    """Return ``ENTRYPOINT`` or ``CMD`` of the last stage."""
    found = dict(stages()[-1])[instruction]
    words: list[str] = json.loads(found)
    return words
