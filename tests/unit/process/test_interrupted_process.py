"""A process that Ctrl-C interrupts ends as interrupted, whatever other code makes of it."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from adapters.process.stop_signals import LEFT_AT_ONCE

TIMEOUT_S: Final = 60.0
BEGIN: Final = """
import os, signal, time
from adapters.process.stop_signals import interrupt_at_stop_signals, leave_at_stop_signals

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored
"""
MAKES_SOMETHING_ELSE: Final = """
interrupt_at_stop_signals()
try:
    os.kill(os.getpid(), signal.{})
    time.sleep(60)
except KeyboardInterrupt:
    raise AttributeError("partially initialized module")
"""
FAILS_BY_ITSELF: Final = """
interrupt_at_stop_signals()
raise AttributeError("a fault")
"""
ASKED_TO_STOP: Final = """
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
except KeyboardInterrupt:
    pass
"""
RAISES_UNRAISABLE: Final = """
class Bad:
    def __del__(self):
        raise AttributeError("a fault")

interrupt_at_stop_signals()
{}
bad = Bad()
del bad
"""
IS_TAKEN_DOWN: Final = """
class Last:
    def __del__(self):  # once the interpreter has let go of its handlers
        os.kill(os.getpid(), signal.SIGINT)

leave_at_stop_signals("test", 3)
signal.last = Last()
print("done", flush=True)
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script that begins as the programs do."""
    words = [sys.executable, "-c", BEGIN + script]
    return subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_an_interrupted_import_raises_is_the_interruption(name: str) -> None:
    """pandas, interrupted while pyarrow imports it, raises AttributeError."""
    done = run(MAKES_SOMETHING_ELSE.format(name))
    assert (done.returncode, done.stderr) == (LEFT_AT_ONCE, "-c: ended by a signal\n")


@pytest.mark.parametrize(("signals", "shown"), [("", True), (ASKED_TO_STOP, False)])
def test_what_cannot_be_raised_is_shown_without_a_request_alone(
    signals: str, *, shown: bool
) -> None:
    """As of pyarrow, which looks for pandas in C and says what it ignores."""
    done = run(RAISES_UNRAISABLE.format(signals))
    assert done.returncode == 0
    assert ("a fault" in done.stderr) == shown
    assert ("Traceback" in done.stderr) == shown


def test_a_fault_after_a_request_that_was_handled_is_shown() -> None:
    """What was interrupted goes on to write what it has, and that fails."""
    done = run(f'interrupt_at_stop_signals()\n{ASKED_TO_STOP}\nraise ValueError("a fault")')
    assert done.returncode == 1
    assert "ValueError: a fault" in done.stderr


def test_without_a_request_an_error_is_shown_as_ever() -> None:
    """With its traceback, and Python's exit code."""
    done = run(FAILS_BY_ITSELF)
    assert done.returncode == 1
    assert "AttributeError: a fault" in done.stderr


def test_a_signal_after_all_work_changes_no_exit_code() -> None:
    """While the interpreter is taken down, after it has let go of its handlers."""
    done = run(IS_TAKEN_DOWN)
    assert (done.returncode, done.stdout) == (0, "done\n")
