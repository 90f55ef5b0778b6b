"""Install the region's C headers and their pkg-config file below a folder."""

from __future__ import annotations

import argparse
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

from dolphin_strategies.errors import printable

HEADERS: Final = ("region.h", "orderings.h")
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
  python -m adapters.shm.native ~/.local
  python -m adapters.shm.native /usr/local           for everybody on this machine
  PKG_CONFIG_PATH=~/.local/lib/pkgconfig cc $(pkg-config --cflags dolphin-region) -c reader.c

exit codes: 0 installed; 1 a file could not be written; 2 wrong usage
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m adapters.shm.native",
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
            shutil.copyfile(_HERE / name, include / name)
        (configs / "dolphin-region.pc").write_text(text, encoding="utf-8")
    except OSError as error:
        print(printable(f"{prefix}: the headers cannot be installed: {error}"), file=sys.stderr)
        return 1
    made = configs / "dolphin-region.pc"
    print(printable(f"{made}: cc $(pkg-config --cflags dolphin-region)"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
