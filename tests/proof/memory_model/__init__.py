"""Memory model: the region's C under relacy, and mutants of it that must be noticed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from tests.proof.figures import Figure
from tests.proof.memory_model import building, exploring, mutation
from tests.proof.memory_model.mutants import MUTANTS
from tests.proof.memory_model.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form

GOAL: Final = 2_000_000


def prove(form: Form) -> Iterator[Figure]:
    """Explore every scenario; then, of the shipped C alone, every mutant."""
    form.progress("building the explorer")
    native = building.sources(form)
    build = building.Build(form.folder)
    if not build.compile(native, "explorer"):
        yield Figure(
            id="R1", what="the C compiles", value="no, see above", reach="yes", is_met=False
        )
        return
    form.progress(f"exploring {len(SCENARIOS)} scenarios")
    found = exploring.explore_all(build, "explorer", form)
    executions = sum(each.executions for each in found)
    violations = [each for each in found if each.forbidden]
    for each in violations:
        print(each.history)
    yield Figure(
        id="R1",
        what=f"executions of {len(SCENARIOS)} scenarios of the shipped C under relacy",
        value=f"{executions:,}, of forbidden outcomes "
        + (
            "0"
            if not violations
            else ", ".join(f"{v.scenario}: {v.forbidden}" for v in violations)
        ),
        reach=f"{GOAL if form.is_long else 1:,} or more, of forbidden outcomes 0",
        is_met=not violations and (executions >= GOAL or not form.is_long),
    )
    if form.source is not None or violations:
        return
    count = form.count(len(MUTANTS) // 3, len(MUTANTS))
    drawn = random.Random(form.seed).sample(MUTANTS, count)  # noqa: S311 - no secret is drawn
    mutants = [*mutation.weaker_orderings(native), *drawn]
    form.progress(f"{len(mutants)} mutants")
    survivors = mutation.survivors(build, native, mutants, form)
    yield Figure(
        id="R1",
        what="mutants of the C that an exploration notices",
        value=f"{len(mutants) - len(survivors)} of {len(mutants)}"
        + "".join(f"; survived: {name}" for name in survivors),
        reach="all",
        is_met=not survivors,
    )
