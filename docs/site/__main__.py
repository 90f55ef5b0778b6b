"""Build the site and check it: ``uv run --group docs python -m docs.site``."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from docs.site.api_pages import api_pages
from docs.site.assembly import ROOT, assemble

PAGES: Final = ROOT / "build" / "site" / "pages"
HTML: Final = ROOT / "build" / "site" / "html"
STYLE: Final = ROOT / "docs" / "site" / "site.css"
TIMEOUT_S: Final = 300.0
"""Of the build, and of the check of its links."""
EPILOG: Final = """\
examples:
  uv run --group docs python -m docs.site            build build/site/html and check every link
  uv run --group docs python -m docs.site --serve    then show it at http://localhost:8000
  uv run python -m docs.site.generated               write the generated pages of docs/ anew

exit codes: 0 the site is built and whole; 1 a page, link or anchor is wrong; 2 bad usage, or the
dependency group docs is missing.
"""


def main() -> int:
    """Assemble the pages, build the site strictly, and check the links of what was built."""
    parser = argparse.ArgumentParser(
        prog="python -m docs.site",
        description="Build the site of this project and check it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--serve", action="store_true", help="show the site, until Ctrl-C")
    options = parser.parse_args()
    tools = {name: shutil.which(name, path=_beside()) for name in ("zensical", "lychee")}
    for name, found in tools.items():
        if found is None:
            print(
                f"docs.site: no {name} here; run it with: uv run --group docs python -m docs.site"
            )
            return 2
    began_s = time.monotonic()
    count = assemble(PAGES)
    for page, text in api_pages().items():
        (PAGES / page).parent.mkdir(exist_ok=True)
        (PAGES / page).write_text(text, encoding="utf-8")
    (PAGES / "docs" / "site").mkdir()
    shutil.copyfile(STYLE, PAGES / "docs" / "site" / STYLE.name)
    code = _run([str(tools["zensical"]), "build", "--clean", "--strict"])
    if code == 0:
        code = _run([
            str(tools["lychee"]), "--offline", "--include-fragments=anchor-only", "--no-progress",
            "--quiet", "--root-dir", str(HTML), str(HTML / "**" / "*.html"),
        ])  # fmt: skip
    if code != 0:
        print("docs.site: the site is not whole; what is wrong stands above")
        return 1
    print(f"{count} pages in {time.monotonic() - began_s:.0f} s: {HTML}/index.html")
    return _run([str(tools["zensical"]), "serve"], None) if options.serve else 0


def _beside() -> str:
    return str(Path(sys.executable).parent)


def _run(words: list[str], timeout_s: float | None = TIMEOUT_S) -> int:
    return subprocess.run(words, cwd=ROOT, timeout=timeout_s, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
