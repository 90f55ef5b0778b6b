"""ProducerChild: a producer process of this run, started, told when to begin, and ended."""

from __future__ import annotations

import select
import subprocess
import sys
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final

from dolphin_strategies import DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

READY_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 2.0


class ProducerError(DolphinError):
    """A producer process did not start."""


class ProducerChild:
    """A ``python -m`` process that follows :mod:`live.producers.producer_protocol`.

    It has a process group of its own, so that Ctrl-C reaches only its parent, which ends it when
    the node is flat. Its standard input is its lifeline: when the parent dies, however that
    happens, it closes, and the child exits.

    Parameters
    ----------
    module : str
        What to run.
    arguments : sequence of str
        Its command line.

    Raises
    ------
    ProducerError
        If it is not ready within 30 seconds.

    """

    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        self._module = module
        self._process: Final = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        output = self._output
        while (left := deadline - time.monotonic()) > 0:
            if select.select([output], [], [], min(left, 0.5))[0]:
                line = output.readline()
                if line.strip() == "ready":
                    return
                if not line:
                    break
        code = self._process.poll()
        what = f"ended with code {code}" if code is not None else "said nothing"
        msg = f"the producer {self._module} is not ready: it {what}; see its error above"
        raise ProducerError(msg)

    @property
    def _output(self) -> IO[str]:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe, see above
        return self._process.stdout

    def start_at(self, start_ns: int) -> None:
        """Tell the producer the instant, UNIX nanoseconds, at which its factors begin."""
        with suppress(BrokenPipeError):
            assert self._process.stdin is not None  # noqa: S101 - it is a pipe, see above
            self._process.stdin.write(f"start {start_ns}\n")
            self._process.stdin.flush()

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, or None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """End the process, by force if it does not within two seconds; safe to call again."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            # Reads its closing line too, so that it can print it.
            self._process.communicate(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        except ValueError:
            return

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_TIMEOUT_S)
