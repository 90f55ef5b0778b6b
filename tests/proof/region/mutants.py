"""Planted faults: the region's C changed in one place, which a proof must notice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from tests.proof.figures import Figure, Form
from tests.proof.region.apart import run_apart, with_source

if TYPE_CHECKING:
    from collections.abc import Sequence


class Mutant(NamedTuple):
    """One planted fault."""

    name: str
    file: str
    """The C file in ``adapters/shm/native``."""
    shipped: str
    """Text that the file has exactly once."""
    planted: str
    """What stands there instead."""


def _plant(form: Form, mutant: Mutant) -> Form:
    folder = form.folder / f"source_{mutant.name.replace(' ', '_')}"
    folder.mkdir()
    text = form.native(mutant.file).read_text(encoding="utf-8")
    if text.count(mutant.shipped) != 1:
        msg = f"{mutant.file} has not once what the mutant {mutant.name!r} replaces: write it anew"
        raise ValueError(msg)
    changed = text.replace(mutant.shipped, mutant.planted)
    (folder / mutant.file).write_text(changed, encoding="utf-8")
    return with_source(form, folder, f"built_{folder.name}")


def is_noticed(form: Form, module: str, mutant: Mutant) -> bool:
    """Return whether a part of a proof yields a figure that is not met on a mutant.

    Parameters
    ----------
    form : Form
        How to run it; what the short form does not notice, no long one is to be waited for.
    module : str
        Whose ``prove`` is run.
    mutant : Mutant
        The planted fault.

    """
    figures = run_apart(replace(_plant(form, mutant), is_long=False), module)
    return any([not figure.is_met for figure in figures])  # noqa: C419 - all, to its end


def kill_all(form: Form, figure_id: str, module: str, mutants: Sequence[Mutant]) -> Figure:
    """Run a part of a proof on each mutant; return how many it noticed.

    Parameters
    ----------
    form : Form
        How to run it.
    figure_id : str
        Of the figure.
    module : str
        Whose ``prove`` must yield a figure that is not met.
    mutants : sequence of Mutant
        The planted faults.

    """
    missed = []
    for mutant in mutants:
        form.progress(f"planted: {mutant.name}")
        if not is_noticed(form, module, mutant):
            missed.append(mutant.name)
    return Figure(
        id=figure_id,
        what="planted faults of the region's C that this proof notices",
        value=f"{len(mutants) - len(missed)} of {len(mutants)}"
        + (f", not {'; '.join(missed)}" if missed else ""),
        reach="all",
        is_met=not missed,
    )
