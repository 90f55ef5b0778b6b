"""The process itself: exits, forks, descriptors, folders, memory."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from tests.proof.misuse.case import misuse


@misuse("processes", must_fail=True)
def sys_exit(s: Any) -> None:
    sys.exit(0)


@misuse("processes", must_fail=True)
def builtin_exit(s: Any) -> None:
    exit()  # noqa: PLR1722


@misuse("processes", must_fail=True)
def os_exit_0(s: Any) -> None:
    os._exit(0)


@misuse("processes", must_fail=True)
def os_exit_in_a_thread(s: Any) -> None:
    threading.Thread(target=os._exit, args=(0,)).start()


@misuse("processes", must_fail=True)
def libc_exit(s: Any) -> None:
    ctypes.CDLL(None).exit(0)


@misuse("processes", must_fail=True)
def exec_another(s: Any) -> None:
    os.execv("/bin/true", ["true"])


@misuse("processes", must_fail=True)
def null_read(s: Any) -> None:
    ctypes.string_at(0)


@misuse("processes", must_fail=True)
def null_write_in_a_thread(s: Any) -> None:
    threading.Thread(target=ctypes.memset, args=(0, 0, 8)).start()


@misuse("processes", must_fail=True)
def division_in_c(s: Any) -> None:
    ctypes.CFUNCTYPE(None)(8)()


@misuse("processes", must_fail=True)
def double_free(s: Any) -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    at = libc.malloc(64)
    libc.free(ctypes.c_void_p(at))
    libc.free(ctypes.c_void_p(at))


@misuse("processes", must_fail=True)
def fatal_error(s: Any) -> None:
    ctypes.pythonapi.Py_FatalError(b"planted")


@misuse("processes")
def stack_of_c(s: Any) -> None:
    sys.setrecursionlimit(10**9)
    nested: list[Any] = []
    for _ in range(10**6):
        nested = [nested]
    s.kept = nested

    def deep(n: int) -> int:
        return max((deep(n + 1) for _ in range(1)), default=0)

    deep(0)


@misuse("processes")
def fork_and_go_on(s: Any) -> None:
    os.fork()


@misuse("processes")
def fork_and_raise_in_the_child(s: Any) -> None:
    if os.fork() == 0:
        msg = "planted"
        raise RuntimeError(msg)


@misuse("processes")
def fork_and_trade_in_the_child(s: Any) -> None:
    if os.fork() == 0:
        s.buy()


@misuse("processes")
def fork_and_exit(s: Any) -> None:
    if os.fork() == 0:
        os._exit(0)


@misuse("processes")
def fork_and_sys_exit(s: Any) -> None:
    if os.fork() == 0:
        sys.exit(0)


@misuse("processes")
def fork_by_multiprocessing(s: Any) -> None:
    process = multiprocessing.get_context("fork").Process(target=s.buy)
    process.start()
    process.join(3)


@misuse("processes")
def spawn_by_multiprocessing(s: Any) -> None:
    multiprocessing.get_context("spawn").Process(target=s.buy).start()


@misuse("processes")
def pool_of_processes(s: Any) -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(abs, range(4))


@misuse("processes")
def child_left(s: Any) -> None:
    s.child = subprocess.Popen(["sleep", "20"])


@misuse("processes")
def folder_deleted(s: Any) -> None:
    gone = tempfile.mkdtemp()
    os.chdir(gone)
    shutil.rmtree(gone)


@misuse("processes")
def root_folder(s: Any) -> None:
    os.chdir("/")


@misuse("processes")
def all_descriptors_closed(s: Any) -> None:
    os.closerange(3, 1_000)


@misuse("processes")
def streams_closed(s: Any) -> None:
    sys.stdout.close()
    sys.stderr.close()


@misuse("processes")
def stream_descriptors_closed(s: Any) -> None:
    for fd in (0, 1):
        os.close(fd)


@misuse("processes")
def streams_none(s: Any) -> None:
    sys.stdout = sys.stderr = None


@misuse("processes")
def streams_broken(s: Any) -> None:
    sys.stdout = sys.stderr = object()


@misuse("processes")
def environment_cleared(s: Any) -> None:
    os.environ.clear()


@misuse("processes")
def session_of_its_own(s: Any) -> None:
    os.setpgid(0, 0)


@misuse("processes")
def modules_deleted(s: Any) -> None:
    sys.modules.clear()


@misuse("processes")
def tasks_cancelled(s: Any) -> None:
    for task in asyncio.all_tasks():
        task.cancel()


@misuse("processes")
def loop_stopped(s: Any) -> None:
    asyncio.get_running_loop().stop()


@misuse("processes")
def loop_closed(s: Any) -> None:
    asyncio.get_running_loop().close()


@misuse("processes")
def loop_handler_removed(s: Any) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(None)
    loop.call_soon(lambda: 1 / 0)


@misuse("processes")
def loop_selector_closed(s: Any) -> None:
    loop: Any = asyncio.get_running_loop()
    loop._selector.close()


@misuse("processes")
def memory_file_of_the_process_closed(s: Any) -> None:
    for fd in Path("/proc/self/fd").iterdir():
        if "memfd" in os.path.realpath(fd):
            os.close(int(fd.name))
