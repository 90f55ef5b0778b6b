"""What another user of the machine can do to a region: nothing, but take a path first."""

from __future__ import annotations

import codecs
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from adapters.process.pid_lock import holder_of
from adapters.process.safe_files import open_private
from adapters.shm import FactorReader, FactorWriter, RegionError
from adapters.shm.region.region_files import folder_of
from dolphin_strategies.errors import DolphinError
from tests.support.nodes.processes import child
from tests.support.transports.regions import factor_names, read_snapshot, write_records

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES: Final = factor_names(3)
NOBODY: Final = 65534
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")


def become_nobody(group: int = NOBODY) -> None:
    """Give up every right of root, for good."""
    codecs.lookup("ascii")  # a Python in root's home loads nothing afterwards
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def said_by(calls: dict[str, Callable[[], object]]) -> dict[str, str]:
    """Return the class and text of what each call raises, or what it returned."""
    said = {}
    for name, call in calls.items():
        try:
            said[name] = f"returned {call()!r}"
        except (DolphinError, OSError) as error:
            said[name] = f"{type(error).__name__}: {error}"
    return said


def tamper(path: str, group: int) -> None:
    """Print what every way to a region of somebody else gives a user without rights."""
    become_nobody(group)
    region = Path(path)
    folder = folder_of(region)
    calls: dict[str, Callable[[], object]] = {
        "attach": lambda: FactorReader(region),
        "attach trusting": lambda: FactorReader(region, trusted_uids={0}),
        "write": lambda: FactorWriter(region, NAMES),
        "read": lambda: read_snapshot(region) is not None,
        "open to write": lambda: os.open(region, os.O_RDWR),
        "truncate": lambda: os.truncate(region, 0),
        "remove": region.unlink,
        "replace": lambda: region.with_name(f"{region.name}.x").rename(region),
        "chmod": lambda: region.chmod(0o666),
        "list": lambda: [*folder.iterdir()],
        "lock": lambda: os.open(folder / "lock", os.O_RDWR),
        "waiters": lambda: os.open(folder / "waiters", os.O_RDWR),
        "wake": lambda: os.open(folder / "0.fifo", os.O_WRONLY | os.O_NONBLOCK),
        "add": lambda: os.open(folder / "new", os.O_WRONLY | os.O_CREAT, 0o600),
        "kill": lambda: os.kill(os.getppid(), signal.SIGKILL),
    }
    planted = region.with_name(f"{region.name}.x")
    planted.write_bytes(b"planted")
    said = said_by(calls)
    planted.unlink()
    print(json.dumps(said), flush=True)


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_another_user_can_read_nothing_and_break_nothing(region_path: Path, mode: int) -> None:
    """Fault A13: with 0640 one of the group reads the snapshot; all else is refused, to it and to
    others, and the writer and its reader go on.
    """
    group = 64_999
    with FactorWriter(region_path, NAMES, mode=mode) as writer, FactorReader(region_path) as r:
        os.chown(region_path, -1, group)
        write_records(writer, 3)
        assert not r.wait(0) or r.read_latest()
        with child(tamper, region_path, group if mode == 0o640 else NOBODY) as nobody:
            said = json.loads(nobody.line())
        returned = {name for name, text in said.items() if text.startswith("returned")}
        assert returned == ({"read"} if mode == 0o640 else set())
        assert said["attach"].startswith("RegionError: ")
        assert said["write"].startswith("RegionError: ")
        write_records(writer, 1)
        writer.heartbeat()
        assert r.wait(60)
        f = r.read_latest()
        assert f is not None
        assert f.sequence == 4
        assert r.status().alive


def squat(path: str, kind: str, victim: str) -> None:
    """Take a path before the user whose region is to be there."""
    become_nobody()
    region = Path(path)
    os.umask(0)
    if kind == "file":
        region.touch(mode=0o666)
    elif kind == "link":
        region.symlink_to(victim)
    elif kind == "hard link":
        with suppress(PermissionError):  # fs.protected_hardlinks forbids it
            region.hardlink_to(victim)
    elif kind == "fifo":
        os.mkfifo(region, 0o666)
    elif kind == "folder":
        folder_of(region).mkdir(mode=0o777)
    elif kind == "folder of 0700":
        folder_of(region).mkdir(mode=0o700)
    elif kind == "folder link":
        folder_of(region).symlink_to(Path(victim).parent)
    print("there", flush=True)


@pytest.mark.parametrize(
    "kind",
    ["file", "link", "hard link", "fifo", "folder", "folder of 0700", "folder link"],
)
def test_a_path_that_another_user_took_first_is_refused(
    region_path: Path, tmp_path: Path, kind: str
) -> None:
    """Faults A13 and A14: the error names what is there; what it points to keeps its bytes."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    with child(squat, region_path, kind, victim) as nobody:
        assert nobody.line() == "there"
    if not region_path.exists() and not folder_of(region_path).exists():
        pytest.skip("this kernel forbids it")
    for _ in range(2):
        with pytest.raises(RegionError, match=r"refused|symbolic|cannot be opened|Not a dir"):
            FactorWriter(region_path, NAMES)
        with pytest.raises(RegionError):
            FactorReader(region_path)
    assert victim.read_bytes() == b"mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["victim"]


def read_files(folder: str) -> None:
    """Print what a user without rights gets of files in an open folder."""
    become_nobody()
    calls: dict[str, Callable[[], object]] = {
        path.name: path.read_bytes for path in sorted(Path(folder).iterdir())
    }
    calls["lock held"] = lambda: holder_of(Path(folder) / "result")
    print(json.dumps(said_by(calls)), flush=True)


def test_files_in_a_folder_that_all_can_read_are_not_for_all(region_path: Path) -> None:
    """What commands write is for its owner, also where the folder is open to everybody."""
    folder = region_path
    folder.mkdir()
    folder.chmod(0o777)
    os.close(open_private(folder / "result"))
    os.close(open_private(folder / "log", appends=True))
    with child(read_files, folder) as nobody:
        said = json.loads(nobody.line())
    assert said.pop("lock held") == "returned None"
    assert sorted(said) == ["log", "result"]
    assert all(text.startswith("PermissionError") for text in said.values())
