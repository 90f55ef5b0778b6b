"""Run a NautilusTrader node that trades on external factors."""

from __future__ import annotations

from adapters.process.stop_signals import (
    SWITCH_SIGNALS,
    keep_early_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    leave_at_stop_signals("run_node.py", 0)
    keep_early_signals(SWITCH_SIGNALS)
    # After the signals: these imports take a second.
    import os
    import sys
    from contextlib import suppress

    from adapters.command.user_code.user_modules import leave_out_script_folder
    from live.node.node_command import main

    leave_out_script_folder()
    try:
        code = main()
    except BaseException as error:  # noqa: BLE001 - also what a strategy did to the interpreter
        # In C, where the module traceback cannot work any more.
        sys.__excepthook__(type(error), error, error.__traceback__)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or nobody reads it
            stream.flush()
    # A thread that a strategy has left behind must not keep the process.
    os._exit(code)
