"""The proof: a copy of the project, installed for another Python, its tests and the demo."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from tests.proof.debian import find
from tests.proof.figures import ROOT, Figure
from tests.proof.pythons.interpreter import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form

VERSIONS: Final = ("3.14",)
"""Every supported one but that of ``.python-version``, on which all tests run."""
SHORT: Final = ("tests/unit", "tests/architecture")
LONG: Final = (*SHORT, "tests/integration")
LEFT_BEHIND: Final = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", "__pycache__", "build", "target", "recordings",
    "*.so", "*.egg-info", "uv.lock",
)  # fmt: skip
DEMO: Final = ("live/run_node.py", "--seconds", "5")
INSTALL_TIMEOUT_S: Final = 1_200
DEMO_TIMEOUT_S: Final = 300


def _environment(more: dict[str, str]) -> dict[str, str]:
    """Return this process's environment without what it says of its own Python and tests."""
    own = (
        "PYTEST_CURRENT",
        "PYTEST_XDIST_WORKER",
        "PYTHON",
        "VIRTUAL_ENV",
        "UV_PROJECT",
        "UV_PYTHON",
    )
    return {k: v for k, v in os.environ.items() if not k.startswith(own)} | more


def _run(
    command: list[str], folder: Path, environment: dict[str, str], timeout_s: float
) -> tuple[int | None, str]:
    """Run a command; return its exit code, None if it did not end, and what it printed."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
        return None, said.decode(errors="replace") if isinstance(said, bytes) else said
    return done.returncode, done.stdout


def _figure(form: Form, what: str, value: str, code: int | None, said: str) -> Figure:
    if code != 0:
        form.progress(said[-6000:])
        value = f"{value}, " + ("did not end" if code is None else f"ended with {code}")
    return Figure(id="", what=what, value=value, reach="exit code 0", is_met=code == 0)


def _of(form: Form, version: str) -> Iterator[Figure]:
    form.progress(f"Python {version} and what the project needs")
    python = interpreter(version)
    project = form.folder / version
    shutil.copytree(ROOT, project, ignore=LEFT_BEHIND)
    environment = _environment({**python.environment, "UV_PYTHON": python.path})
    uv = find("uv", "none: it comes from PyPI")
    sync = [uv, "sync", "--quiet", "--all-extras"]
    code, said = _run(sync, project, environment, INSTALL_TIMEOUT_S)
    own = str(project / ".venv/bin/python")
    if code == 0:
        _, found = _run([own, "-V"], project, environment, DEMO_TIMEOUT_S)
        said += found
    exact = (re.findall(r"Python (3\.[\w.]+)", said) or [version])[-1]
    yield _figure(
        form, f"Python {exact}, the project and its dependencies", "installed", code, said
    )
    if code != 0:
        return
    suites = LONG if form.is_long else SHORT
    form.progress(f"{', '.join(suites)} on Python {exact}")
    timeout_s = form.count(3_600, 6 * 3_600)
    code, said = _run([own, "-m", "pytest", *suites], project, environment, timeout_s)
    last = (re.findall(r"^=+ (\d+ .+) in [\d.]+s.*=+$", said, re.MULTILINE) or ["no test"])[-1]
    yield _figure(form, f"Python {exact}, {', '.join(suites)}", last, code, said)
    form.progress(f"the demo on Python {exact}")
    code, said = _run([own, *DEMO], project, environment, DEMO_TIMEOUT_S)
    published = re.search(r"factors +[\d,]+ published, [\d,]+ delivered", said)
    value = " ".join(published[0].split()[1:]) if published else "no summary"
    yield _figure(form, f"Python {exact}, the demo", value, code, said)


def prove(form: Form) -> Iterator[Figure]:
    """Install the project for each version; run its tests and the demo."""
    for version in VERSIONS:
        yield from _of(form, version)
