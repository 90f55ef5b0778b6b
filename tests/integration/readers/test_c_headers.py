"""The installed C headers: found through pkg-config, and what the example reader assumes."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from adapters.shm.native.__main__ import main
from tests.support.transports.regions import EXAMPLES
from tests.support.vectors import vector_files

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM: Final = """\
#include "{example}"
#include <stddef.h>
#include <region.h>
#include <orderings.h>
#define SAME(field) _Static_assert(offsetof(struct control, field) == \\
                                   offsetof(struct region_control, field), #field)
SAME(magic); SAME(layout_version); SAME(byte_order); SAME(file_size); SAME(snapshot_size);
SAME(factor_count); SAME(record_size); SAME(capacity); SAME(schema_hash); SAME(stream_id);
SAME(first_sequence); SAME(boot_id); SAME(state); SAME(writer_id); SAME(writer_pid);
SAME(heartbeat_mono_ns); SAME(published);
_Static_assert(MAGIC == REGION_MAGIC && SUPERSEDED == REGION_SUPERSEDED, "numbers");
_Static_assert(RECORD_HEADER == REGION_RECORD_HEADER && PAGE == REGION_PAGE, "sizes");
_Static_assert(MAX_FACTORS == REGION_MAX_FACTORS, "factors");
"""


@pytest.mark.skipif(shutil.which("pkg-config") is None, reason="pkg-config is not installed")
def test_the_example_reader_builds_against_the_installed_headers(tmp_path: Path) -> None:
    """The flags of pkg-config find region.h, both agree, and the program reads a vector."""
    prefix = tmp_path / "prefix"
    assert main([str(prefix)]) == 0
    flags = subprocess.run(
        ["pkg-config", "--cflags", "dolphin-region"],  # noqa: S607
        env={**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.split()
    source = tmp_path / "program.c"
    source.write_text(PROGRAM.format(example=EXAMPLES / "read_region.c"), encoding="utf-8")
    program = tmp_path / "program"
    warnings = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function"]
    subprocess.run(
        ["cc", *flags, *warnings, "-o", program, source],  # noqa: S607
        check=True,
        timeout=240,
    )
    vectors = vector_files.checked_in()
    vector = next(v for v in vectors["accepted"] if v["name"] == "ring_wrapped")
    vector_files.lay_out(vector, vectors, tmp_path / "region")
    printed = subprocess.run(
        [program, tmp_path / "region", "1"],
        check=True,
        capture_output=True,
        text=True,
        timeout=240,
    ).stdout
    assert printed.split()[0] == vector["read"]["published"]


def test_a_folder_that_cannot_be_made_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, and the exit code that the help names."""
    (tmp_path / "file").touch()
    assert main([str(tmp_path / "file")]) == 1
    assert "the headers cannot be installed" in capsys.readouterr().err
