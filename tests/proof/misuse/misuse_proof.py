"""R12: nodes whose strategy misuses what it is given end with a word and nothing open silently."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from tests.proof.figures import Figure
from tests.proof.misuse import one_run
from tests.proof.misuse.cases import CASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form
    from tests.proof.misuse.case import Case

AT_ONCE: Final = 8
SHORT: Final = 24


def prove(form: Form) -> Iterator[Figure]:
    """Run the cases: all of them, or some of each group."""
    cases = drawn(form)
    outcomes = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for outcome in pool.map(one_run.run, cases):
            outcomes.append(outcome)
            for wrong in outcome.wrongs():
                form.progress(f"{outcome.case.name}: {wrong}\n{outcome.err[-2_000:]}")
    n = len(outcomes)
    aborts = sum(o.code is None or o.code < 0 for o in outcomes)
    silent = sum(bool(o.wrongs()) for o in outcomes)
    yield Figure(
        id="R12",
        what="nodes that aborted",
        value=f"{aborts} of {n} misuse cases",
        reach="0 (of 200 in the long form)",
        is_met=aborts == 0 and (n >= 200 or not form.is_long),
    )
    yield Figure(
        id="R12",
        what="nodes that ended without a word, hid a failure, or left something open silently",
        value=f"{silent} of {n}",
        reach="0",
        is_met=silent == 0,
    )


def drawn(form: Form) -> list[Case]:
    """Return all cases, or a few of each group, the same for the same seed."""
    everything = list(CASES.values())
    if form.is_long:
        return everything
    draw = random.Random(form.seed)  # noqa: S311 - not for secrets
    groups: dict[str, list[Case]] = {}
    for case in everything:
        groups.setdefault(case.name.partition("/")[0], []).append(case)
    each = max(SHORT // len(groups), 1)
    return [case for group in groups.values() for case in draw.sample(group, each)]
