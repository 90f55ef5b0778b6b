"""What a strategy can change of the interpreter under everybody."""

from __future__ import annotations

import asyncio
import builtins
import gc
import json
import logging
import sys
import threading
import time
import warnings
from typing import Any

from tests.proof.misuse.case import misuse


def _fail(*arguments: Any, **words: Any) -> Any:
    msg = "planted"
    raise RuntimeError(msg)


def _break_report(method: str) -> None:
    from live.node.run_report import RunReport

    setattr(RunReport, method, _fail)


@misuse("interpreters")
def no_print(s: Any) -> None:
    del builtins.print


@misuse("interpreters")
def print_raises(s: Any) -> None:
    builtins.print = _fail


@misuse("interpreters")
def json_raises(s: Any) -> None:
    json.dumps = _fail


@misuse("interpreters")
def time_raises(s: Any) -> None:
    time.time_ns = time.monotonic = time.time = _fail


@misuse("interpreters")
def time_stands(s: Any) -> None:
    time.monotonic = lambda: 0.0
    time.time_ns = lambda: 0


@misuse("interpreters")
def isinstance_lies(s: Any) -> None:
    builtins.isinstance = lambda thing, of: True


@misuse("interpreters")
def sleep_raises(s: Any) -> None:
    asyncio.sleep = _fail


@misuse("interpreters")
def trace_raises(s: Any) -> None:
    sys.settrace(_fail)


@misuse("interpreters")
def profile_raises(s: Any) -> None:
    sys.setprofile(_fail)


@misuse("interpreters")
def hook_raises(s: Any) -> None:
    sys.excepthook = threading.excepthook = sys.unraisablehook = _fail
    msg = "planted"
    raise RuntimeError(msg)


@misuse("interpreters")
def no_collection(s: Any) -> None:
    gc.disable()
    gc.callbacks.append(_fail)


@misuse("interpreters")
def everything_collected(s: Any) -> None:
    gc.unfreeze()
    gc.collect()


@misuse("interpreters")
def warnings_are_errors(s: Any) -> None:
    warnings.simplefilter("error")
    warnings.warn("planted", stacklevel=1)


@misuse("interpreters")
def recursion_limit_of_a_few(s: Any) -> None:
    sys.setrecursionlimit(60)


@misuse("interpreters")
def long_switches(s: Any) -> None:
    sys.setswitchinterval(3_600)


@misuse("interpreters")
def logging_off(s: Any) -> None:
    logging.disable(logging.CRITICAL)
    logging.shutdown()


@misuse("interpreters")
def own_modules_changed(s: Any) -> None:
    _break_report("left_open")


@misuse("interpreters")
def own_report_changed(s: Any) -> None:
    _break_report("progress")


@misuse("interpreters")
def summary_changed(s: Any) -> None:
    _break_report("summary")


@misuse("interpreters")
def referrers_cleared(s: Any) -> None:
    for thing in gc.get_objects():
        if type(thing).__name__ == "FactorFeed":
            thing.__dict__.clear()


@misuse("interpreters")
def instance_cleared(s: Any) -> None:
    s.__dict__.clear()


@misuse("interpreters")
def class_changed(s: Any) -> None:
    s.__class__ = type("Other", (type(s),), {"on_factors": _fail})
