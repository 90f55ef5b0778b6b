"""SwitchPage: asks whether a node is really to be switched, and has switch.py do it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from dolphin_strategies.errors import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from live.monitoring.watching.pictures import NodePicture

SCRIPT: Final = Path(__file__).parents[2] / "switch.py"
SWITCH_S: Final = 20.0
"""How long the command may take, with its imports on a busy machine."""
EFFECTS: Final = {
    "halt": "no new order passes",
    "reduce": "only exits pass",
    "flat": "everything is closed, then no new order passes",
    "resume": "all orders pass again, within the limits; losses count from now on",
}


class SwitchPage(ModalScreen[None]):
    """Asks first: only the key y goes on.

    Parameters
    ----------
    command : str
        ``halt``, ``reduce``, ``flat`` or ``resume``.
    node : NodePicture
        The node, as it was seen.

    Notes
    -----
    The monitor itself sends nothing to a node. It starts ``switch.py``, as a person would, which
    waits for the acknowledgement, hands a silent node to the watchdog, and writes the journal.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "go_on", "Yes"),
        Binding("n,escape", "leave", "No, back"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    SwitchPage { align: center middle; }
    SwitchPage > Vertical { width: 76; height: auto; max-height: 20; border: solid $error;
        padding: 1 2; background: $background; }
    """

    def __init__(self, command: str, node: NodePicture) -> None:
        super().__init__()
        self._command: Final = command
        self._pid: Final = node.pid
        self._is_asked = False
        orders = "" if node.state is None else node.state.orders
        trading = "?" if node.state is None else node.state.trading
        kind = "REAL orders" if orders == "live" else f"{orders} orders"
        self._text = (
            f"{command.upper()} {node.name} (pid {node.pid}, {kind}, now {trading})?\n\n"
            f"{EFFECTS[command]}.\n\ny: yes    n, Escape: no"
        )

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._text, markup=False)

    def action_leave(self) -> None:
        """Go back; what was begun goes on."""
        self.dismiss()

    async def action_go_on(self) -> None:
        """Have it done, once, and say what came of it."""
        if self._is_asked:
            return
        self._is_asked = True
        self._say(f"{self._command} was sent to pid {self._pid}, waiting for its answer ...")
        self.run_worker(self._switch(), exit_on_error=False)

    async def _switch(self) -> None:
        if not SCRIPT.is_file():
            self._say("this version has no switch: live/switch.py is not there")
            return
        words = ["--node", str(self._pid), "--why", "from the monitor"]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(SCRIPT),
            self._command,
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C here must not take it back half way.
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(SWITCH_S):
                output, _ = await process.communicate()
        except TimeoutError:
            self._say(f"switch.py has not ended within {SWITCH_S:g} s: look at the node")
            return
        done = "done" if process.returncode == 0 else f"NOT DONE (exit code {process.returncode})"
        self._say(f"{done}\n\n{printable(output.decode(errors='replace').strip())}")

    def _say(self, text: str) -> None:
        if self.is_mounted:
            self.query_one(Static).update(f"{text}\n\nEscape: back")
