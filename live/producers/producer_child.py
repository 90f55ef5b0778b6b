"""ProducerChild: a producer process of this run, started, given its start, and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.process.child import Child, module_command

if TYPE_CHECKING:
    from collections.abc import Sequence

READY_TIMEOUT_S: Final = 30.0


class ProducerChild:
    """A ``python -m`` process that follows :mod:`live.producers.producer_protocol`.

    Parameters
    ----------
    module : str
        The module to run.
    arguments : sequence of str
        Its command line.

    Raises
    ------
    ChildError
        If the process is not ready within 30 seconds.

    """

    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        self._child: Final = Child(module_command(module, *arguments))
        try:
            self._child.wait_for(
                lambda line: line.strip() == "ready", READY_TIMEOUT_S, f"the producer {module}"
            )
        except BaseException:
            self.stop()
            raise

    def start_at(self, start_ns: int) -> None:
        """Send the producer the instant, UNIX nanoseconds, at which its factors begin."""
        self._child.send(f"start {start_ns}")

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while the process runs."""
        return self._child.exit_code

    def stop(self) -> None:
        """End the process, by force after two seconds; safe to call again."""
        self._child.stop()
