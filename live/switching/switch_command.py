"""The command ``switch.py``: ask a node to halt, reduce, close or go on, and say what it did."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.command.terminal import JSON_HELP, say, say_document
from adapters.process.safe_files import UnusableFileError
from dolphin_strategies.errors import DolphinError
from dolphin_strategies.order_gates.risk.trading import COMMANDS
from live.switching.escalation import hand_over
from live.switching.kept_trading import journal_at
from live.switching.switch_client import NoAnswerError, ask, node_of
from live.switching.switch_words import STATUS, Request, one_line, user_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from live.switching.switch_client import Node

DESCRIPTION: Final = "Halt a node, let it only reduce, close what it holds, or let it go on."
EXAMPLES: Final = """\
commands:
  halt     no order passes; resting orders that are no exits are cancelled
  reduce   only exits pass; resting orders that are no exits are cancelled
  flat     close everything, then halt
  resume   all orders pass again; losses count from now on
  status   say what holds

examples:
  switch.py halt --why "news at 14:30"              the only node of this user that runs
  switch.py flat --node 4711                        the node of a process
  switch.py reduce --node ImbalanceTaker            of a strategy
  switch.py halt --node blue                        of a service of a fleet
  switch.py resume --state /dev/shm/btc.state       the node that runs with --state FILE
  switch.py flat --wait 10                          and wait until nothing is open
  switch.py status --json                           for programs; docs/json.md has the fields
  echo halt news > /dev/shm/dolphin_run_*/switch.fifo
  kill -USR1 4711                                   halt; -USR2: flat

A node that has not acknowledged within 0.5 s is handed to the watchdog, which alarms and sends it
SIGTERM (not with --term-after 0 or --alarm-only).
exit codes: 0 done; 1 not done: no answer, and the watchdog has it; 2 bad usage, or no such node;
3 acknowledged, and still open after --wait; 4 no answer and no watchdog: act by hand; 130 ended by
a signal, see `switch.py status`.
"""
OK: Final = 0
ESCALATED: Final = 1
BAD_USAGE: Final = 2
STILL_OPEN: Final = 3
UNHEARD: Final = 4
_LOOK_S: Final = 0.05
_HANDED_OVER: Final = ("halt", "reduce", "flat")
"""What a watchdog is given if the node does not answer."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="switch.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("command", choices=[*reversed(COMMANDS), STATUS], help="what to do, see below")
    add("--node", metavar="PID|STRATEGY|SERVICE", help="which node, by its process, its "
        "strategy or its name in a fleet (default: the only one that runs)")  # fmt: skip
    add("--state", type=Path, metavar="FILE", help="the --state of the node")
    add("--why", default="", metavar="TEXT", help="the reason, for the journal")
    add("--wait", type=float, default=0.0, metavar="S", help="with flat: wait so long until "
        "nothing is open")  # fmt: skip
    add("--json", action="store_true", help=JSON_HELP)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
    except SystemExit as left:  # argparse has said why
        return int(left.code or 0)
    request = Request(options.command, one_line(options.why))
    try:
        node = node_of(options.node, options.state)
    except DolphinError as error:
        say(f"switch.py: {error}", to=sys.stderr)
        return BAD_USAGE
    began_s = time.monotonic()
    document: dict[str, Any] = {
        "node": {
            "pid": node.pid,
            "service": node.service,
            "strategy": "" if node.state is None else node.state.strategy,
            "orders": "" if node.state is None else node.state.orders,
            "state": node.path,
        },
        "command": request.command,
    }
    try:
        answer = ask(node, request)
    except NoAnswerError as error:
        say(f"NOT ACKNOWLEDGED: {error}", to=sys.stderr)
        is_written, code = _escalate(node, request)
        if options.json:
            has_it = code == ESCALATED and request.command in _HANDED_OVER
            how = {"is_acknowledged": False, "is_written": is_written, "watchdog_has_it": has_it}
            say_document({**document, **how, "problem": str(error)})
        return code
    if "error" in answer:
        say(f"switch.py: {node}: {answer['error']}", to=sys.stderr)
        return BAD_USAGE
    took_ms = (time.monotonic() - began_s) * 1e3
    if not options.json:
        last = f" ({answer['last']})" if answer["last"] else ""
        say(f"{node}: {answer['state']}{last}, acknowledged in {took_ms:.0f} ms")
    if not answer["is_written"]:
        say("  the journal could not be written: after a restart this does not hold", sys.stderr)
    code = OK
    if request.command == "flat":
        code, answer["is_flat"] = _until_flat(
            node, answer["is_flat"], options.wait, None if options.json else sys.stdout
        )
    if options.json:
        say_document({**document, "is_acknowledged": True, "took_ms": took_ms, **answer})
    return code


def _until_flat(
    node: Node,
    is_flat: bool,  # noqa: FBT001 - as answered
    wait_s: float,
    out: TextIO | None,
) -> tuple[int, bool]:
    """Return the exit code, and whether nothing is open; what is no error goes to ``out``."""
    until_s = time.monotonic() + wait_s
    while not is_flat and time.monotonic() < until_s:
        time.sleep(_LOOK_S)
        try:
            is_flat = ask(node, Request(STATUS))["is_flat"]
        except NoAnswerError as error:
            say(f"switch.py: {error}", to=sys.stderr)
            return STILL_OPEN, False
    if not is_flat and wait_s:
        say(f"  STILL OPEN after {wait_s:g} s", to=sys.stderr)
        return STILL_OPEN, False
    if out is not None:
        closing = "  closing; `switch.py status` or --wait S tell when nothing is open"
        say("  flat: nothing is open" if is_flat else closing, out)
    return OK, is_flat


def _escalate(node: Node, request: Request) -> tuple[bool, int]:
    """Write a command down that a node has not acknowledged, and hand it to the watchdog.

    Returns
    -------
    is_written : bool
        Whether it is in the journal, from which the node's next start goes on.
    code : int
        The exit code.

    """
    if request.command not in _HANDED_OVER:
        return False, ESCALATED
    who = f"{user_name(os.getuid())} (pid {os.getpid()})"
    is_written = False
    if node.state is not None and node.state.journal:
        try:
            journal_at(Path(node.state.journal)).append(
                event="unanswered", command=request.command, who=who, why=request.why
            )
            say("  written into the journal: the node's next start goes on with it", sys.stderr)
            is_written = True
        except DolphinError as error:
            say(f"  {error}", to=sys.stderr)
    try:
        is_taken = hand_over(node.path, node.pid, request.command, who, request.why)
    except UnusableFileError as error:
        say(f"  {error}", to=sys.stderr)
        is_taken = False
    if is_taken:
        say(
            "  the watchdog has taken it: an alarm, and SIGTERM unless it may send none",
            sys.stderr,
        )
        return is_written, ESCALATED
    say(f"  no watchdog has taken it: `kill {node.pid}` stops the node flat if it can; what it "
        "leaves open is at the exchange", to=sys.stderr)  # fmt: skip
    return is_written, UNHEARD
