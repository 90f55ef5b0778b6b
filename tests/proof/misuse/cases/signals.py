"""Signal handlers, masks, timers and limits that a strategy changes."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
from typing import Any

from tests.proof.misuse.case import misuse


def _term() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@misuse("signals")
def term_default(s: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    s.soon(_term, after_s=0.6)


@misuse("signals")
def term_ignored(s: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    s.soon(_term, after_s=0.6)


@misuse("signals")
def int_replaced(s: Any) -> None:
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(0))
    s.soon(lambda: os.kill(os.getpid(), signal.SIGINT), after_s=0.6)


@misuse("signals")
def int_default_handler(s: Any) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    s.soon(lambda: os.kill(os.getpid(), signal.SIGINT), after_s=0.6)


@misuse("signals")
def all_blocked(s: Any) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    s.soon(_term, after_s=0.6)


@misuse("signals")
def wakeup_fd_taken(s: Any) -> None:
    signal.set_wakeup_fd(-1)
    s.soon(_term, after_s=0.6)


@misuse("signals", must_fail=True)
def alarm(s: Any) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.2)


@misuse("signals", must_fail=True)
def profiling_timer(s: Any) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0.05)


@misuse("signals")
def virtual_timer(s: Any) -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.05)


@misuse("signals", must_fail=True)
def polling_signal(s: Any) -> None:
    os.kill(os.getpid(), signal.SIGIO)


@misuse("signals")
def pipe(s: Any) -> None:
    os.kill(os.getpid(), signal.SIGPIPE)


@misuse("signals", must_fail=True)
def abort(s: Any) -> None:
    os.abort()


@misuse("signals", must_fail=True)
def raise_segv(s: Any) -> None:
    signal.raise_signal(signal.SIGSEGV)


@misuse("signals", must_fail=True)
def raise_ill(s: Any) -> None:
    signal.raise_signal(signal.SIGILL)


@misuse("signals", must_fail=True)
def fault_handler_taken(s: Any) -> None:
    faulthandler.enable()
    os.abort()


@misuse("signals")
def fault_handler_disabled(s: Any) -> None:
    faulthandler.disable()
    for number in signal.valid_signals():
        faulthandler.unregister(number)


@misuse("signals")
def seconds_of_processor(s: Any) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 60))


@misuse("signals")
def no_more_files(s: Any) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))


@misuse("signals")
def no_more_memory(s: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 30))
    s.kept = bytearray(1 << 28)


@misuse("signals")
def no_more_file_bytes(s: Any) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@misuse("signals")
def no_more_processes(s: Any) -> None:
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
