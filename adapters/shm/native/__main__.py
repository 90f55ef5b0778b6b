"""Install the region's C headers and their pkg-config file below a folder."""

from __future__ import annotations

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Before the other imports; nothing was begun.
    leave_at_stop_signals("adapters.shm.native", LEFT_AT_ONCE)

import argparse
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Final

from dolphin_strategies.errors import printable

HEADERS: Final = ("region.h", "orderings.h")
_FOR_EVERYBODY: Final = 0o644
_HERE: Final = Path(__file__).resolve().parent
_PKG_CONFIG: Final = """\
prefix={prefix}
includedir=${{prefix}}/include/dolphin

Name: dolphin-region
Description: The bytes of Dolphin's shared memory region, and the orderings of its words
Version: {version}
Cflags: -I${{includedir}}
"""
_EXAMPLES: Final = """\
examples:
  dolphin region_headers ~/.local
  dolphin region_headers /usr/local           for everybody on this machine
  PKG_CONFIG_PATH=~/.local/lib/pkgconfig cc $(pkg-config --cflags dolphin-region) -c reader.c

exit codes: 0 installed; 1 a file could not be written; 2 wrong usage; 130 ended by a signal
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="dolphin region_headers",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("prefix", type=Path, metavar="DIR", help="for example /usr/local")
    prefix = parser.parse_args(arguments).prefix.absolute()
    include, configs = prefix / "include" / "dolphin", prefix / "lib" / "pkgconfig"
    text = _PKG_CONFIG.format(prefix=prefix, version=metadata.version("dolphin"))
    try:
        for folder in (include, configs):
            folder.mkdir(parents=True, exist_ok=True)
        for name in HEADERS:
            _install(include / name, (_HERE / name).read_bytes())
        _install(configs / "dolphin-region.pc", text.encode())
    except OSError as error:
        print(printable(f"{prefix}: the headers cannot be installed: {error}"), file=sys.stderr)
        return 1
    made = configs / "dolphin-region.pc"
    print(printable(f"{made}: cc $(pkg-config --cflags dolphin-region)"))
    return 0


def _install(path: Path, content: bytes) -> None:
    """Write a file that everybody may read, whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - what mkstemp has opened
            file.write(content)
        new.chmod(_FOR_EVERYBODY)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


if __name__ == "__main__":
    # SIGTERM as Ctrl-C: a file is there whole or not at all.
    interrupt_at_stop_signals()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(LEFT_AT_ONCE)
