"""Runs a part of a proof in a process of its own, with the extension that is under proof."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.proof.figures import ROOT, Figure, Form
from tests.proof.region.build import build_region, compiler, load_region

if TYPE_CHECKING:
    from collections.abc import Iterator


def run_apart(form: Form, module: str) -> Iterator[Figure]:
    """Yield the figures of ``module.prove``, run in a new process.

    Parameters
    ----------
    form : Form
        How to run; with ``source`` the extension is built from those files first.
    module : str
        The module's name.

    Raises
    ------
    MissingToolError
        If there is no C compiler.

    """
    compiler()
    library = build_region(form)
    told = {
        "module": module,
        "library": library and str(library),
        "is_long": form.is_long,
        "seed": form.seed,
        "folder": str(form.folder),
    }
    command = [sys.executable, "-m", "tests.proof.region.apart", json.dumps(told)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                yield Figure(**json.loads(line))
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        yield Figure(
            id="",
            what=f"{module} runs to its end",
            value=f"exit code {process.returncode}",
            reach="0",
            is_met=False,
        )


def with_source(form: Form, source: Path, name: str) -> Form:
    """Return a form for the same proof of other C files, in a folder of its own."""
    folder = form.folder / name
    folder.mkdir()
    return replace(form, source=source, folder=folder)


def _main() -> None:
    told = json.loads(sys.argv[1])
    if told["library"]:
        load_region(Path(told["library"]))
    form = Form(is_long=told["is_long"], seed=told["seed"], folder=Path(told["folder"]))
    module = importlib.import_module(told["module"])
    for figure in module.prove(form):
        print(json.dumps(asdict(figure)), flush=True)


if __name__ == "__main__":
    _main()
