"""Accounting: any sequence of operations beside a plain list, and nothing unaccounted for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.proof.accounting.recording.corruptions import undetected
from tests.proof.accounting.recording.kills import killed_recordings
from tests.proof.accounting.stateful import run
from tests.proof.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form


class Plan(NamedTuple):
    """How much of a machine is run."""

    module: str
    machine: str
    what: str
    short: int
    """Examples in the short form."""
    long: int


STEPS: Final = 40
MACHINES: Final = (
    Plan(
        "region.damage_machine",
        "DamageMachine",
        "published - (delivered + conflated + lost), readers and sources of a region",
        50,
        6_000,
    ),
    Plan(
        "region.process_machine",
        "ProcessMachine",
        "the same with a writer in a process, killed with SIGKILL",
        10,
        1_000,
    ),
    Plan(
        "recording.recorder_machine",
        "RecorderMachine",
        "published - (recorded + lost + dropped), a recorder that dies at any step of its files",
        50,
        6_000,
    ),
    Plan(
        "recording.session_machine",
        "SessionMachine",
        "handed over - (recorded + dropped), and what was flushed, in sessions of a node",
        25,
        3_000,
    ),
    Plan(
        "recording.catalog_machine",
        "CatalogMachine",
        "records of a catalog that are missing, double or wrong without a word",
        25,
        3_000,
    ),
)


def prove(form: Form) -> Iterator[Figure]:
    """Run the machines, then the kills and the corruptions of recordings."""
    for plan in MACHINES:
        machine = getattr(import_module(f"{__name__}.{plan.module}"), plan.machine)
        form.progress(f"{plan.machine} ...")
        found = run(machine, form.count(plan.short, plan.long), STEPS, form.seed)
        if found.failure:
            form.progress(f"{found.failure}\nto run it again: accounting --seed {form.seed}")
        value = "something else than 0, see above" if found.failure else "0"
        yield Figure(
            id="R6",
            what=f"{plan.what}; {found.examples} sequences, {found.steps} operations",
            value=value,
            reach="0",
            is_met=not found.failure,
        )
    yield from _recordings(form)


def _recordings(form: Form) -> Iterator[Figure]:
    form.progress("kills of a recorder ...")
    killed = killed_recordings(form.folder, form.count(30, 1_000), form.seed)
    if killed.wrong:
        form.progress(killed.wrong)
    yield Figure(
        id="R10",
        what=f"records lost, doubled, of {killed.records:,} flushed by a recorder that was killed "
        f"{killed.kills:,} times",
        value=f"{killed.missing}, {killed.doubled}",
        reach="0, 0",
        is_met=not killed.missing and not killed.doubled and not killed.wrong,
    )
    planted = form.count(48, 240)
    form.progress("corruptions ...")
    missed = undetected(form.folder, planted, form.seed)
    for each in missed:
        form.progress(each)
    yield Figure(
        id="R10",
        what=f"corruptions of {planted} that verify or a query did not tell",
        value=str(len(missed)),
        reach="0",
        is_met=not missed,
    )
