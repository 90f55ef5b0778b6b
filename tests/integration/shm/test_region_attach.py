"""What a reader or a writer does with whatever it finds at the path."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import stat
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from adapters.shm import FactorReader, FactorWriter, RegionError, RegionNotReadyError
from adapters.shm.region.region_files import folder_of
from tests.support.nodes.processes import child
from tests.support.transports.regions import (
    control_offset,
    factor_names,
    is_whole,
    obey,
    poke,
    write_records,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMES: Final = factor_names(3)
AS_ROOT: Final = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to change owners")
NOBODY: Final = 65534


@pytest.fixture
def region(region_path: Path) -> Path:
    """Give a closed region with ten records of three factors."""
    with FactorWriter(region_path, NAMES, capacity=64) as writer:
        write_records(writer, 10)
    return region_path


def is_mapped(path: Path) -> bool:
    """Return whether this process maps the file."""
    return str(path) in Path("/proc/self/maps").read_text(encoding="ascii")


def open_descriptors() -> int:
    """Return how many descriptors this process has."""
    return len([*Path("/proc/self/fd").iterdir()])


def refusal(path: Path) -> str:
    """Return the message with which a reader refuses the path, leaving nothing open."""
    descriptors = open_descriptors()
    with pytest.raises(RegionError) as caught:
        FactorReader(path)
    assert not is_mapped(path)
    assert open_descriptors() == descriptors
    return str(caught.value)


def test_a_reader_before_the_writer_is_told_so(region_path: Path) -> None:
    """Fault A04: a missing region is an error of its own, so that a caller can try again."""
    with pytest.raises(RegionNotReadyError, match="its producer has not started"):
        FactorReader(region_path)
    with FactorWriter(region_path, NAMES), FactorReader(region_path) as reader:
        assert reader.read_latest() is None
        assert reader.latest() is None
        assert reader.since(0) == ([], 0)


def test_a_region_without_its_folder_is_not_ready(region: Path) -> None:
    """Fault A04: a reader that comes between the writer's first steps can try again."""
    lock = folder_of(region) / "lock"
    lock.unlink()
    with pytest.raises(RegionNotReadyError, match="lock"):
        FactorReader(region)
    (folder_of(region) / "waiters").unlink()
    folder_of(region).rmdir()
    with pytest.raises(RegionNotReadyError, match="does not exist yet"):
        FactorReader(region)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a snapshot with factor names, found an empty file; "),
        (bytes(5), "expected a snapshot with factor names, found 5 bytes; "),
        (b"\0" * 8192, "expected 1 to 512 factors, found count 0"),
        (b"\xff" * 8192, "expected 1 to 512 factors, found count 4294967295"),
        (os.urandom(65536), "expected"),
        (struct.pack("<QIH", 1, 512, 65535), "expected"),
        (struct.pack("<QIH", 1, 1, 4) + b"name" + bytes(8), "expected a control block at offset"),
        (struct.pack("<QIH", 1, 1, 4) + b"a\xff*?" + bytes(8200), "factor names"),
        (struct.pack("<QIH", 1, 1, 4) + b"name" + bytes(8200), "expected magic"),
        ((struct.pack("<QIH", 1, 2, 1) + b"a" + bytes(8) + b"\1\0a").ljust(9000, b"\0"), "twice"),
        (b'{"factors": {"a": 1.0}}\n' * 500, "expected"),
    ],
    ids=["empty", "five bytes", "zeros", "ones", "random", "cut", "cut after names", "odd name",
         "no magic", "name twice", "json"],
)  # fmt: skip
def test_garbage_is_refused_by_readers_and_kept_by_writers(
    region_path: Path, content: bytes, message: str
) -> None:
    """Fault A11: a file that is no region is never mapped, and never overwritten (unless it is
    empty).
    """
    region_path.write_bytes(content)
    region_path.chmod(0o600)
    said = refusal(region_path)
    assert message in said
    assert "found" in said
    for _ in range(2):
        if content:
            with pytest.raises(RegionError, match="expected"):
                FactorWriter(region_path, NAMES)
            assert region_path.read_bytes() == content
            assert not folder_of(region_path).exists()
    if not content:
        FactorWriter(region_path, NAMES).close()
        FactorReader(region_path).close()


@pytest.mark.parametrize(
    ("offset", "kind", "value", "message"),
    [
        (0, "Q", 0x324E4948504C4F44, "expected magic 0x314e4948504c4f44, found 0x324e"),
        (0, "Q", 0, "found 0x0"),
        (8, "I", 2, "expected layout version 1, found 2"),
        (8, "I", 0, "expected layout version 1, found 0"),
        (12, "I", 0x04030201, "expected byte order mark 0x1020304, found 0x4030201"),
        (16, "Q", 2**63, "expected file size"),
        (24, "I", 8192, "expected snapshot size 4096, found 8192"),
        (28, "I", 4, "expected factor count 3, found 4"),
        (28, "I", 2**32 - 1, "expected factor count 3"),
        (32, "I", 64, "expected record size 128, found 64"),
        (32, "I", 0, "expected record size 128, found 0"),
        (36, "I", 0, "expected a capacity that fits"),
        (36, "I", 63, "expected a capacity that fits"),
        (36, "I", 128, "expected file size"),
        (36, "I", 2**31, "expected a capacity that fits"),
        (40, "Q", 1, "expected schema hash"),
        (56, "Q", 0, "expected a first sequence"),
        (56, "Q", 12, "expected a first sequence of at most published + 1, found 12 with 10"),
        (64, "Q", 1, "expected a region of this boot of the machine"),
        (80, "Q", 1, "one in time namespace 1, whose monotonic clock differs"),
        (192, "Q", 2**64 - 1, "first sequence"),
        (192, "Q", 11, "contradicts itself"),
    ],
)
def test_each_wrong_field_of_the_control_block_is_found(
    region: Path, offset: int, kind: str, value: int, message: str
) -> None:
    """Faults A11, A12, A18 and D13: the message says what was expected and found; a record is
    never made up.
    """
    poke(region, control_offset(NAMES) + offset, struct.pack("<" + kind, value))
    if (offset, value) == (192, 11):  # a wrong count is found when its record is not there
        with FactorReader(region) as reader:
            for read in (reader.read_latest, reader.read_next):
                with pytest.raises(RegionError, match=message):
                    read()
            assert reader.rejected >= 2
            assert reader.delivered == 0
    else:
        assert message in refusal(region)


def test_a_writer_replaces_a_damaged_region_of_its_own(region: Path) -> None:
    """Where the folder shows that a region was, a broken file does not stop the producer."""
    for offset, content in ((0, b"\0" * 8), (192, b"\xff\0\0\0\0\0\0\0")):
        poke(region, control_offset(NAMES) + offset, content)
        with FactorWriter(region, NAMES, capacity=64) as writer, FactorReader(region) as reader:
            write_records(writer, 1)
            f = reader.read_latest()
            assert f is not None
            assert is_whole(f)


@pytest.mark.parametrize("size", [1, 11, 100, 4096, 8191, 8192, 9000, 2**28 + 1, 2**40])
def test_a_region_of_another_size_is_refused(region: Path, size: int) -> None:
    """Fault A10: cut or grown (sparse, up to 2**40 bytes), the file is never mapped."""
    os.truncate(region, size)
    said = refusal(region)
    assert "expected" in said
    assert "found" in said


def make_symlink(path: Path, victim: Path) -> None:
    """Point the path at the victim."""
    path.symlink_to(victim)


def make_hard_link(path: Path, victim: Path) -> None:
    """Give the victim a second name."""
    path.hardlink_to(victim)


def make_fifo(path: Path, victim: Path) -> None:
    """Put a FIFO there, which would block a careless open."""
    os.mkfifo(path)


def make_folder(path: Path, victim: Path) -> None:
    """Put a folder there."""
    path.mkdir()


def make_device(path: Path, victim: Path) -> None:
    """Put a device there, which an open alone may set going."""
    if os.geteuid():
        pytest.skip("needs root to make a device")
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def make_socket(path: Path, victim: Path) -> None:
    """Put a socket there."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


@pytest.mark.parametrize(
    "make", [make_symlink, make_hard_link, make_fifo, make_folder, make_device, make_socket]
)
def test_what_is_no_plain_file_is_refused_and_its_victim_unharmed(
    region_path: Path, make: Callable[[Path, Path], None]
) -> None:
    """Fault A14: whatever else is at the path is refused by both sides; the target keeps its
    bytes.
    """
    victim = region_path.with_name(f"{region_path.name}_victim")
    try:
        with FactorWriter(victim, NAMES) as writer:
            write_records(writer, 3)
        before = victim.read_bytes()
        make(region_path, victim)
        refusal(region_path)
        with pytest.raises(RegionError, match=r"refused|symbolic|cannot be opened"):
            FactorWriter(region_path, NAMES)
        assert victim.read_bytes() == before
        assert not folder_of(region_path).exists()
    finally:
        region_path.rmdir() if region_path.is_dir() else region_path.unlink()
        victim.unlink()
        for entry in folder_of(victim).iterdir():
            entry.unlink()
        folder_of(victim).rmdir()


def test_a_folder_that_is_a_link_or_open_to_others_is_refused(region: Path) -> None:
    """Fault A14: the lock and the FIFOs never lie where somebody else may put things."""
    folder = folder_of(region)
    folder.chmod(0o755)
    assert "mode 0700, found uid" in refusal(region)
    with pytest.raises(RegionError, match="mode 0700"):
        FactorWriter(region, NAMES)
    folder.chmod(0o700)
    elsewhere = folder.rename(f"{folder}.elsewhere")
    try:
        folder.symlink_to(elsewhere)
        assert "cannot be opened" in refusal(region)
        with pytest.raises(RegionError):
            FactorWriter(region, NAMES)
    finally:
        folder.unlink()
        elsewhere.rename(folder)


@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
def test_a_file_that_others_may_write_is_refused(region: Path, mode: int) -> None:
    """Fault A13: the message says which mode was found."""
    region.chmod(mode)
    assert f"found mode {mode:04o}" in refusal(region)
    with pytest.raises(RegionError, match="found mode"):
        FactorWriter(region, NAMES)


@AS_ROOT
def test_a_file_of_another_user_is_refused_unless_trusted(region: Path) -> None:
    """Fault A13: a foreign owner is named; a reader may name the users that it trusts."""
    os.chown(region, NOBODY, -1)
    assert f"expected owner {os.geteuid()}, found uid {NOBODY}" in refusal(region)
    with pytest.raises(RegionError, match=f"found uid {NOBODY}"):
        FactorWriter(region, NAMES)
    os.chown(folder_of(region), NOBODY, -1)
    with FactorReader(region, trusted_uids={NOBODY}) as reader:
        f = reader.read_latest()
    assert f is not None
    assert is_whole(f)


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_files_are_private(region_path: Path, mode: int) -> None:
    """Fault A13: region 0600 (0640 by option), folder 0700, everything in it 0600, whatever the
    umask.
    """
    before = os.umask(0)
    try:
        with FactorWriter(region_path, NAMES, mode=mode), FactorReader(region_path) as reader:
            assert not reader.wait(0)
            folder = folder_of(region_path)
            assert region_path.stat().st_mode & 0o777 == mode
            assert folder.stat().st_mode & 0o777 == 0o700
            entries = {e.name: e.stat().st_mode & 0o777 for e in folder.iterdir()}
            assert entries == {"lock": 0o600, "waiters": 0o600, "0.fifo": 0o600}
    finally:
        os.umask(before)
    with pytest.raises(ValueError, match="mode: expected"):
        FactorWriter(region_path, NAMES, mode=0o666)


def test_readers_map_the_region_read_only(region: Path) -> None:
    """Fault C08: the kernel's own list shows no writable mapping of the data in a reader."""
    with child(obey, region, NAMES) as writer:
        writer.line()
        with FactorReader(region) as reader:
            reader.wait(0)
            maps = Path("/proc/self/maps").read_text(encoding="ascii").splitlines()
            data = [line.split() for line in maps if line.endswith(str(region))]
    assert [fields[1] for fields in data] == ["r--s"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system with 64 KiB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "dolphin-test", str(tmp_path)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)  # noqa: S607


def test_no_space_is_an_error_with_the_bytes_needed(small_disk: Path) -> None:
    """Fault A16: a region that does not fit fails before it is used, and leaves nothing behind."""
    path = small_disk / "region"
    with pytest.raises(RegionError, match=r"needs 532,480 bytes .*No space left"):
        FactorWriter(path, NAMES)
    assert not list(small_disk.iterdir())

    with FactorWriter(path, NAMES, capacity=64) as writer, FactorReader(path) as reader:
        write_records(writer, 2)
        (small_disk / "filler").write_bytes(bytes(24_000))
        with pytest.raises(RegionError, match=r"needs .* bytes .*No space left"):
            writer.write({f"n{i}": 1.0 for i in range(100)})
        assert writer.schema.names == tuple(NAMES)
        write_records(writer, 1)
        f = reader.read_latest()
        assert f is not None
        assert f.sequence == 3
        assert is_whole(f)
        assert {e.name for e in folder_of(path).iterdir()} == {"lock", "waiters"}


def test_a_missing_parent_folder_is_an_error(tmp_path: Path) -> None:
    """A mistyped path is named."""
    with pytest.raises(RegionError, match=r"cannot create .*No such file"):
        FactorWriter(tmp_path / "missing" / "region", NAMES)
    with pytest.raises(RegionNotReadyError):
        FactorReader(tmp_path / "missing" / "region")


def test_the_bus_error_guard_is_not_for_others(region: Path) -> None:
    """A bus error outside a region still ends the process as it always did."""
    with child(crash, region) as crashing:
        assert crashing.wait() == -7


def crash(path: str) -> None:
    """Touch a mapping of our own that has no page behind it."""
    FactorReader(path)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, *[ctypes.c_size_t] * 5]
    fd = os.memfd_create("empty")
    address = libc.mmap(None, 4096, 1, 1, fd, 0)
    assert address, errno.errorcode[ctypes.get_errno()]
    ctypes.string_at(address, 1)
