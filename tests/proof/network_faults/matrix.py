"""The fault matrix: a real member and a real server, every fault, every side, and its figures."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from live.cluster import local_member
from tests.proof.figures import Figure, MissingToolError
from tests.proof.network_faults.access_faults import clock_steps, refusals, storm
from tests.proof.network_faults.entry_faults import entry_faults
from tests.proof.network_faults.exchange_faults import exchange_faults
from tests.proof.network_faults.line_faults import line_faults
from tests.proof.network_faults.observing import NOTICED_S, RECOVERED_S
from tests.proof.network_faults.outcomes import Outcome, table, worst
from tests.proof.network_faults.process_faults import process_faults
from tests.proof.network_faults.two_members import split_brain, two_members
from tests.proof.network_faults.unreachable_hosts import unreachable
from tests.support.exchange.local_exchange import local_exchange
from tests.support.transports.member import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.proof.figures import Form

TOOLS: Final = {"mvn": "maven", "java": "openjdk-17-jre-headless", "openssl": "openssl"}


def prove(form: Form) -> Iterator[Figure]:
    """Inject every fault and yield the worst that any of them did.

    Raises
    ------
    MissingToolError
        If no Hazelcast member can run here, or certificates cannot be made.
    """
    for tool, package in TOOLS.items():
        if shutil.which(tool) is None:
            raise MissingToolError(tool, package)
    local_member.command(0, "")
    # What clients and services log of faults is expected; the figures say what came of them.
    for name in ("hazelcast", "exf", "asyncio"):
        logging.getLogger(name).propagate = False
        logging.getLogger(name).addHandler(logging.NullHandler())
    beside = [_Beside(suffer, form) for suffer in (_rest, _pairs)]
    outcomes, storms = asyncio.run(_hazelcast(form))
    try:
        for others in beside:
            outcomes += others.outcomes()
    finally:
        print(table(outcomes), file=sys.stderr, flush=True)
    yield from _figures(worst(outcomes), storms)


class _Beside:
    """Faults on a thread of their own: all of them wait most of the time."""

    def __init__(self, suffer: Callable[[Form], list[Outcome]], form: Form) -> None:
        self._suffer: Final = suffer
        self._form: Final = form
        self._found: list[Outcome] = []
        self._error: BaseException | None = None
        self._thread: Final = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found = self._suffer(self._form)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._error = error

    def outcomes(self) -> list[Outcome]:
        """Return what they did; raises what went wrong."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found


def _rest(form: Form) -> list[Outcome]:
    with local_exchange() as exchange:
        found = asyncio.run(exchange_faults(exchange, form))
        found += asyncio.run(unreachable(exchange, form))
        found += asyncio.run(process_faults(exchange, form))
    return found


def _pairs(form: Form) -> list[Outcome]:
    if not form.is_long:
        return []
    return asyncio.run(two_members(form)) + asyncio.run(split_brain(form))


async def _hazelcast(form: Form) -> tuple[list[Outcome], str]:
    began_s = time.monotonic()
    member = Member()
    try:
        outcomes, text = await storm(member, form)
        form.progress(f"storm: {text}")
        for part in (refusals, entry_faults, line_faults):
            outcomes += await part(member, form)
            form.progress(f"{part.__name__}: at {time.monotonic() - began_s:.0f} s")
        if form.is_long:
            outcomes += await clock_steps(member, form)
    finally:
        member.close()
    return outcomes, text


def _figures(found: list[Outcome], storms: str) -> Iterator[Figure]:
    counted = [o for o in found if not o.by_design]
    late = max(counted, key=lambda o: o.noticed_s)
    slow = max(counted, key=lambda o: o.recovered_s)
    faults = {o.fault for o in found}
    yield Figure(
        id="R11",
        what=f"slowest to notice of {len(faults)} faults, {len(found)} faults and sides",
        value=f"{late.noticed_s:.2f} s ({late.fault}: {late.side})",
        reach=f"{NOTICED_S:g} s",
        is_time=math.isfinite(late.noticed_s),
        is_met=late.noticed_s <= NOTICED_S,
    )
    yield Figure(
        id="R11",
        what="slowest to recover after a fault's end",
        value=f"{slow.recovered_s:.2f} s ({slow.fault}: {slow.side})",
        reach=f"{RECOVERED_S:g} s",
        is_time=math.isfinite(slow.recovered_s),
        is_met=slow.recovered_s <= RECOVERED_S,
    )
    for what, field in (
        ("records lost without a count", "uncounted"),
        ("values passed on as fresher than they were", "stale"),
    ):
        bad = [o for o in found if getattr(o, field) and not o.fault.endswith("memory")]
        names = f" ({', '.join(f'{o.fault}: {o.side}' for o in bad[:3])})" if bad else ""
        yield Figure(
            id="R11",
            what=what,
            value=f"{sum(abs(getattr(o, field)) for o in bad):,}{names}",
            reach="0",
            is_met=not bad,
        )
    has_grown = any(o.fault.endswith("memory") and o.uncounted for o in found)
    yield Figure(
        id="R11",
        what=f"memory through all faults and a storm on {os.cpu_count()} cores",
        value=storms,
        reach="flat",
        is_met=not has_grown,
    )
