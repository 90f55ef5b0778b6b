"""The proof: each driver with its sanitizer, and whether they call every function there is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.proof.figures import Figure
from tests.proof.sanitizers import extension, interpreter_lock
from tests.proof.sanitizers.building import (
    ADDRESS,
    DRIVERS,
    THREAD,
    Run,
    assemble,
    build,
    declared_functions,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form

REACHED_IN_LONG: Final = 10**8


class Driver(NamedTuple):
    """A driver, how it is built and how much it does."""

    name: str
    sanitizer: str
    short: int
    """The first argument in the short form; 0: it takes none."""
    long: int
    figure: str
    what: str


TSAN_ROUNDS: Final = Driver(
    "rounds",
    THREAD,
    300_000,
    10**8,
    "R3",
    "ThreadSanitizer, a writer and seven readers as threads",
)
DRIVERS_IN_TURN: Final = (
    Driver("edges", ADDRESS, 0, 0, "", "ASan+UBSan, reading and publishing at their edges"),
    Driver("sleepers", ADDRESS, 0, 0, "", "ASan+UBSan, wake-ups, and files cut under each call"),
    Driver("rounds", ADDRESS, 700_000, 10**8, "", "ASan+UBSan, a writer and readers as threads"),
    Driver("processes", ADDRESS, 20_000, 5_000_000, "", "ASan+UBSan, as processes, killed"),
    Driver("cuts", ADDRESS, 5_000, 1_000_000, "", "ASan+UBSan, files cut under the calls"),
    TSAN_ROUNDS,
)


def arguments(driver: Driver, form: Form) -> list[int]:
    """Return the arguments of a driver, but for its folder."""
    return [form.count(driver.short, driver.long), form.seed] if driver.short else []


def _verdict(found: Run) -> str:
    if found.code is None:
        return "did not end; "
    return "" if found.code == 0 else f"ended with {found.code}; "


def prove(form: Form) -> Iterator[Figure]:
    """Build and run each driver, then the extension module of Python."""
    native = assemble(form, form.folder / "native")
    called: Counter[str] = Counter()
    for driver in DRIVERS_IN_TURN:
        program = form.folder / f"{driver.name}.{driver.sanitizer[:6]}"
        build(native, DRIVERS / f"{driver.name}.c", program, driver.sanitizer)
        form.progress(driver.what)
        found = run(program, arguments(driver, form), timeout_s=form.count(300, 6 * 3600))
        called.update(found.calls)
        if not found.is_clean:
            form.progress(found.said)
        n = sum(found.calls.values())
        more = ", ".join(
            f"{number:,} {what}" for what, number in found.numbers.items() if what != "operations"
        )
        goal = REACHED_IN_LONG if form.is_long and driver.long == REACHED_IN_LONG else 0
        yield Figure(
            id=driver.figure,
            what=driver.what,
            value=f"{_verdict(found)}{found.reports} reports in {n:,} calls"
            + (f" ({more})" if more else ""),
            reach=f"0 in {goal:,}" if goal else "0",
            is_met=found.is_clean and n > goal,
        )
    yield from extension.prove(form, native, called)
    form.progress("the region's extension module, each access with the interpreter's lock")
    yield interpreter_lock.prove(form, native)
    wanted = declared_functions(native)
    missing = sorted(name for name in wanted if not called[name])
    yield Figure(
        id="",
        what="functions of region.h that a driver calls",
        value=f"{len(wanted) - len(missing)} of {len(wanted)}"
        + (f", not {', '.join(missing)}" if missing else ""),
        reach="all",
        is_met=not missing,
    )
