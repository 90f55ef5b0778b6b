"""The proofs' command line: ``uv run python -m tests.proof``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Before the other imports, which take seconds.
    leave_at_stop_signals("tests.proof", LEFT_AT_ONCE)

from live.latency import machine
from tests.proof.figures import Figure, Form, MissingToolError, NeedsError
from tests.proof.registry import PROOFS

NOT_HELD: Final = 1
COULD_NOT_RUN: Final = 3


def _parser() -> argparse.ArgumentParser:
    proofs = "\n".join(f"  {name:<16}{entry.sentence}" for name, entry in PROOFS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.proof",
        description="Show what holds for every interleaving, file, kill or sequence of calls.\n"
        "Each proof prints its figures, and what each has to reach.",
        epilog=f"proofs:\n{proofs}\n\n"
        "exit codes:\n  0  every figure is reached (a time counts in the long form alone)\n"
        "  1  one is not: the product has a fault\n"
        "  2  wrong usage\n  3  a proof could not run, and says what is missing\n\n"
        "examples:\n"
        "  python -m tests.proof                     all, in a few minutes\n"
        "  python -m tests.proof memory_model --long  one, as long as it takes\n"
        "  python -m tests.proof --source DIR        with C files of your own in DIR\n\n"
        "tests/proof/README.md tells what each proof shows and what it cannot show.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="which proofs (default: all in turn)"
    )
    parser.add_argument("--long", action="store_true", help="the long form: minutes to an hour")
    parser.add_argument("--list", action="store_true", help="list the proofs and leave")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of what is drawn at random (1)"
    )
    parser.add_argument(
        "--source",
        type=Path,
        metavar="DIR",
        help="take C files of the region from there where it has them: a proof must then fail "
        "if they are wrong",
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="DIR",
        help="hot_path: another checkout with its .venv, measured in the same run, in turn",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


def _checked(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    for name in asked.names:
        if name not in PROOFS:
            parser.error(f"there is no proof {name!r}; there are {', '.join(PROOFS)}")
    if asked.json and not asked.json.parent.is_dir():
        parser.error(f"--json: there is no folder {asked.json.parent}")
    if asked.source and not asked.source.is_dir():
        parser.error(f"--source: there is no folder {asked.source}")
    if asked.against and not (asked.against / ".venv/bin/python").exists():
        parser.error(f"--against: {asked.against} has no .venv/bin/python; run `uv sync` there")


def _run(name: str, asked: argparse.Namespace) -> tuple[list[Figure], list[str], int]:
    """Run a proof; return its figures, the lines of those that fail it, and the exit code."""
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix=f"dolphin_proof_{name}_") as folder:
        form = Form(
            is_long=asked.long,
            seed=asked.seed,
            folder=Path(folder),
            source=asked.source and asked.source.absolute(),
            against=asked.against and asked.against.absolute(),
        )
        try:
            for figure in PROOFS[name].prove(form):
                print(figure.line(form), flush=True)
                found.append(figure)
        except MissingToolError as error:
            print(f"COULD NOT RUN: {error}", file=sys.stderr, flush=True)
            return found, [], COULD_NOT_RUN
        except NeedsError as error:
            print(f"    not run: {error}", flush=True)
            return found, [], COULD_NOT_RUN if asked.names else 0
    failed = [f.line(form) for f in found if f.decides(form) and not f.is_met]
    return found, failed, NOT_HELD if failed else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the proofs asked for; return the exit code."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    _checked(parser, asked)
    if asked.list:
        for name, entry in PROOFS.items():
            print(f"{name:<16}{entry.sentence}")
        return 0
    described = machine.describe()
    print("machine: " + ", ".join(f"{name} {value}" for name, value in described.items()))
    codes, document = set(), {}
    not_held: list[str] = []
    for name in asked.names or PROOFS:
        print(f"\n== {name} == {PROOFS[name].sentence}", flush=True)
        begin = time.monotonic()
        figures, failed, code = _run(name, asked)
        not_held += [f"{name}: {line}" for line in failed]
        print(f"    {time.monotonic() - begin:.1f} s", flush=True)
        codes.add(code)
        document[name] = [asdict(figure) for figure in figures]
    if asked.json:
        whole = {"machine": described, "long": asked.long, "seed": asked.seed, "proofs": document}
        asked.json.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    worst = next((code for code in (NOT_HELD, COULD_NOT_RUN) if code in codes), 0)
    verdict = {0: "everything held", NOT_HELD: "NOT everything held", COULD_NOT_RUN: "not all ran"}
    print(f"\n{verdict[worst]}", *not_held, sep="\n    ", flush=True)
    return worst


if __name__ == "__main__":
    # The children are ended and the files removed on the way out.
    interrupt_at_stop_signals()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(LEFT_AT_ONCE)
